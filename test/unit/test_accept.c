/* SPDX-License-Identifier: Apache-2.0 - JSON or HTML for this client */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../src/core/accept.h"

static const struct {
    const char *label, *accept;
    int html;
} cases[] = {
    { "nothing", "", 0 },
    { "anything", "*/*", 0 },
    { "a browser", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 1 },
    { "fetch for JSON", "application/json", 0 },
    { "a tie", "application/json, text/html", 0 },
    { "JSON a little less", "text/html, application/json;q=0.999", 1 },
    { "HTML as a fallback", "application/json, text/html;q=0.5", 0 },
    { "letter case", "TEXT/HTML", 1 },
    { "space and parameters", " text/html ; level=1 ; Q=0.4 , */* ; q=0.1", 1 },
    { "specific beats general", "text/html;q=0.2, */*", 0 },
    { "any text", "text/*", 1 },
    { "any application", "application/*, text/html;q=0.9", 0 },
    { "zero is a refusal", "text/html;q=0", 0 },
    { "malformed weight", "text/html;q=x, application/json;q=0.1", 0 },
    { "weight with too many digits", "text/html;q=1.0000", 0 },
    { "only commas", ",,,", 0 },
};

static void prefers_html(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (clerk_accept_prefers_html(clerk_slice_of(cases[i].accept)) != cases[i].html) {
            fail_msg("%s", cases[i].label);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(prefers_html) };

    return cmocka_run_group_tests_name("accept", tests, NULL, NULL);
}
