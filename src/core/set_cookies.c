/* SPDX-License-Identifier: Apache-2.0 - Set-Cookie values that Clerk wants the browser to have */
#include "set_cookies.h"

#include <strings.h>

static void find_session(clerk_set_cookies *cookies, const char *directive,
                         apr_pool_t *pool)
{
    clerk_slice rest = clerk_slice_of(directive);
    clerk_slice name, pair, value;

    clerk_slice_cut(&pair, &rest, ';');
    clerk_slice_cut(&name, &pair, '=');
    if (clerk_slice_starts_with(name, "__session")) {
        clerk_slice_cut(&value, &pair, '=');
        cookies->session = value.len > 0 ? clerk_slice_copy(value, pool) : NULL;
    }
}

void clerk_set_cookies_read(clerk_set_cookies *cookies, const clerk_node *directives,
                            apr_pool_t *pool)
{
    const clerk_node *list =
        clerk_node_is(directives, CLERK_NODE_ARRAY) ? directives : NULL;
    const clerk_node *at;

    cookies->session = NULL;
    cookies->values =
        apr_array_make(pool, (int)clerk_node_count(list) + 2, sizeof(char *));
    for (at = clerk_node_first(list); at; at = clerk_node_next(list, at)) {
        const char *directive = clerk_node_string(at);

        if (directive && !clerk_slice_has_control(at->text)) {
            APR_ARRAY_PUSH(cookies->values, const char *) = directive;
            find_session(cookies, directive, pool);
        }
    }
}

/** The Frontend API's host without its first label, where @a host lies below or is it. */
static const char *common_domain(const clerk_instance *instance, clerk_slice host,
                                 apr_pool_t *pool)
{
    clerk_slice domain = clerk_slice_of(instance->frontend_api);
    clerk_slice label;
    apr_size_t before;

    clerk_slice_cut(&label, &domain, '.');
    clerk_slice_cut(&label, &domain, ':');
    domain = label;
    if (domain.len == 0 || host.len < domain.len || !memchr(domain.ptr, '.', domain.len)) {
        return NULL;
    }
    before = host.len - domain.len;
    return strncasecmp(host.ptr + before, domain.ptr, domain.len) == 0
                   && (before == 0 || host.ptr[before - 1] == '.')
               ? clerk_slice_copy(domain, pool)
               : NULL;
}

void clerk_set_cookies_clear_nonce(clerk_set_cookies *cookies,
                                   const clerk_instance *instance, clerk_slice host,
                                   apr_pool_t *pool)
{
    static const char cleared[] = "__clerk_handshake_nonce=; Path=/; Max-Age=0";
    const char *domain = common_domain(instance, host, pool);

    APR_ARRAY_PUSH(cookies->values, const char *) = cleared;
    if (domain) {
        APR_ARRAY_PUSH(cookies->values, const char *) =
            apr_pstrcat(pool, cleared, "; Domain=", domain, NULL);
    }
}
