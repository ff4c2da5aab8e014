/* SPDX-License-Identifier: Apache-2.0 - directives that hold section by section */
#include <apr_lib.h>
#include <apr_strings.h>

#include "../core/url.h"
#include "config.h"
#include "configuration.h"
#include "module.h"
#include "require.h"
#include "secret.h"
#include "setters.h"

void clerk_append(apr_array_header_t **list, cmd_parms *cmd, const char *value)
{
    if (*list == NULL) {
        *list = apr_array_make(cmd->pool, 4, sizeof(const char *));
    }
    *(const char **)apr_array_push(*list) = value;
    *(const char **)apr_array_push(*list) = NULL;
    (*list)->nelts--;
}

/**
 * An origin (RFC 6454, 6.2): scheme and host in lower case and no path. Of other schemes
 * than http and https (an app's own, a browser extension's) only the shape is known.
 */
static int is_origin(const char *text, apr_pool_t *pool)
{
    const char *host = strstr(text, "://");
    const char *at;
    clerk_url url;

    if (host == NULL || host == text || host[3] == '\0'
        || strpbrk(host + 3, "/?#@\\,") != NULL) {
        return 0;
    }
    for (at = text; *at != '\0'; at++) {
        if (!apr_isgraph(*at) || apr_isupper(*at)) {
            return 0;
        }
    }
    if (strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0) {
        return 1;
    }
    return clerk_url_parse(&url, clerk_slice_of(text))
           && strcmp(text, clerk_url_web_origin(&url, pool)) == 0;
}

const char *clerk_set_authorized_party(cmd_parms *cmd, void *record, const char *origin)
{
    clerk_dir_config *section = record;

    if (!is_origin(origin, cmd->temp_pool)) {
        return apr_psprintf(cmd->pool,
                            "%s: \"%s\" is not an origin: write scheme, host and a port that "
                            "is not the usual one, in lower case and without a path, as in "
                            "https://www.example.com",
                            cmd->cmd->name, clerk_value_shown(origin));
    }
    clerk_append(&section->authorized_parties, cmd, origin);
    return NULL;
}

const char *clerk_set_audience(cmd_parms *cmd, void *record, const char *audience)
{
    clerk_dir_config *section = record;

    if (*audience == '\0') {
        return apr_psprintf(cmd->pool, "%s: an audience must not be empty", cmd->cmd->name);
    }
    clerk_append(&section->audiences, cmd, audience);
    return NULL;
}

/** Absolute, http or https; nothing secret goes there, so any host will do. */
static int is_web_url(const char *text)
{
    clerk_url url;

    return clerk_url_parse(&url, clerk_slice_of(text)) && url.fragment.len == 0;
}

const char *clerk_set_issuer(cmd_parms *cmd, void *record, const char *issuer)
{
    clerk_dir_config *section = record;
    int is_any = ap_cstr_casecmp(issuer, "any") == 0;

    if (is_any ? section->issuers != NULL
               : (section->issuers != NULL && section->issuers->nelts == 0)) {
        return apr_psprintf(cmd->pool, "%s: \"any\" cannot stand beside other "
                                       "issuers: write either", cmd->cmd->name);
    }
    if (is_any) {
        section->issuers = apr_array_make(cmd->pool, 1, sizeof(const char *));
        return NULL;
    }
    if (!is_web_url(issuer)) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is not an issuer: write it as in the iss "
                                       "claim, such as https://clerk.example.com, or any",
                            cmd->cmd->name, clerk_value_shown(issuer));
    }
    clerk_append(&section->issuers, cmd, issuer);
    return NULL;
}

const char *clerk_set_clock_skew(cmd_parms *cmd, void *record, const char *time)
{
    clerk_dir_config *section = record;

    return clerk_parse_interval(&section->clock_skew, cmd, time);
}

/** One of the words of a directive that chooses. */
typedef struct choice {
    const char *word;
    int value;
} choice;

static const char *choose(int *value, cmd_parms *cmd, const char *word,
                          const choice *choices, const char *all)
{
    for (; choices->word != NULL; choices++) {
        if (ap_cstr_casecmp(word, choices->word) == 0) {
            *value = choices->value;
            return NULL;
        }
    }
    return apr_psprintf(cmd->pool, "%s: \"%s\" is not known: write %s", cmd->cmd->name,
                        word, all);
}

const char *clerk_set_accepted_token(cmd_parms *cmd, void *record, const char *word)
{
    static const choice choices[] = { { "any", CLERK_ACCEPTS_ANY_TYPE },
                                      { "session_token", CLERK_TOKEN_SESSION },
                                      { "oauth_token", CLERK_TOKEN_OAUTH },
                                      { "m2m_token", CLERK_TOKEN_M2M },
                                      { "api_key", CLERK_TOKEN_API_KEY },
                                      { NULL, 0 } };
    clerk_dir_config *section = record;
    int value = 0;
    const char *problem = choose(&value, cmd, word, choices,
                                 "any, or one or more of session_token, oauth_token, "
                                 "m2m_token and api_key");

    if (problem == NULL && section->accepts != 0
        && (value == CLERK_ACCEPTS_ANY_TYPE) != (section->accepts == CLERK_ACCEPTS_ANY_TYPE)) {
        return apr_psprintf(cmd->pool, "%s: \"any\" cannot stand beside other "
                                       "words: write either", cmd->cmd->name);
    }
    if (section->accepts == 0) {
        clerk_configuration_add_accepting(cmd, section);
    }
    section->accepts |= (unsigned)value;
    return problem;
}

const char *clerk_set_responses(cmd_parms *cmd, void *record, const char *word)
{
    static const choice choices[] = { { "http", CLERK_RESPONSES_HTTP },
                                      { "protect", CLERK_RESPONSES_PROTECT },
                                      { NULL, 0 } };
    clerk_dir_config *section = record;
    int value = 0;
    const char *problem = choose(&value, cmd, word, choices, "http or protect");

    section->responses = (clerk_responses)value;
    return problem;
}

const char *clerk_set_enforce(cmd_parms *cmd, void *record, const char *word)
{
    static const choice choices[] = { { "On", CLERK_ENFORCE_ON },
                                      { "LogOnly", CLERK_ENFORCE_LOG_ONLY },
                                      { NULL, 0 } };
    clerk_dir_config *section = record;
    int value = 0;
    const char *problem = choose(&value, cmd, word, choices, "On or LogOnly; to protect nothing here, remove AuthType Clerk");

    section->enforce = (clerk_enforce)value;
    return problem;
}

const char *clerk_set_error_body(cmd_parms *cmd, void *record, const char *word)
{
    static const choice choices[] = { { "auto", CLERK_ERROR_BODY_AUTO },
                                      { "json", CLERK_ERROR_BODY_JSON },
                                      { "html", CLERK_ERROR_BODY_HTML },
                                      { NULL, 0 } };
    clerk_dir_config *section = record;
    int value = 0;
    const char *problem = choose(&value, cmd, word, choices, "auto, json or html");

    section->error_body = (clerk_error_body)value;
    return problem;
}

const char *clerk_set_flag(cmd_parms *cmd, void *record, int on)
{
    *(clerk_flag *)(void *)((char *)record + (apr_size_t)cmd->info) = on ? CLERK_ON : CLERK_OFF;
    return NULL;
}

const char *clerk_set_page_url(cmd_parms *cmd, void *record, const char *url)
{
    if (!clerk_url_is_site_path(url) && !is_web_url(url)) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is not a usable URL: write "
                                       "https://HOST[:PORT]/PATH or a /PATH on this site",
                            cmd->cmd->name, clerk_value_shown(url));
    }
    *(const char **)(void *)((char *)record + (apr_size_t)cmd->info) = url;
    return NULL;
}

const char *clerk_set_sign_in_url(cmd_parms *cmd, void *record, const char *url)
{
    clerk_configuration_add_sending(cmd, record);
    return clerk_set_page_url(cmd, record, url);
}

const char *clerk_set_handshake(cmd_parms *cmd, void *record, int on)
{
    if (on) {
        clerk_configuration_add_sending(cmd, record);
    }
    return clerk_set_flag(cmd, record, on);
}

const char *clerk_set_export(cmd_parms *cmd, void *record, const char *word)
{
    static const choice choices[] = { { "env", CLERK_EXPORT_ENV },
                                      { "headers", CLERK_EXPORT_HEADERS },
                                      { "claims", CLERK_EXPORT_CLAIMS },
                                      { "none", CLERK_EXPORT_NONE },
                                      { NULL, 0 } };
    clerk_dir_config *section = record;
    int value = 0;
    const char *problem =
        choose(&value, cmd, word, choices, "one or more of env, headers and claims, or none");

    if (problem == NULL
        && (value == CLERK_EXPORT_NONE ? section->exports != CLERK_EXPORT_UNSET
                                       : section->exports == CLERK_EXPORT_NONE)) {
        return apr_psprintf(cmd->pool, "%s: \"none\" cannot stand beside other "
                                       "words: write either", cmd->cmd->name);
    }
    section->exports |= (unsigned)value;
    return problem;
}

static const char *bad_path(cmd_parms *cmd, const char *path)
{
    return apr_psprintf(cmd->pool, "%s: \"%s\" is not a claim's path: write member names "
                                   "joined by dots, as in metadata.plan",
                        cmd->cmd->name, path);
}

/** CLERK_CLAIM_PLAN_NAME and X-Clerk-Claim-Plan-Name of "plan_name". */
static clerk_exported_claim exported_claim(apr_pool_t *pool, const char *path,
                                           const char *name)
{
    clerk_exported_claim claim = { path, apr_pstrcat(pool, "CLERK_CLAIM_", name, NULL),
                                   apr_pstrcat(pool, "X-Clerk-Claim-", name, NULL) };
    char *env = (char *)claim.env + strlen("CLERK_CLAIM_");
    char *header = (char *)claim.header + strlen("X-Clerk-Claim-");
    int begins_word = 1;

    for (; *env != '\0'; env++, header++) {
        int is_alnum = apr_isalnum(*env);

        *header = is_alnum ? (begins_word ? (char)apr_toupper(*header)
                                          : (char)apr_tolower(*header))
                           : '-';
        *env = is_alnum ? (char)apr_toupper(*env) : '_';
        begins_word = !is_alnum;
    }
    return claim;
}

const char *clerk_set_export_claim(cmd_parms *cmd, void *record, const char *path,
                                   const char *name)
{
    clerk_dir_config *section = record;

    if (!clerk_is_claim_path(path)) {
        return bad_path(cmd, path);
    }
    if (name == NULL) {
        name = path; /* levels become words: metadata.plan is METADATA_PLAN */
    }
    else if (*name == '\0'
             || name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789_-")] != '\0') {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is not a name: letters, digits, _ and -",
                            cmd->cmd->name, name);
    }
    if (section->exported_claims == NULL) {
        section->exported_claims = apr_array_make(cmd->pool, 2, sizeof(clerk_exported_claim));
    }
    *(clerk_exported_claim *)apr_array_push(section->exported_claims) =
        exported_claim(cmd->pool, path, name);
    return NULL;
}

const char *clerk_set_remote_user(cmd_parms *cmd, void *record, const char *path)
{
    clerk_dir_config *section = record;

    if (!clerk_is_claim_path(path)) {
        return bad_path(cmd, path);
    }
    section->remote_user = path;
    return NULL;
}
