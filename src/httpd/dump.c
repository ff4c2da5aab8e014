/* SPDX-License-Identifier: Apache-2.0 - httpd -t -D DUMP_CLERK: instances and settings in force */
#include <apr_strings.h>
#include <http_core.h>

#include "dump_places.h"
#include "dump_settings.h"
#include "module.h"
#include "secret.h"

/** One place whose settings are told, and where those that it inherits may stand. */
typedef struct level {
    const clerk_dir_config *own;  /* what is said there */
    clerk_in_force in;
    const ap_directive_t *places[3]; /* to look for directives, innermost first */
    const char *indent;
} level;

static apr_file_t *out;

/* ---------------------------------------------------------------- an instance */

static void fact(const level *at, const char *name, const char *value)
{
    if (value != NULL) {
        apr_file_printf(out, "%s    %-20s %s\n", at->indent, name, value);
    }
}

static const char *joined(const char *const *texts, apr_pool_t *pool)
{
    const char *text = NULL;

    for (; *texts != NULL; texts++) {
        text = text ? apr_pstrcat(pool, text, " ", *texts, NULL) : *texts;
    }
    return text;
}

static void print_facts(const level *at, const clerk_instance *instance)
{
    const clerk_publishable_key *key = instance->publishable_key;

    if (key != NULL) {
        fact(at, "type",
             instance->type == CLERK_DEVELOPMENT ? "development" : "production");
    }
    fact(at, "Frontend API", instance->frontend_api);
    fact(at, "seen by browsers at", instance->frontend_api_url);
    fact(at, "issuers", joined(instance->issuers, at->in.pool));
    fact(at, "keys from", instance->jwt_key   ? "ClerkJWTKey"
                          : instance->key_url ? clerk_value_shown(instance->key_url)
                                              : "nowhere");
    fact(at, "Backend API", clerk_value_shown(instance->api_url));
    fact(at, "cookie suffix", key != NULL ? key->cookie_suffix : NULL);
    fact(at, "Account Portal", instance->account_portal);
    fact(at, "satellite", instance->is_satellite ? "yes" : NULL);
}

static void print_instance(level *at)
{
    clerk_error error = { CLERK_OK, "it is not complete" };
    clerk_instance_config *config = at->in.section->instance;

    if (config == NULL
        || clerk_instance_config_resolve(&at->in.instance, config, &error) != CLERK_OK) {
        at->in.instance = NULL;
        apr_file_printf(out, "%s  no Clerk instance%s%s\n", at->indent,
                        config ? ": " : "", config ? error.detail : "");
        return;
    }
    apr_file_printf(out, "%s  Clerk instance\n", at->indent);
    print_facts(at, at->in.instance);
}

/* ---------------------------------------------------------------- settings */

static const char *origin_of(const level *at, const clerk_setting *setting)
{
    const ap_directive_t *found = NULL;
    int i;

    if (!clerk_setting_is_said(setting, at->in.section, at->in.server)) {
        return " (default)";
    }
    for (i = 0; i < 3 && found == NULL; i++) {
        found = at->places[i] != NULL
                    ? clerk_place_of_directive(at->places[i], setting->directive)
                    : NULL;
    }
    return clerk_place_text(found, at->in.pool);
}

static void print_setting(const level *at, const clerk_setting *setting)
{
    apr_file_printf(out, "%s    %-36s %s%s\n", at->indent, setting->directive,
                    setting->text(setting, &at->in), origin_of(at, setting));
}

/** Of a section only what it says itself: all else is as in the server around it. */
static void print_settings(const level *at, int is_whole, int with_server)
{
    const clerk_setting *setting;

    for (setting = clerk_settings; setting->directive != NULL; setting++) {
        int is_server = setting->scope == CLERK_SETTING_OF_SERVER;

        if (is_whole ? !is_server || with_server
                     : !is_server && clerk_setting_is_said(setting, at->own, NULL)) {
            print_setting(at, setting);
        }
    }
}

/* ---------------------------------------------------------------- sections */

/** What a server's sections are told with. */
typedef struct host {
    const clerk_dir_config *outer; /* of the server's own level */
    const ap_directive_t *places;
    const ap_directive_t *main_places;
    apr_pool_t *pool;
} host;

static int holds(const apr_array_header_t *sections, const void *section)
{
    int i;

    for (i = 0; sections != NULL && i < sections->nelts; i++) {
        if (APR_ARRAY_IDX(sections, i, const void *) == section) {
            return 1;
        }
    }
    return 0;
}

static int is_alike(const core_dir_config *a, const core_dir_config *b)
{
    return a->d == b->d || (a->d != NULL && b->d != NULL && strcmp(a->d, b->d) == 0);
}

/** How many of the sections before that one are of the same path, and of the same server. */
static int count_alike(const apr_array_header_t *sections, int before,
                       const apr_array_header_t *of_main)
{
    const void *section = APR_ARRAY_IDX(sections, before, const void *);
    const core_dir_config *core = ap_get_core_module_config(section);
    int count = 0;
    int i;

    for (i = 0; i < before; i++) {
        const void *other = APR_ARRAY_IDX(sections, i, const void *);

        count += is_alike(ap_get_core_module_config(other), core)
                 && holds(of_main, other) == holds(of_main, section);
    }
    return count;
}

static void print_inner(const host *of, const ap_directive_t *place, const void *section,
                        const clerk_dir_config *outer, const char *indent);

static const char *title_of(const char *kind, const core_dir_config *core,
                            const ap_directive_t *place, apr_pool_t *pool)
{
    return place != NULL
               ? apr_pstrcat(pool, place->directive, " ", place->args,
                             strchr(place->args, '>') ? "" : ">", NULL)
               : apr_pstrcat(pool, kind, " ", core->d ? core->d : "", ">", NULL);
}

/** What makes it a protected place stands in httpd's own directives. */
static void print_protection(const level *at)
{
    const ap_directive_t *type =
        at->places[0] != NULL ? clerk_place_of_directive(at->places[0], "AuthType") : NULL;

    if (type != NULL && ap_cstr_casecmp(type->args, CLERK_AUTH_TYPE) == 0) {
        apr_file_printf(out, "%s    %-36s %s%s\n", at->indent, "AuthType", CLERK_AUTH_TYPE,
                        clerk_place_text(type, at->in.pool));
    }
}

static void print_section(const host *of, const char *kind, const ap_directive_t *place,
                          const void *section, const clerk_dir_config *outer,
                          const char *indent)
{
    const core_dir_config *core = ap_get_core_module_config(section);
    const clerk_dir_config *own = ap_get_module_config(section, &clerk_auth_module);
    level at = { .own = own, .indent = indent };
    const clerk_dir_config *merged = outer;

    if (own != NULL) {
        merged = clerk_dir_config_merge(of->pool, (void *)outer, (void *)own);
        at.in = (clerk_in_force){ merged, NULL, NULL, of->pool };
        at.places[0] = place != NULL ? place->first_child : NULL;
        apr_file_printf(out, "%s%s%s\n", indent, title_of(kind, core, place, of->pool),
                        clerk_place_text(place, of->pool));
        if (own->instance != NULL) {
            print_instance(&at);
        }
        else if (merged->instance != NULL) {
            clerk_instance_config_resolve(&at.in.instance, merged->instance, NULL);
        }
        print_protection(&at);
        print_settings(&at, 0, 0);
    }
    print_inner(of, place, section, merged, apr_pstrcat(of->pool, indent, "    ", NULL));
}

static void print_list(const host *of, const char *kind, const ap_directive_t *places,
                       const apr_array_header_t *sections, const clerk_dir_config *outer,
                       const char *indent)
{
    int i;

    for (i = 0; sections != NULL && i < sections->nelts; i++) {
        const void *section = APR_ARRAY_IDX(sections, i, const void *);
        const core_dir_config *core = ap_get_core_module_config(section);
        const char *path = strcmp(kind, "<If") == 0 ? NULL : core->d;
        int number = path != NULL ? count_alike(sections, i, NULL) : i;

        print_section(of, kind, clerk_place_of_section(places, kind, path, number), section,
                      outer, indent);
    }
}

static void print_inner(const host *of, const ap_directive_t *place, const void *section,
                        const clerk_dir_config *outer, const char *indent)
{
    const core_dir_config *core = ap_get_core_module_config(section);
    const ap_directive_t *places = place != NULL ? place->first_child : NULL;

    print_list(of, "<Files", places, core->sec_file, outer, indent);
    print_list(of, "<If", places, core->sec_if, outer, indent);
}

/** Sections of the main server hold in every virtual host. */
static void print_sections(const host *of, const char *kind,
                           const apr_array_header_t *sections,
                           const apr_array_header_t *of_main)
{
    int i;

    for (i = 0; sections != NULL && i < sections->nelts; i++) {
        const void *section = APR_ARRAY_IDX(sections, i, const void *);
        const core_dir_config *core = ap_get_core_module_config(section);
        const ap_directive_t *places =
            holds(of_main, section) ? of->main_places : of->places;

        print_section(of, kind,
                      clerk_place_of_section(places, kind, core->d,
                                             count_alike(sections, i, of_main)),
                      section, of->outer, "  ");
    }
}

/* ---------------------------------------------------------------- servers */

static void print_title(const server_rec *server)
{
    if (!server->is_virtual) {
        apr_file_printf(out, "main server\n");
        return;
    }
    apr_file_printf(out, "virtual host %s:%d (%s:%d)\n",
                    server->server_hostname ? server->server_hostname : "(no name)",
                    server->port ? server->port : (server->addrs ? server->addrs->host_port : 0),
                    server->defn_name ? server->defn_name : "?",
                    (int)server->defn_line_number);
}

static void print_host(const server_rec *server, const server_rec *main_server,
                       apr_pool_t *pool)
{
    const core_server_config *core = ap_get_core_module_config(server->module_config);
    const core_server_config *of_main =
        ap_get_core_module_config(main_server->module_config);
    host of = { ap_get_module_config(server->lookup_defaults, &clerk_auth_module),
                clerk_place_of_server(server), clerk_place_of_server(main_server), pool };
    level at = { .own = of.outer, .places = { of.places, of.main_places, NULL },
                 .indent = "" };

    at.in = (clerk_in_force){
        of.outer, ap_get_module_config(main_server->module_config, &clerk_auth_module), NULL,
        pool
    };
    print_title(server);
    print_instance(&at);
    apr_file_printf(out, "  settings\n");
    print_settings(&at, 1, !server->is_virtual);
    print_sections(&of, "<Directory", core->sec_dir, of_main->sec_dir);
    print_inner(&of, NULL, server->lookup_defaults, of.outer, "  ");
    print_sections(&of, "<Location", core->sec_url, of_main->sec_url);
}

static void dump(apr_pool_t *pconf, server_rec *main_server)
{
    const server_rec *server;

    if (!ap_exists_config_define("DUMP_CLERK")
        || apr_file_open_stdout(&out, pconf) != APR_SUCCESS) {
        return;
    }
    apr_file_printf(out, "Clerk configuration (mod_clerk_auth " CLERK_VERSION "):\n");
    for (server = main_server; server != NULL; server = server->next) {
        print_host(server, main_server, pconf);
    }
}

void clerk_dump_register(apr_pool_t *pconf)
{
    (void)pconf;
    ap_hook_test_config(dump, NULL, NULL, APR_HOOK_MIDDLE);
}
