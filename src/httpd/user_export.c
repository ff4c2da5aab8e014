/* SPDX-License-Identifier: Apache-2.0 - the User of who is asking, for the application */
#include "user_export.h"

#include <stddef.h>

#include "../service/users.h"
#include "export.h"
#include "respond.h"
#include "runtime.h"
#include "who.h"

static const struct user_name {
    const char *env;
    const char *header;
    size_t field;
} names[] = {
    { "CLERK_USER", "X-Clerk-User", offsetof(clerk_user, json) },
    { "CLERK_USER_EMAIL", "X-Clerk-User-Email", offsetof(clerk_user, email) },
    { "CLERK_USER_USERNAME", "X-Clerk-User-Username", offsetof(clerk_user, username) },
    { "CLERK_USER_FIRST_NAME", "X-Clerk-User-First-Name", offsetof(clerk_user, first_name) },
    { "CLERK_USER_LAST_NAME", "X-Clerk-User-Last-Name", offsetof(clerk_user, last_name) },
    { "CLERK_USER_IMAGE_URL", "X-Clerk-User-Image-Url", offsetof(clerk_user, image_url) },
    { NULL, NULL, 0 }
};

static const char *field(const clerk_user *user, const struct user_name *name)
{
    return *(const char *const *)(const void *)((const char *)user + name->field);
}

/** Once a request, whether it can be had or not. */
static const clerk_user *find(request_rec *r, const clerk_instance *instance, const char *id,
                              clerk_api_failure *failure)
{
    clerk_request *record = clerk_request_of(r);

    if (record->user_id == NULL || strcmp(record->user_id, id) != 0) {
        clerk_user *user = apr_pcalloc(r->pool, sizeof(*user));

        record->user_id = id;
        record->user = clerk_users_find(user, clerk_runtime_answers(), clerk_runtime_api(),
                                        instance, id, &record->user_failure, r->pool)
                               == CLERK_OK
                           ? user
                           : NULL;
    }
    *failure = record->user_failure;
    return record->user;
}

const char *clerk_user_value(request_rec *r, const char *env)
{
    const clerk_auth *auth = clerk_request_who(r);
    const struct user_name *name = names;
    const clerk_user *user = NULL;
    clerk_api_failure failure;

    if (auth != NULL && auth->user_id != NULL && clerk_request_config(r)->user == CLERK_ON) {
        user = find(r, clerk_request_instance(r), auth->user_id, &failure);
    }
    while (name->env != NULL && strcmp(name->env, env) != 0) {
        name++;
    }
    return user != NULL && name->env != NULL ? field(user, name) : NULL;
}

int clerk_user_export(request_rec *r, const clerk_request *record)
{
    const char *id = record->verdict.auth->user_id;
    const struct user_name *name;
    const clerk_user *user;
    clerk_api_failure failure;

    if (clerk_request_config(r)->user != CLERK_ON || id == NULL) {
        return OK;
    }
    user = find(r, record->instance, id, &failure);
    if (user == NULL) {
        return clerk_respond_unavailable(r, record, "the User", &failure);
    }
    for (name = names; name->env != NULL; name++) {
        clerk_export_value(r, name->env, name->header, field(user, name));
    }
    return OK;
}
