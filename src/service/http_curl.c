/* SPDX-License-Identifier: Apache-2.0 - the HTTP port over libcurl */
#include "http_curl.h"

#include <stdatomic.h>

#include <apr_thread_mutex.h>
#include <curl/curl.h>
#include <openssl/crypto.h>

#include "http_answer.h"
#include "own_pool.h"

/** One handle keeps its connections alive between exchanges, so idle ones are kept. */
typedef struct handle {
    CURL *curl;
    struct handle *next;
    int is_busy; /* set and read under the mutex, or when no thread is left to change it */
} handle;

typedef struct adapter {
    clerk_http http;
    clerk_http_curl_options options;
    apr_pool_t *pool; /* its own; used under the mutex alone */
    apr_thread_mutex_t *mutex;
    handle *idle;
    atomic_int is_stopped;
} adapter;

/* ---------------------------------------------------------------- handles */

/**
 * A process that ends at once destroys its pools under threads that still wait for an
 * answer: their handles go with the process.
 */
static apr_status_t close_handle(void *closed)
{
    handle *self = closed;

    if (!self->is_busy) {
        curl_easy_cleanup(self->curl);
    }
    return APR_SUCCESS;
}

static handle *open_handle(apr_pool_t *pool)
{
    CURL *curl = curl_easy_init();
    handle *opened;

    if (curl == NULL) {
        return NULL;
    }
    opened = apr_pcalloc(pool, sizeof(*opened));
    opened->curl = curl;
    apr_pool_cleanup_register(pool, opened, close_handle, apr_pool_cleanup_null);
    return opened;
}

static handle *take_handle(adapter *self)
{
    handle *taken;

    apr_thread_mutex_lock(self->mutex);
    taken = self->idle;
    if (taken != NULL) {
        self->idle = taken->next;
    }
    else {
        taken = open_handle(self->pool);
    }
    if (taken != NULL) {
        taken->is_busy = 1;
    }
    apr_thread_mutex_unlock(self->mutex);
    return taken;
}

/** The reset forgets URL, fields and body, and keeps connections and TLS sessions. */
static void return_handle(adapter *self, handle *used)
{
    curl_easy_reset(used->curl);
    apr_thread_mutex_lock(self->mutex);
    used->is_busy = 0;
    used->next = self->idle;
    self->idle = used;
    apr_thread_mutex_unlock(self->mutex);
}

/* ---------------------------------------------------------------- the request */

/** Fields carry the secret: no byte of them may outlive the exchange in our hands. */
static void free_fields(struct curl_slist *fields)
{
    struct curl_slist *field;

    for (field = fields; field != NULL; field = field->next) {
        OPENSSL_cleanse(field->data, strlen(field->data));
    }
    curl_slist_free_all(fields);
}

static int append_field(struct curl_slist **fields, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*fields, line);

    if (longer == NULL) {
        return 0;
    }
    *fields = longer;
    return 1;
}

static int append_authorization(struct curl_slist **fields, const char *bearer,
                                apr_pool_t *pool)
{
    char *line = apr_pstrcat(pool, "Authorization: Bearer ", bearer, NULL);
    int appended = append_field(fields, line);

    OPENSSL_cleanse(line, strlen(line));
    return appended;
}

/** libcurl copies each line; `Expect:` without a value keeps it from asking to continue. */
static int append_fields(struct curl_slist **fields, const clerk_http_request *request,
                         apr_pool_t *pool)
{
    const char *const *line = request->fields;

    if (!append_field(fields, "Accept: application/json")
        || !append_field(fields, "Expect:"))
    {
        return 0;
    }
    while (line != NULL && *line != NULL) {
        if (!append_field(fields, *line++)) {
            return 0;
        }
    }
    return request->bearer == NULL
           || append_authorization(fields, request->bearer, pool);
}

/** What stands in a field must be visible ASCII, or it could end the field (RFC 9110, 5.5). */
static int is_sendable(const char *bearer)
{
    const char *at;

    for (at = bearer; at != NULL && *at != '\0'; at++) {
        if (*at <= ' ' || *at > '~') {
            return 0;
        }
    }
    return bearer == NULL || *bearer != '\0';
}

/** libcurl takes 0 for "no limit", so less than a millisecond counts as one. */
static long milliseconds(apr_interval_time_t interval)
{
    apr_interval_time_t rounded = (interval + 999) / 1000;

    return rounded < 1               ? 1L
           : rounded > APR_INT32_MAX ? (long)APR_INT32_MAX
                                     : (long)rounded;
}

#define SET(option, value)                                                             \
    if (code == CURLE_OK) {                                                            \
        code = curl_easy_setopt(curl, option, value);                                  \
    }

static CURLcode set_protocol(CURL *curl, const clerk_http_curl_options *options)
{
    CURLcode code = CURLE_OK;

#if LIBCURL_VERSION_NUM >= 0x075500
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
    SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
#if LIBCURL_VERSION_NUM >= 0x074000
    SET(CURLOPT_HTTP09_ALLOWED, 0L);
#endif
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(CURLOPT_NOSIGNAL, 1L);
    /* Both are set so that neither http_proxy nor no_proxy of the environment counts. */
    SET(CURLOPT_PROXY, options->proxy ? options->proxy : "");
    SET(CURLOPT_NOPROXY, "");
    return code;
}

static CURLcode set_tls(CURL *curl, const clerk_http_curl_options *options)
{
    CURLcode code = CURLE_OK;

    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (options->ca_file != NULL) {
        SET(CURLOPT_CAINFO, options->ca_file);
        SET(CURLOPT_CAPATH, NULL); /* else the system's directory would count as well */
    }
    return code;
}

static CURLcode set_bounds(CURL *curl, const clerk_http_curl_options *options,
                           const clerk_http_request *request)
{
    apr_interval_time_t total = options->total_timeout;
    CURLcode code = CURLE_OK;

    if (request->timeout > 0 && request->timeout < total) {
        total = request->timeout;
    }
    SET(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(options->connect_timeout));
    SET(CURLOPT_TIMEOUT_MS, milliseconds(total));
    SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)request->max_body);
#if LIBCURL_VERSION_NUM >= 0x075700
    SET(CURLOPT_QUICK_EXIT, 1L); /* else it waits at the end for a name server that hangs */
#endif
    return code;
}

static CURLcode set_request(CURL *curl, const clerk_http_curl_options *options,
                            const clerk_http_request *request,
                            struct curl_slist *fields)
{
    const char *body = request->body ? request->body : "";
    CURLcode code = CURLE_OK;

    SET(CURLOPT_URL, request->url);
    SET(CURLOPT_HTTPHEADER, fields);
    SET(CURLOPT_USERAGENT, options->user_agent);
    if (request->body == NULL && strcmp(request->method, "GET") == 0) {
        SET(CURLOPT_HTTPGET, 1L);
        return code;
    }
    SET(CURLOPT_POSTFIELDS, body); /* not copied: the request outlives the exchange */
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
    SET(CURLOPT_CUSTOMREQUEST, request->method);
    return code;
}

/** CURLOPT_XFERINFOFUNCTION: called at least once a second. @return 1 to break off */
static int is_stopped(void *baton, curl_off_t down_total, curl_off_t down,
                      curl_off_t up_total, curl_off_t up)
{
    const adapter *self = baton;

    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    return atomic_load(&self->is_stopped);
}

static CURLcode set_callbacks(CURL *curl, adapter *self, clerk_http_answer *answer)
{
    CURLcode code = CURLE_OK;

    SET(CURLOPT_WRITEFUNCTION, clerk_http_answer_body);
    SET(CURLOPT_WRITEDATA, answer);
    SET(CURLOPT_HEADERFUNCTION, clerk_http_answer_field);
    SET(CURLOPT_HEADERDATA, answer);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, is_stopped);
    SET(CURLOPT_XFERINFODATA, self);
    return code;
}

#undef SET

static CURLcode perform(CURL *curl, adapter *self, const clerk_http_request *request,
                        struct curl_slist *fields, clerk_http_answer *answer)
{
    const clerk_http_curl_options *options = &self->options;
    CURLcode code = set_protocol(curl, options);

    code = code == CURLE_OK ? set_tls(curl, options) : code;
    code = code == CURLE_OK ? set_bounds(curl, options, request) : code;
    code = code == CURLE_OK ? set_request(curl, options, request, fields) : code;
    code = code == CURLE_OK ? set_callbacks(curl, self, answer) : code;
    return code == CURLE_OK ? curl_easy_perform(curl) : code;
}

/* ---------------------------------------------------------------- the port */

static apr_status_t refuse(const char **why, apr_status_t status, const char *text)
{
    *why = text;
    return status;
}

static apr_status_t judge(CURLcode code, const clerk_http_answer *answer,
                          const char **why)
{
    if (answer->too_large || code == CURLE_FILESIZE_EXCEEDED) {
        return refuse(why, APR_ENOSPC, "the answer is too large");
    }
    if (code == CURLE_OPERATION_TIMEDOUT) {
        return refuse(why, APR_TIMEUP, "no whole answer in time");
    }
    if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE) {
        return refuse(why, APR_EACCES, curl_easy_strerror(code));
    }
    if (code != CURLE_OK) {
        return refuse(why, APR_EGENERAL, curl_easy_strerror(code));
    }
    return APR_SUCCESS;
}

static apr_status_t run(adapter *self, handle *used, clerk_http_response *response,
                        const clerk_http_request *request, struct curl_slist *fields,
                        const char **why, apr_pool_t *pool)
{
    clerk_http_answer answer;
    apr_status_t status;
    long http_status = 0;

    clerk_http_answer_begin(&answer, request->max_body, pool);
    status = judge(perform(used->curl, self, request, fields, &answer),
                   &answer, why);
    if (status != APR_SUCCESS) {
        return status;
    }
    curl_easy_getinfo(used->curl, CURLINFO_RESPONSE_CODE, &http_status);
    response->status = (int)http_status;
    response->body.ptr = answer.len > 0 ? answer.body : "";
    response->body.len = answer.len;
    response->retry_after = answer.retry_after;
    return APR_SUCCESS;
}

static apr_status_t exchange(void *baton, clerk_http_response *response,
                             const clerk_http_request *request, const char **why,
                             apr_pool_t *pool)
{
    adapter *self = baton;
    struct curl_slist *fields = NULL;
    apr_status_t status;
    handle *used;

    if (!is_sendable(request->bearer)) {
        return refuse(why, APR_EGENERAL, "the key has characters that cannot be sent");
    }
    used = take_handle(self);
    if (used == NULL) {
        return refuse(why, APR_EGENERAL, "libcurl gave no handle");
    }
    if (append_fields(&fields, request, pool)) {
        status = run(self, used, response, request, fields, why, pool);
    }
    else {
        status = refuse(why, APR_EGENERAL, "out of memory");
    }
    return_handle(self, used);
    free_fields(fields);
    return status;
}

apr_status_t clerk_http_curl_create(const clerk_http **http,
                                    const clerk_http_curl_options *options,
                                    apr_pool_t *pchild)
{
    apr_pool_t *pool;
    apr_status_t status = clerk_own_pool_create(&pool, pchild);
    adapter *self;

    if (status != APR_SUCCESS) {
        return status;
    }
    self = apr_pcalloc(pool, sizeof(*self));
    self->pool = pool;
    self->options.connect_timeout = options->connect_timeout;
    self->options.total_timeout = options->total_timeout;
    self->options.ca_file = apr_pstrdup(pool, options->ca_file);
    self->options.proxy = apr_pstrdup(pool, options->proxy);
    self->options.user_agent = apr_pstrdup(pool, options->user_agent);
    status = apr_thread_mutex_create(&self->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    if (status != APR_SUCCESS) {
        apr_pool_destroy(pool);
        return status;
    }
    atomic_init(&self->is_stopped, 0);
    self->http.exchange = exchange;
    self->http.baton = self;
    *http = &self->http;
    return APR_SUCCESS;
}

void clerk_http_curl_stop(const clerk_http *http)
{
    adapter *self = http->baton;

    atomic_store(&self->is_stopped, 1);
}
