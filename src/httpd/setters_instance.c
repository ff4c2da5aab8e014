/* SPDX-License-Identifier: Apache-2.0 - directives that name the Clerk instance */
#include <apr_lib.h>
#include <apr_strings.h>

#include "../core/url.h"
#include "config.h"
#include "configuration.h"
#include "module.h"
#include "secret.h"
#include "setters.h"

/** The section's instance record, made at the first directive that needs it. */
static clerk_instance_config *instance_of(cmd_parms *cmd, void *record)
{
    clerk_dir_config *section = record;

    if (section->instance == NULL) {
        section->instance = clerk_instance_config_create(cmd->pool);
        clerk_configuration_add_instance(cmd, section);
    }
    return section->instance;
}

/**
 * The one argument of a directive whose value may have spaces: quoted, or behind `exec:`
 * all that follows.
 */
static const char *take_value(const char **value, cmd_parms *cmd, const char *args,
                              int forms, const char *expected)
{
    const char *word = args;

    if (!((forms & CLERK_VALUE_EXEC) && strncmp(args, "exec:", 5) == 0)) {
        word = ap_getword_conf(cmd->pool, &args);
        if (*args != '\0') {
            return apr_psprintf(cmd->pool, "%s takes one value; put quotes around it if it "
                                           "has spaces", cmd->cmd->name);
        }
    }
    if (*word == '\0') {
        return apr_psprintf(cmd->pool, "%s needs a value: %s", cmd->cmd->name, expected);
    }
    return clerk_value_read(value, cmd, word, forms);
}

const char *clerk_set_publishable_key(cmd_parms *cmd, void *record, const char *args)
{
    static const char *const expected =
        "a publishable key (pk_live_... or pk_test_...), env:NAME or file:PATH";
    clerk_instance_config *instance = instance_of(cmd, record);
    clerk_publishable_key *key = apr_pcalloc(cmd->pool, sizeof(*key));
    clerk_error error = { CLERK_OK, NULL };
    const char *text = NULL;
    const char *problem =
        take_value(&text, cmd, args, CLERK_VALUE_ENV | CLERK_VALUE_FILE, expected);

    if (problem != NULL) {
        return problem;
    }
    if (clerk_publishable_key_parse(key, text, cmd->pool, &error) != CLERK_OK) {
        return apr_psprintf(cmd->pool,
                            "%s: %s; copy the key that begins pk_live_ or pk_test_ from "
                            "\"API keys\" in the Clerk Dashboard",
                            cmd->cmd->name, error.detail);
    }
    instance->publishable_key = key;
    return NULL;
}

/** @param prefix  of three characters */
static int is_key(const char *text, const char *prefix)
{
    if (strncmp(text, prefix, 3) != 0 || text[3] == '\0') {
        return 0;
    }
    for (; *text != '\0'; text++) {
        if (!apr_isgraph(*text)) {
            return 0;
        }
    }
    return 1;
}

/** A secret in one of its forms, of which one that is read later cannot be judged yet. */
static const char *take_secret(const char **secret, cmd_parms *cmd, const char *args,
                               const char *prefix, const char *expected,
                               const char *remedy)
{
    const char *text = NULL;
    const char *problem =
        take_value(&text, cmd, args, CLERK_VALUE_ENV | CLERK_VALUE_FILE | CLERK_VALUE_EXEC,
                   expected);

    if (problem != NULL) {
        return problem;
    }
    if (text != clerk_value_later && !is_key(text, prefix)) {
        return apr_psprintf(cmd->pool, "%s: %s", cmd->cmd->name, remedy);
    }
    *secret = text;
    return NULL;
}

const char *clerk_set_secret_key(cmd_parms *cmd, void *record, const char *args)
{
    return take_secret(
        &instance_of(cmd, record)->secret_key, cmd, args, "sk_",
        "file:PATH, env:NAME, exec:COMMAND ARGS, or the key (sk_live_... or sk_test_...)",
        "this is no secret key (it is not shown); copy the key that begins sk_live_ or "
        "sk_test_ from \"API keys\" in the Clerk Dashboard");
}

const char *clerk_set_machine_secret_key(cmd_parms *cmd, void *record, const char *args)
{
    return take_secret(
        &instance_of(cmd, record)->machine_secret_key, cmd, args, "ak_",
        "file:PATH, env:NAME, exec:COMMAND ARGS, or the key (ak_...)",
        "this is no machine's secret key (it is not shown); copy the key that begins ak_ "
        "from \"Machines\" in the Clerk Dashboard");
}

const char *clerk_set_jwt_key(cmd_parms *cmd, void *record, const char *args)
{
    static const char *const expected =
        "file:PATH, env:NAME, or the text of an RSA public key in PEM";
    clerk_instance_config *instance = instance_of(cmd, record);
    clerk_error error = { CLERK_OK, NULL };
    const char *text = NULL;
    const char *problem =
        take_value(&text, cmd, args, CLERK_VALUE_ENV | CLERK_VALUE_FILE, expected);

    if (problem != NULL) {
        return problem;
    }
    if (clerk_key_from_pem(&instance->jwt_key, clerk_slice_of(text), cmd->pool, &error)
        != CLERK_OK) {
        return apr_psprintf(cmd->pool,
                            "%s: %s; copy the \"JWKS Public Key\" (PEM) from \"API keys\" in "
                            "the Clerk Dashboard",
                            cmd->cmd->name, error.detail);
    }
    return NULL;
}

static const char *bad_url(cmd_parms *cmd, const char *url, const char *or_path)
{
    return apr_psprintf(cmd->pool,
                        "%s: \"%s\" is not a usable URL: write https://HOST[:PORT][/PATH]%s "
                        "(http:// is for loopback hosts only)",
                        cmd->cmd->name, clerk_value_shown(url), or_path);
}

static const char *without_trailing_slashes(apr_pool_t *pool, const char *url)
{
    apr_size_t length = strlen(url);

    while (length > 0 && url[length - 1] == '/') {
        length--;
    }
    return apr_pstrmemdup(pool, url, length);
}

const char *clerk_set_api_url(cmd_parms *cmd, void *record, const char *url)
{
    if (!clerk_url_is_acceptable(url) || strchr(url, '?') != NULL) {
        return bad_url(cmd, url, "");
    }
    instance_of(cmd, record)->api_url = without_trailing_slashes(cmd->pool, url);
    return NULL;
}

const char *clerk_set_jwks_url(cmd_parms *cmd, void *record, const char *url)
{
    if (!clerk_url_is_acceptable(url)) {
        return bad_url(cmd, url, "");
    }
    instance_of(cmd, record)->jwks_url = url;
    return NULL;
}

const char *clerk_set_proxy_url(cmd_parms *cmd, void *record, const char *url)
{
    if (!(clerk_url_is_site_path(url) || clerk_url_is_acceptable(url))
        || strchr(url, '?') != NULL) {
        return bad_url(cmd, url, " or a /PATH on this site");
    }
    instance_of(cmd, record)->proxy_url = without_trailing_slashes(cmd->pool, url);
    return NULL;
}

const char *clerk_set_domain(cmd_parms *cmd, void *record, const char *domain)
{
    if (!clerk_url_is_host(clerk_slice_of(domain)) || strchr(domain, '.') == NULL
        || strchr(domain, ':') != NULL) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is not a domain: write it as in "
                                       "example.com, without https:// and path",
                            cmd->cmd->name, domain);
    }
    instance_of(cmd, record)->domain = domain;
    return NULL;
}

const char *clerk_set_satellite(cmd_parms *cmd, void *record, int on)
{
    instance_of(cmd, record)->satellite = on ? CLERK_ON : CLERK_OFF;
    if (on) {
        clerk_configuration_add_sending(cmd, record);
    }
    return NULL;
}
