/* SPDX-License-Identifier: Apache-2.0 - the URL of a request as its browser sees it */
#ifndef CLERK_OWN_URL_H
#define CLERK_OWN_URL_H

#include <httpd.h>

/**
 * This request's URL as the browser sees it, of the request that the browser sent.
 *
 * The host a client names counts only where configuration names it, too (ServerName,
 * ServerAlias, or a loopback name); else it is ServerName's. Under ClerkForwardedHeaders On
 * host and scheme are what the front end says, and Host as it came where it says nothing.
 */
const char *clerk_own_url(request_rec *r);

#endif
