/* SPDX-License-Identifier: Apache-2.0 - an httpd module with one fault of each kind, to test the sanitizers' set-up */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>

static volatile int sink;

static int faulty_handler(request_rec *r)
{
    if (r->args == NULL || strcmp(r->handler, "faulty") != 0) {
        return DECLINED;
    }
    if (strcmp(r->args, "leak") == 0) {
        char *lost = malloc(31);
        memset(lost, 1, 31);
        sink = lost[30];
        lost = NULL;
    }
    else if (strcmp(r->args, "use-after-free") == 0) {
        char *gone = malloc(31);
        memset(gone, 1, 31);
        free(gone);
        sink = gone[sink];
    }
    else if (strcmp(r->args, "overflow") == 0) {
        int most = INT_MAX - sink;
        sink = most + (int)strlen(r->args);
    }
    ap_rputs("done\n", r);
    return OK;
}

static void register_hooks(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_handler(faulty_handler, NULL, NULL, APR_HOOK_MIDDLE);
}

module AP_MODULE_DECLARE_DATA faulty_module = {
    STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, register_hooks, 0
};
