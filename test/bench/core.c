/* SPDX-License-Identifier: Apache-2.0 - what each stage of verifying one session token costs */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <apr_general.h>
#include <openssl/sha.h>

#include "core/auth.h"
#include "core/base64url.h"
#include "core/fingerprint.h"
#include "core/jws.h"
#include "core/token_type.h"
#include "core_threads.h"

/*
 * core [ROUNDS]: all stages in turn, ROUNDS times (default 30), each for some milliseconds;
 * prints the median of each in microseconds of CPU time, and its ratio to bare
 * EVP_DigestVerify. A line a stage: NAME TAB MICROSECONDS TAB RATIO TAB SPREAD, where spread
 * is (third quartile - first quartile) / median.
 *
 * core threads [ROUNDS]: see bench_threads.
 */

enum { MAX_ROUNDS = 1000, BATCH = 100 };

typedef struct bench {
    bench_site *site;
    clerk_slice token;
    clerk_slice segments[3];
    clerk_jwt jwt;
    clerk_claims claims;
    EVP_MD_CTX *verify_ctx; /* of the stages that keep one */
    EVP_MD_CTX *digest_ctx;
    EVP_MD *md;
    clerk_fingerprinter *fingerprinter;
    apr_pool_t *pool; /* cleared after each call */
} bench;

static void need(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "bench: %s failed\n", what);
        exit(2);
    }
}

/* ---------------------------------------------------------------- stages */

static int digest_verify(const bench *b, EVP_MD_CTX *ctx, const EVP_MD *md)
{
    return EVP_DigestVerifyInit(ctx, NULL, md, NULL, b->site->keys->keys[0].pkey) == 1
           && EVP_DigestVerify(ctx, (const unsigned char *)b->jwt.signature.ptr,
                               b->jwt.signature.len,
                               (const unsigned char *)b->jwt.signing_input.ptr,
                               b->jwt.signing_input.len)
                  == 1;
}

static void bare(bench *b)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    need(digest_verify(b, ctx, EVP_sha256()), "EVP_DigestVerify");
    EVP_MD_CTX_free(ctx);
}

static void bare_kept(bench *b)
{
    EVP_MD_CTX_reset(b->verify_ctx);
    need(digest_verify(b, b->verify_ctx, b->md), "EVP_DigestVerify");
}

static void cut(bench *b)
{
    clerk_slice rest = b->token, segment;

    while (clerk_slice_cut(&segment, &rest, '.')) {
    }
    need(segment.len > 0, "cut");
}

static void base64url(bench *b)
{
    clerk_slice bytes;
    int i;

    for (i = 0; i < 3; i++) {
        need(clerk_base64url_decode(&bytes, b->segments[i], b->pool), "base64url");
    }
}

static void load(bench *b, int segment)
{
    const clerk_node *object;
    clerk_slice bytes;

    need(clerk_base64url_decode(&bytes, b->segments[segment], b->pool)
             && clerk_node_load(&object, bytes, b->pool, NULL) == CLERK_OK,
         "load");
}

static void header(bench *b)
{
    load(b, 0);
}

static void payload(bench *b)
{
    load(b, 1);
}

static void decode(bench *b)
{
    clerk_jwt jwt;

    need(clerk_jwt_decode(&jwt, b->token, b->pool, NULL) == CLERK_OK, "decode");
}

static void sha256(bench *b)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];

    need(EVP_DigestInit_ex2(b->digest_ctx, b->md, NULL) == 1
             && EVP_DigestUpdate(b->digest_ctx, b->token.ptr, b->token.len) == 1
             && EVP_DigestFinal_ex(b->digest_ctx, digest, NULL) == 1,
         "SHA-256");
}

static void fingerprint(bench *b)
{
    unsigned char print[CLERK_FINGERPRINT_LENGTH];

    need(clerk_fingerprint(print, b->fingerprinter, &b->token, 1), "fingerprint");
}

static void signature(bench *b)
{
    need(clerk_jws_verify(&b->jwt, &b->site->keys->keys[0], NULL) == CLERK_OK,
         "verify");
}

static void claims(bench *b)
{
    clerk_claims read;

    clerk_claims_read(&read, b->jwt.payload);
    need(read.sub != NULL, "claims");
}

static void policy(bench *b)
{
    need(clerk_policy_check_session(&b->site->policy, &b->site->instance, &b->claims,
                                    b->site->now, NULL)
             == CLERK_OK,
         "policy");
}

static void auth(bench *b)
{
    need(clerk_auth_from_session(&b->claims, b->pool)->org_role != NULL, "auth object");
}

/* As the verifier does it, without finding the key set. */
static void whole(bench *b)
{
    clerk_claims read;
    const clerk_key *key;
    clerk_jwt jwt;

    need(clerk_jwt_decode(&jwt, b->token, b->pool, NULL) == CLERK_OK
             && clerk_token_classify(b->token, &jwt) == CLERK_TOKEN_SESSION
             && !clerk_jwt_is_non_session(&jwt)
             && (key = clerk_key_set_find(b->site->keys, jwt.kid)) != NULL
             && clerk_jws_verify(&jwt, key, NULL) == CLERK_OK,
         "decode and verify");
    clerk_claims_read(&read, jwt.payload);
    need(clerk_policy_check_session(&b->site->policy, &b->site->instance, &read,
                                    b->site->now, NULL)
                 == CLERK_OK
             && clerk_auth_from_session(&read, b->pool)->user_id != NULL,
         "claims");
}

static const struct {
    const char *name;
    void (*run)(bench *b);
} stages[] = {
    { "bare EVP_DigestVerify", bare },
    { "the same, context and digest kept", bare_kept },
    { "cut", cut },
    { "base64url of all segments", base64url },
    { "header, with its base64url", header },
    { "payload, with its base64url", payload },
    { "decode (all of the above)", decode },
    { "signature", signature },
    { "claims", claims },
    { "policy", policy },
    { "auth object", auth },
    { "one cold verification", whole },
    { "SHA-256 of the token", sha256 },
    { "fingerprint of the token", fingerprint },
};

enum { STAGES = sizeof(stages) / sizeof(stages[0]) };

/* ---------------------------------------------------------------- measuring */

static double cpu_seconds(void)
{
    struct timespec at;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

/** Microseconds a call. */
static double measure(bench *b, void (*run)(bench *b))
{
    double start = cpu_seconds(), spent;
    int calls = 0;

    do {
        int i;

        for (i = 0; i < BATCH; i++) {
            run(b);
            apr_pool_clear(b->pool);
        }
        calls += BATCH;
        spent = cpu_seconds() - start;
    } while (spent < 0.002);
    return spent / calls * 1e6;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static void print_all(double (*found)[MAX_ROUNDS], int rounds)
{
    double base = 0;
    int i;

    for (i = 0; i < STAGES; i++) {
        double median;

        qsort(found[i], (size_t)rounds, sizeof(double), compare);
        median = found[i][rounds / 2];
        base = i == 0 ? median : base;
        printf("%-36s\t%8.3f\t%6.3f\t%5.3f\n", stages[i].name, median, median / base,
               (found[i][3 * rounds / 4] - found[i][rounds / 4]) / median);
    }
}

static void prepare(bench *b, apr_pool_t *pool)
{
    clerk_slice rest;

    memset(b, 0, sizeof(*b));
    b->site = bench_site_make(pool);
    b->token = bench_token(b->site, 1, "", pool);
    rest = b->token;
    clerk_slice_cut(&b->segments[0], &rest, '.');
    clerk_slice_cut(&b->segments[1], &rest, '.');
    b->segments[2] = rest;
    b->verify_ctx = EVP_MD_CTX_new();
    b->digest_ctx = EVP_MD_CTX_new();
    b->md = EVP_MD_fetch(NULL, "SHA256", NULL);
    b->fingerprinter = clerk_fingerprinter_create(CLERK_FINGERPRINT_POLY1305, pool);
    need(b->fingerprinter != NULL, "fingerprinter");
    apr_pool_create(&b->pool, pool);
    need(clerk_jwt_decode(&b->jwt, b->token, pool, NULL) == CLERK_OK, "decode");
    clerk_claims_read(&b->claims, b->jwt.payload);
}

static void measure_stages(int rounds, apr_pool_t *pool)
{
    static double found[STAGES][MAX_ROUNDS];
    bench b;
    int i, round;

    prepare(&b, pool);
    for (round = 0; round < rounds; round++) {
        for (i = 0; i < STAGES; i++) {
            found[i][round] = measure(&b, stages[i].run);
        }
    }
    printf("# a token of %lu bytes\n", (unsigned long)b.token.len);
    print_all(found, rounds);
    EVP_MD_CTX_free(b.verify_ctx);
    EVP_MD_CTX_free(b.digest_ctx);
    EVP_MD_free(b.md);
}

int main(int argc, char **argv)
{
    int is_threads = argc > 1 && strcmp(argv[1], "threads") == 0;
    int rounds = argc > 1 + is_threads ? atoi(argv[1 + is_threads]) : 30;
    apr_pool_t *pool;

    if (rounds < 1 || rounds > MAX_ROUNDS) {
        fprintf(stderr, "usage: core [threads] [ROUNDS], 1 to %d\n", MAX_ROUNDS);
        return 2;
    }
    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (is_threads) {
        bench_threads(bench_site_make(pool), rounds, pool);
    }
    else {
        measure_stages(rounds, pool);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
