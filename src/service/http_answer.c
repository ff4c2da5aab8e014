/* SPDX-License-Identifier: Apache-2.0 - an HTTP answer while it arrives, within its bounds */
#include "http_answer.h"

#include <apr_cstr.h>
#include <apr_lib.h>

enum { FIRST_CAPACITY = 4 * 1024, MAX_RETRY_AFTER_DIGITS = 8 };

void clerk_http_answer_begin(clerk_http_answer *answer, apr_size_t max_body,
                             apr_pool_t *pool)
{
    memset(answer, 0, sizeof(*answer));
    answer->pool = pool;
    answer->max_body = max_body;
    answer->retry_after = -1;
}

static void make_room(clerk_http_answer *answer, apr_size_t needed)
{
    apr_size_t capacity = answer->capacity ? answer->capacity : FIRST_CAPACITY;
    char *larger;

    if (needed <= answer->capacity) {
        return;
    }
    while (capacity < needed) {
        capacity *= 2;
    }
    larger = apr_palloc(answer->pool, capacity);
    if (answer->len > 0) {
        memcpy(larger, answer->body, answer->len);
    }
    answer->body = larger;
    answer->capacity = capacity;
}

size_t clerk_http_answer_body(char *bytes, size_t size, size_t count, void *baton)
{
    clerk_http_answer *answer = baton;
    size_t len = size * count;

    if (len > answer->max_body - answer->len) {
        answer->too_large = 1;
        return 0;
    }
    if (len > 0) {
        make_room(answer, answer->len + len);
        memcpy(answer->body + answer->len, bytes, len);
        answer->len += len;
    }
    return len;
}

/** Seconds (RFC 9110, 10.2.3): the leading digits. A date is no number. */
static apr_interval_time_t read_retry_after(clerk_slice value)
{
    apr_int64_t seconds = 0;
    apr_size_t digits = 0;

    while (digits < value.len && apr_isdigit(value.ptr[digits])) {
        if (digits == MAX_RETRY_AFTER_DIGITS) {
            return -1;
        }
        seconds = seconds * 10 + (value.ptr[digits] - '0');
        digits++;
    }
    return digits > 0 ? apr_time_from_sec(seconds) : -1;
}

static int is_field_named(clerk_slice name, const char *wanted)
{
    return name.len == strlen(wanted)
           && apr_cstr_casecmpn(name.ptr, wanted, name.len) == 0;
}

size_t clerk_http_answer_field(char *bytes, size_t size, size_t count, void *baton)
{
    clerk_http_answer *answer = baton;
    size_t len = size * count;
    clerk_slice value = { bytes, len };
    clerk_slice name;

    if (len > CLERK_HTTP_MAX_FIELD_BYTES - answer->field_bytes) {
        answer->too_large = 1;
        return 0;
    }
    answer->field_bytes += len;
    if (clerk_slice_starts_with(value, "HTTP/")) {
        answer->retry_after = -1; /* an interim answer, or a proxy's, came before */
    }
    else if (clerk_slice_cut(&name, &value, ':') && is_field_named(name, "Retry-After"))
    {
        answer->retry_after = read_retry_after(clerk_slice_trim(value));
    }
    return len;
}
