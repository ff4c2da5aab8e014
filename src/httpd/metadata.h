/* SPDX-License-Identifier: Apache-2.0 - what a protected resource says of itself (RFC 9728) */
#ifndef CLERK_METADATA_H
#define CLERK_METADATA_H

#include <httpd.h>

/**
 * Where the metadata of the resource that the browser asked for is (RFC 9728, 3.1): an
 * absolute URL, safe inside a quoted-string; NULL where `ClerkProtectedResource` is not On.
 */
const char *clerk_metadata_url(request_rec *r);

#endif
