/* SPDX-License-Identifier: Apache-2.0 - one request as the state machine sees it, and what kind it is */
#include "facts.h"

static int is_method(const clerk_facts *facts, const char *method)
{
    return facts->method && strcmp(facts->method, method) == 0;
}

static int is_frame(clerk_slice destination)
{
    return clerk_slice_is(destination, "document")
           || clerk_slice_is(destination, "iframe");
}

static int accepts_html(clerk_slice accept)
{
    for (; accept.len > 0; accept.ptr++, accept.len--) {
        if (clerk_slice_starts_with(accept, "text/html")) {
            return 1;
        }
    }
    return 0;
}

int clerk_is_navigation(const clerk_facts *facts)
{
    return (is_method(facts, "GET") || is_method(facts, "HEAD"))
           && (facts->sec_fetch_dest.len > 0 ? is_frame(facts->sec_fetch_dest)
                                             : accepts_html(facts->accept));
}

int clerk_is_page_request(const clerk_facts *facts)
{
    return is_frame(facts->sec_fetch_dest) || accepts_html(facts->accept);
}

int clerk_is_handshake_eligible(const clerk_facts *facts)
{
    return is_method(facts, "GET")
           && (facts->sec_fetch_dest.len > 0
                   ? is_frame(facts->sec_fetch_dest)
                   : clerk_slice_starts_with(facts->accept, "text/html"));
}

int clerk_is_document(const clerk_facts *facts)
{
    return is_method(facts, "GET")
           && clerk_slice_is(facts->sec_fetch_dest, "document");
}
