/* SPDX-License-Identifier: Apache-2.0 - what an application is told of a User */
#include "user.h"

#include "json.h"

/* The kept form: as many texts, each with a NUL behind it; an absent one is empty. */
enum { JSON, EMAIL, USERNAME, FIRST_NAME, LAST_NAME, IMAGE_URL, TEXTS };

/** Bounded in depth by how the document was loaded. */
static void drop_private(json_t *value)
{
    const char *name;
    json_t *member;
    size_t i;

    if (json_is_object(value)) {
        json_object_del(value, "private_metadata");
        json_object_foreach(value, name, member) {
            drop_private(member);
        }
    }
    json_array_foreach(value, i, member) {
        drop_private(member);
    }
}

static const char *primary_email(const json_t *user)
{
    const char *id = clerk_json_string(user, "primary_email_address_id");
    const json_t *addresses = json_object_get(user, "email_addresses");
    const json_t *address;
    size_t i;

    json_array_foreach(addresses, i, address) {
        const char *found = clerk_json_string(address, "id");

        if (id != NULL && found != NULL && strcmp(id, found) == 0) {
            return clerk_json_string(address, "email_address");
        }
    }
    return NULL;
}

/** Without what no application is told; NULL without memory. */
static const char *public_text(const json_t *user, apr_pool_t *pool)
{
    json_t *copy = json_deep_copy(user);
    const char *text = NULL;

    if (copy != NULL) {
        drop_private(copy);
        text = clerk_json_text(copy, pool);
    }
    json_decref(copy);
    return text;
}

static clerk_slice joined(const char *const *texts, apr_pool_t *pool)
{
    clerk_slice kept = { NULL, TEXTS };
    char *at;
    int i;

    for (i = 0; i < TEXTS; i++) {
        kept.len += texts[i] ? strlen(texts[i]) : 0;
    }
    kept.ptr = at = apr_palloc(pool, kept.len);
    for (i = 0; i < TEXTS; i++) {
        apr_size_t length = texts[i] ? strlen(texts[i]) : 0;

        memcpy(at, texts[i] ? texts[i] : "", length);
        at += length;
        *at++ = '\0';
    }
    return kept;
}

clerk_status clerk_user_digest(clerk_slice *kept, clerk_slice body, const char *id,
                               apr_pool_t *pool, clerk_error *error)
{
    const char *texts[TEXTS];
    const json_t *user;
    const char *found;

    if (clerk_json_load(&user, body, pool, error) != CLERK_OK) {
        return clerk_fail(error, CLERK_E_MACHINE_UNDECIDED,
                          "the Backend API's User is no JSON object");
    }
    found = clerk_json_string(user, "id");
    if (found == NULL || strcmp(found, id) != 0) {
        return clerk_fail(error, CLERK_E_MACHINE_UNDECIDED,
                          "the Backend API answered with another user or none");
    }
    texts[JSON] = public_text(user, pool);
    if (texts[JSON] == NULL) {
        return clerk_fail(error, CLERK_E_MACHINE_UNDECIDED, "no memory for a User");
    }
    texts[EMAIL] = primary_email(user);
    texts[USERNAME] = clerk_json_string(user, "username");
    texts[FIRST_NAME] = clerk_json_string(user, "first_name");
    texts[LAST_NAME] = clerk_json_string(user, "last_name");
    texts[IMAGE_URL] = clerk_json_string(user, "image_url");
    *kept = joined(texts, pool);
    return CLERK_OK;
}

static const char *present(const char *text)
{
    return *text != '\0' ? text : NULL;
}

clerk_status clerk_user_read(clerk_user *user, clerk_slice kept, clerk_error *error)
{
    const char *texts[TEXTS];
    clerk_slice text;
    int i;

    for (i = 0; i < TEXTS; i++) {
        texts[i] = kept.ptr;
        if (!clerk_slice_cut(&text, &kept, '\0')) {
            return clerk_fail(error, CLERK_E_MACHINE_UNDECIDED, "a kept User is cut short");
        }
    }
    if (kept.len > 0 || *texts[JSON] != '{') {
        return clerk_fail(error, CLERK_E_MACHINE_UNDECIDED, "a kept User is none");
    }
    user->json = texts[JSON];
    user->email = present(texts[EMAIL]);
    user->username = present(texts[USERNAME]);
    user->first_name = present(texts[FIRST_NAME]);
    user->last_name = present(texts[LAST_NAME]);
    user->image_url = present(texts[IMAGE_URL]);
    return CLERK_OK;
}
