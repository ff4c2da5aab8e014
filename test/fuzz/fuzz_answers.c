/* SPDX-License-Identifier: Apache-2.0 - fuzz: what the Backend API answers; the first byte says to what */
#include "fuzz.h"

#include "core/json.h"
#include "core/machine_answer.h"
#include "core/set_cookies.h"
#include "core/user.h"

static void read_machine(clerk_slice body, clerk_token_type type, apr_pool_t *pool)
{
    clerk_machine_answer answer = { NULL, NULL };
    clerk_error error = { CLERK_OK, NULL };

    if (clerk_machine_answer_read(&answer, body, type, pool, &error) == CLERK_OK) {
        FUZZ_HOLDS(answer.auth->type == type);
        FUZZ_HOLDS(answer.auth->subject != NULL && *answer.auth->subject != '\0');
        FUZZ_HOLDS(answer.auth->session_id == NULL && answer.auth->org_role == NULL);
        FUZZ_HOLDS(answer.auth->expires >= 0);
    }
    else {
        FUZZ_HOLDS(error.status != CLERK_OK);
    }
}

static void read_user(clerk_slice body, apr_pool_t *pool)
{
    clerk_error error = { CLERK_OK, NULL };
    clerk_slice kept;
    clerk_user user;

    memset(&user, 0, sizeof(user));
    if (clerk_user_digest(&kept, body, "user_2abc", pool, &error) == CLERK_OK) {
        FUZZ_HOLDS(clerk_user_read(&user, kept, &error) == CLERK_OK);
        FUZZ_HOLDS(user.json != NULL);
    }
    if (clerk_user_read(&user, body, &error) == CLERK_OK) { /* as from a shared cache */
        FUZZ_HOLDS(user.json != NULL);
    }
}

static void read_cookies(clerk_slice body, apr_pool_t *pool)
{
    const clerk_node *document;
    clerk_set_cookies cookies;
    int i;

    if (clerk_node_load(&document, body, pool, NULL) != CLERK_OK) {
        return;
    }
    clerk_set_cookies_read(&cookies, clerk_node_member(document, "cookies"), pool);
    for (i = 0; i < cookies.values->nelts; i++) {
        const char *value = APR_ARRAY_IDX(cookies.values, i, const char *);

        FUZZ_HOLDS(strpbrk(value, "\r\n") == NULL); /* it becomes a header field */
    }
}

void fuzz_one(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    clerk_slice body;

    if (size == 0) {
        return;
    }
    body = fuzz_bytes(data + 1, size - 1, pool);
    switch (data[0]) {
    case 'm':
        read_machine(body, CLERK_TOKEN_M2M, pool);
        break;
    case 'o':
        read_machine(body, CLERK_TOKEN_OAUTH, pool);
        break;
    case 'k':
        read_machine(body, CLERK_TOKEN_API_KEY, pool);
        break;
    case 'u':
        read_user(body, pool);
        break;
    default:
        read_cookies(body, pool);
    }
}
