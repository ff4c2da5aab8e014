/* SPDX-License-Identifier: Apache-2.0 - tests: the HTTP port over libcurl, where a name server hangs */
#include <dlfcn.h>
#include <netdb.h>
#include <stdatomic.h>

#include <curl/curl.h>

#include "http_world.h"

enum { BRIEF_MS = 300, GLANCE_MS = 20 };

/* ---------------------------------------------------------------- a name server that hangs */

#define HANGING "hangs.test"

static atomic_int has_begun;
static atomic_int is_released;
static atomic_int has_ended;

typedef int lookup(const char *, const char *, const struct addrinfo *,
                   struct addrinfo **);

/** Stands before the C library's; libcurl calls it, in a thread of its own. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    int left = AMPLE * 1000 / GLANCE_MS;

    if (name == NULL || strcmp(name, HANGING) != 0) {
        return ((lookup *)(apr_uintptr_t)dlsym(RTLD_NEXT, "getaddrinfo"))(name, service,
                                                                          hints, found);
    }
    atomic_store(&has_begun, 1);
    while (!atomic_load(&is_released) && left-- > 0) {
        apr_sleep(GLANCE_MS * 1000);
    }
    atomic_store(&has_ended, 1);
    return EAI_AGAIN;
}

/** And give the thread the time to put its things away. */
static void release(void)
{
    atomic_store(&is_released, 1);
    while (!atomic_load(&has_ended)) {
        apr_sleep(GLANCE_MS * 1000);
    }
    apr_sleep(10 * GLANCE_MS * 1000);
}

/* ---------------------------------------------------------------- tests */

/** An older libcurl waits for its thread, whatever it is told. */
static void skip_where_libcurl_is_old(void)
{
    if (curl_version_info(CURLVERSION_NOW)->version_num < 0x075700) {
        skip();
    }
}

static void bounds_the_time_of_a_lookup(void **state)
{
    http_world *w = http_world_make(NULL, *state);
    apr_time_t start = apr_time_now();
    apr_interval_time_t spent;
    apr_status_t status;

    skip_where_libcurl_is_old();
    w->request.timeout = BRIEF_MS * 1000;
    status = http_world_ask_url(w, "http://" HANGING "/x");
    spent = apr_time_now() - start;
    assert_int_equal(atomic_load(&has_begun), 1); /* else this shows nothing */
    assert_int_equal(status, APR_TIMEUP);
    assert_int_equal(atomic_load(&has_ended), 0);
    assert_true(spent < apr_time_from_sec(AMPLE) / 2);

    /* the handle is as good as before */
    w->request.timeout = 0;
    assert_int_equal(http_world_ask(w, "/x"), APR_SUCCESS);
    release();
    assert_int_equal(http_world_ask(w, "/x"), APR_SUCCESS);
}

static void breaks_off_a_lookup_when_stopped(void **state)
{
    http_world *w = http_world_make(NULL, *state);
    apr_time_t start = apr_time_now();

    skip_where_libcurl_is_old();
    atomic_store(&has_begun, 0);
    atomic_store(&has_ended, 0);
    atomic_store(&is_released, 0);
    clerk_http_curl_stop(w->http);
    assert_int_equal(http_world_ask_url(w, "http://" HANGING "/x"), APR_EGENERAL);
    assert_true(apr_time_now() - start < apr_time_from_sec(AMPLE) / 2);
    if (atomic_load(&has_begun)) {
        release();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        support_test(bounds_the_time_of_a_lookup),
        support_test(breaks_off_a_lookup_when_stopped),
    };
    int failed;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    failed = support_run("http_names", tests);
    curl_global_cleanup();
    return failed;
}
