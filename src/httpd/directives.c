/* SPDX-License-Identifier: Apache-2.0 - the directive table */
#include <stddef.h>

#include <http_core.h>

#include "config.h"
#include "module.h"
#include "setters.h"

#define SECTION (RSRC_CONF | ACCESS_CONF)       /* server, virtual host, sections */
#define ANYWHERE (RSRC_CONF | OR_AUTHCFG)       /* and .htaccess under AllowOverride AuthConfig */
#define FIELD(name) ((void *)offsetof(clerk_dir_config, name))
#define SERVER_FIELD(name) ((void *)offsetof(clerk_server_config, name))

const command_rec clerk_directives[] = {
    /* The Clerk instance */
    AP_INIT_RAW_ARGS("ClerkPublishableKey", clerk_set_publishable_key, NULL, SECTION,
        "The instance's publishable key, pk_live_... or pk_test_..., or env:NAME or file:PATH"),
    AP_INIT_RAW_ARGS("ClerkSecretKey", clerk_set_secret_key, NULL, SECTION,
        "The instance's secret key, best as file:PATH, env:NAME or exec:COMMAND ARGS"),
    AP_INIT_RAW_ARGS("ClerkMachineSecretKey", clerk_set_machine_secret_key, NULL, SECTION,
        "A machine's secret key, in the same forms: verifies M2M tokens in its place"),
    AP_INIT_RAW_ARGS("ClerkJWTKey", clerk_set_jwt_key, NULL, SECTION,
        "An RSA public key in PEM, or file:PATH or env:NAME: verifies tokens without network"),
    AP_INIT_TAKE1("ClerkAPIURL", clerk_set_api_url, NULL, SECTION,
        "The Backend API, by default https://api.clerk.com"),
    AP_INIT_TAKE1("ClerkJWKSURL", clerk_set_jwks_url, NULL, SECTION,
        "Where the instance's JWK Set is, if not at Clerk's usual place"),
    AP_INIT_TAKE1("ClerkProxyURL", clerk_set_proxy_url, NULL, SECTION,
        "The Frontend API seen through a proxy: an absolute URL or a path on this site"),
    AP_INIT_TAKE1("ClerkDomain", clerk_set_domain, NULL, SECTION,
        "The domain of a satellite application"),
    AP_INIT_FLAG("ClerkSatellite", clerk_set_satellite, NULL, SECTION,
        "On for a satellite domain of a multi-domain set-up"),
    AP_INIT_FLAG("ClerkSatelliteAutoSync", clerk_set_flag, FIELD(satellite_auto_sync), SECTION,
        "On asks the primary domain about every new browser, not only on the way from sign-in"),
    AP_INIT_FLAG("ClerkForwardedHeaders", clerk_set_flag, FIELD(forwarded_headers), SECTION,
        "On takes this site's own URL from X-Forwarded-Proto and X-Forwarded-Host"),

    /* Policy: which tokens count, and what a verified one must also satisfy */
    AP_INIT_ITERATE("ClerkAcceptsToken", clerk_set_accepted_token, NULL, ANYWHERE,
        "any, or one or more of session_token, oauth_token, m2m_token and api_key"),
    AP_INIT_ITERATE("ClerkAuthorizedParties", clerk_set_authorized_party, NULL, ANYWHERE,
        "Origins accepted in the token's azp claim"),
    AP_INIT_ITERATE("ClerkAudience", clerk_set_audience, NULL, ANYWHERE,
        "Values accepted in the token's aud claim"),
    AP_INIT_ITERATE("ClerkIssuer", clerk_set_issuer, NULL, ANYWHERE,
        "Values accepted in the token's iss claim, or any"),
    AP_INIT_TAKE1("ClerkClockSkew", clerk_set_clock_skew, NULL, ANYWHERE,
        "How far clocks may differ, such as 5s or 500ms"),
    AP_INIT_FLAG("ClerkTreatPendingAsSignedOut", clerk_set_flag,
        FIELD(treat_pending_as_signed_out), ANYWHERE,
        "Off lets in a session that still has a task to do"),

    /* Answers */
    AP_INIT_TAKE1("ClerkResponses", clerk_set_responses, NULL, ANYWHERE,
        "http: 401 and 403; protect: the answers of auth.protect()"),
    AP_INIT_FLAG("ClerkSignInRedirect", clerk_set_flag, FIELD(sign_in_redirect), ANYWHERE,
        "Whether a browser without a session is sent to sign in"),
    AP_INIT_FLAG("ClerkHandshake", clerk_set_handshake, FIELD(handshake), ANYWHERE,
        "Whether sessions are renewed; On where ClerkPublishableKey names the Frontend API"),
    AP_INIT_FLAG("ClerkCrossOriginSync", clerk_set_flag, FIELD(cross_origin_sync), ANYWHERE,
        "On renews the session of a browser that comes from another site"),
    AP_INIT_ITERATE("ClerkOrganizationPatterns", clerk_set_path_rule,
        FIELD(organization_paths), ANYWHERE,
        "Paths whose :id or :slug is the organization to be active there"),
    AP_INIT_ITERATE("ClerkPersonalAccountPatterns", clerk_set_path_rule,
        FIELD(personal_account_paths), ANYWHERE,
        "Paths on which no organization is to be active"),
    AP_INIT_FLAG("ClerkDebugHeaders", clerk_set_flag, FIELD(debug_headers), ANYWHERE,
        "On tells status and reason in X-Clerk-Auth-... to whoever is not signed in"),
    AP_INIT_TAKE1("ClerkEnforce", clerk_set_enforce, NULL, ANYWHERE,
        "On, or LogOnly: log verdicts and refuse nothing"),
    AP_INIT_TAKE1("ClerkSignInURL", clerk_set_sign_in_url, FIELD(sign_in_url), ANYWHERE,
        "The sign-in page: absolute, or a path on this site"),
    AP_INIT_TAKE1("ClerkSignUpURL", clerk_set_page_url, FIELD(sign_up_url), ANYWHERE,
        "The sign-up page: absolute, or a path on this site"),
    AP_INIT_TAKE1("ClerkUnauthenticatedURL", clerk_set_page_url, FIELD(unauthenticated_url),
        ANYWHERE, "Where to redirect who is not signed in, instead of to sign-in"),
    AP_INIT_TAKE1("ClerkUnauthorizedURL", clerk_set_page_url, FIELD(unauthorized_url),
        ANYWHERE, "Where to redirect who is signed in and not allowed"),
    AP_INIT_TAKE1("ClerkErrorBody", clerk_set_error_body, NULL, ANYWHERE,
        "auto, json or html: the form of error bodies"),
    AP_INIT_FLAG("ClerkAllowPreflight", clerk_set_flag, FIELD(allow_preflight), ANYWHERE,
        "Whether a CORS preflight passes without a token"),

    /* What the application gets */
    AP_INIT_ITERATE("ClerkExport", clerk_set_export, NULL, ANYWHERE,
        "env, headers, claims or none: how the application learns who is asking"),
    AP_INIT_TAKE12("ClerkExportClaim", clerk_set_export_claim, NULL, ANYWHERE,
        "A claim's path, and a name if not made of the whole path: one more claim to export"),
    AP_INIT_TAKE1("ClerkRemoteUser", clerk_set_remote_user, NULL, ANYWHERE,
        "The path of the claim that REMOTE_USER takes, by default the subject"),

    AP_INIT_FLAG("ClerkIdentify", clerk_set_identify, NULL, ANYWHERE,
        "Whether to find out who is asking even where nothing is required"),
    AP_INIT_TAKE1("ClerkForwardToken", clerk_set_forward_token, NULL, ANYWHERE,
        "off, session or template:NAME: the token that the application finds in Authorization"),
    AP_INIT_FLAG("ClerkStripCredentials", clerk_set_flag, FIELD(strip_credentials), ANYWHERE,
        "Whether Clerk's cookies and tokens are kept from the application"),
    AP_INIT_FLAG("ClerkUser", clerk_set_user, NULL, ANYWHERE,
        "Whether the user's profile is fetched and exported"),

    /* What a protected resource says of itself */
    AP_INIT_FLAG("ClerkProtectedResource", clerk_set_protected_resource, NULL, SECTION,
        "Whether metadata of this OAuth-protected resource are served (RFC 9728)"),
    AP_INIT_ITERATE("ClerkProtectedResourceScopes", clerk_set_resource_scope, NULL, SECTION,
        "Scopes that clients of this resource may ask for, such as notes:read"),
    AP_INIT_TAKE1("ClerkProtectedResourceName", clerk_set_resource_name, NULL, SECTION,
        "The name of this resource, for people"),
    AP_INIT_TAKE1("ClerkProtectedResourceDocumentation", clerk_set_resource_documentation, NULL,
        SECTION, "The URL of a page for developers that use this resource"),

    /* The whole server */
    AP_INIT_TAKE1("ClerkKeyRefresh", clerk_set_interval, SERVER_FIELD(key_refresh), RSRC_CONF,
        "The age at which a key set is fetched anew, such as 300s"),
    AP_INIT_TAKE1("ClerkKeyMaxStale", clerk_set_interval, SERVER_FIELD(key_max_stale),
        RSRC_CONF, "How long known keys serve on while their source is down, such as 24h"),
    AP_INIT_TAKE1("ClerkKeyMinInterval", clerk_set_interval, SERVER_FIELD(key_min_interval),
        RSRC_CONF, "The least time between two fetches of a key set, such as 10s"),
    AP_INIT_TAKE1("ClerkMachineTokenTTL", clerk_set_interval_or_none,
        SERVER_FIELD(machine_token_ttl), RSRC_CONF,
        "How long a good answer about an opaque machine token is remembered, such as 30s"),
    AP_INIT_TAKE1("ClerkTokenCache", clerk_set_token_cache, NULL, RSRC_CONF,
        "How many tokens that it has verified a process keeps, or off"),
    AP_INIT_TAKE1("ClerkAPIConnections", clerk_set_api_connections, NULL, RSRC_CONF,
        "How many requests to the Backend API a process makes at a time"),
    AP_INIT_TAKE1("ClerkCache", clerk_set_cache, NULL, RSRC_CONF,
        "The cache that processes and servers share: shmcb, redis:HOST:PORT, ... or none"),
    AP_INIT_TAKE12("ClerkAPITimeout", clerk_set_api_timeout, NULL, RSRC_CONF,
        "How long to wait for Clerk's API: to connect, and in total, such as 2s 5s"),
    AP_INIT_TAKE1("ClerkAPICAFile", clerk_set_api_ca_file, NULL, RSRC_CONF,
        "PEM certificates of the authorities that Clerk's API is checked against"),
    AP_INIT_TAKE1("ClerkAPIProxy", clerk_set_api_proxy, NULL, RSRC_CONF,
        "The URL of an HTTP proxy on the way to Clerk's API"),

    /* httpd's own, looked at and passed on: for start-up checks and the name of a refusing line */
    AP_INIT_TAKE1("AuthType", clerk_note_auth_type, NULL, OR_AUTHCFG,
        "An HTTP authorization type (e.g., \"Basic\")"),
    AP_INIT_TAKE1("AuthMerging", clerk_note_auth_merging, NULL, OR_AUTHCFG,
        "controls how a <Directory>, <Location>, or similar directive's authorization "
        "directives are combined with those of its predecessor"),
    AP_INIT_RAW_ARGS("Require", clerk_note_require, NULL, OR_AUTHCFG,
        "specifies authorization directives which one must pass"),

    { NULL, { NULL }, NULL, 0, RAW_ARGS, NULL }
};
