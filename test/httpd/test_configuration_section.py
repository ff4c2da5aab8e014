# SPDX-License-Identifier: Apache-2.0 - settings that hold section by section: what is refused, and what is accepted everywhere
from __future__ import annotations

import base64
import re

import pytest

from httpd import Httpd
from test_configuration import PK, SECRET, assert_refused, cases

NO_ORIGIN = (" is not an origin: write scheme, host and a port that is not the usual one, in "
             "lower case and without a path, as in https://www.example.com")
NO_ISSUER = (" is not an issuer: write it as in the iss claim, such as "
             "https://clerk.example.com, or any")
NO_PAGE = " is not a usable URL: write https://HOST[:PORT]/PATH or a /PATH on this site"
NO_PATH = (" is not a claim's path: write member names joined by dots, as in metadata.plan")
CLAIM_USE = ("ClerkExportClaim takes 1-2 arguments, A claim's path, and a name if not made of the "
             "whole path: one more claim to export")
EXPORT_USE = ("ClerkExport requires at least one argument, env, headers, claims or none: how the "
              "application learns who is asking")
ISSUER_USE = ("ClerkIssuer requires at least one argument, Values accepted in the token's iss "
              "claim, or any")

POLICY = [
    ("ClerkAuthorizedParties", "ClerkAuthorizedParties requires at least one argument, Origins "
                               "accepted in the token's azp claim"),
    *[(f"ClerkAuthorizedParties {origin}", f'ClerkAuthorizedParties: "{origin}"{NO_ORIGIN}')
      for origin in ("https://www.example.com/", "https://www.example.com/app",
                     "https://WWW.example.com", "HTTPS://www.example.com", "www.example.com",
                     "www.example.com:8443", "https://", "://www.example.com", "*", "null",
                     "https://www.example.com?x", "https://www.example.com#x",
                     "https://www.example.com:443",
                     "http://www.example.com:80", "https://www.example.com:",
                     "https://www.example.com:port", "https://www.example.com:08443",
                     "https://:8443", "https://*.example.com", "https://[::1",
                     "https://www.example.com,https://example.com")],
    ("ClerkAuthorizedParties https://www.example.com https://example.com/",
     'ClerkAuthorizedParties: "https://example.com/"' + NO_ORIGIN),
    ('ClerkAuthorizedParties "https://www.example.com https://example.com"',
     'ClerkAuthorizedParties: "https://www.example.com https://example.com"' + NO_ORIGIN),
    ("ClerkAudience", "ClerkAudience requires at least one argument, Values accepted in the "
                      "token's aud claim"),
    ("ClerkIssuer", ISSUER_USE),
    ('ClerkIssuer ""', ISSUER_USE),
    *[(f"ClerkIssuer {issuer}", f'ClerkIssuer: "{issuer}"{NO_ISSUER}')
      for issuer in ("clerk.example.com", "ftp://clerk.example.com", "https://", "all",
                     "https://clerk.example.com/#x", "/issuer")],
    *[(f"ClerkIssuer {issuers}", 'ClerkIssuer: "any" cannot stand beside other issuers: write either')
      for issuers in ("any https://clerk.example.com", "https://clerk.example.com any",
                      "any any", "https://clerk.example.com ANY")],
    ("ClerkClockSkew", "ClerkClockSkew takes one argument, How far clocks may differ, such as 5s "
                       "or 500ms"),
    ("ClerkClockSkew 5s 500ms", "ClerkClockSkew takes one argument, How far clocks may differ, "
                                "such as 5s or 500ms"),
    ("ClerkTreatPendingAsSignedOut", "ClerkTreatPendingAsSignedOut must be On or Off"),
    ("ClerkTreatPendingAsSignedOut 0", "ClerkTreatPendingAsSignedOut must be On or Off"),
]

ANSWERS = [
    ("ClerkResponses", "ClerkResponses takes one argument, http: 401 and 403; protect: the "
                       "answers of auth.protect()"),
    ("ClerkResponses rest", 'ClerkResponses: "rest" is not known: write http or protect'),
    ("ClerkResponses http protect", "ClerkResponses takes one argument, http: 401 and 403; "
                                    "protect: the answers of auth.protect()"),
    ("ClerkSignInRedirect", "ClerkSignInRedirect must be On or Off"),
    ("ClerkSignInRedirect /sign-in", "ClerkSignInRedirect must be On or Off"),
    ("ClerkEnforce", "ClerkEnforce takes one argument, On, or LogOnly: log verdicts and refuse "
                     "nothing"),
    ("ClerkEnforce Off", 'ClerkEnforce: "Off" is not known: write On or LogOnly; to '
     'protect nothing here, remove AuthType Clerk'),
    ("ClerkEnforce Log Only", "ClerkEnforce takes one argument, On, or LogOnly: log verdicts and "
                              "refuse nothing"),
    ("ClerkSignInURL", "ClerkSignInURL takes one argument, The sign-in page: absolute, or a path "
                       "on this site"),
    ("ClerkUnauthenticatedURL", "ClerkUnauthenticatedURL takes one argument, Where to redirect "
                                "who is not signed in, instead of to sign-in"),
    ("ClerkUnauthorizedURL", "ClerkUnauthorizedURL takes one argument, Where to redirect who is "
                             "signed in and not allowed"),
    ("ClerkSignUpURL", "ClerkSignUpURL takes one argument, The sign-up page: absolute, or a path "
                       "on this site"),
    *[(f"{name} {url}", f'{name}: "{url}"{NO_PAGE}')
      for name in ("ClerkSignInURL", "ClerkSignUpURL", "ClerkUnauthenticatedURL",
                   "ClerkUnauthorizedURL")
      for url in ("sign-in", "//other.example", "javascript:alert(1)", "ftp://www.example.com/",
                  "https://", "https://www.example.com/#start", "www.example.com/sign-in")],
    ("ClerkSignInURL /\\other.example",
     f'ClerkSignInURL: "/\\\\other.example"{NO_PAGE}'),   # httpd doubles a backslash in its log
    ("ClerkErrorBody", "ClerkErrorBody takes one argument, auto, json or html: the form of error "
                       "bodies"),
    ("ClerkErrorBody text", 'ClerkErrorBody: "text" is not known: write auto, json or html'),
    ("ClerkAllowPreflight", "ClerkAllowPreflight must be On or Off"),
    ("ClerkAllowPreflight any", "ClerkAllowPreflight must be On or Off"),
]

NO_PATTERN = "; write one as in /orgs/:slug or /orgs/:slug/(.*)"
BROWSERS = [
    *[(f"{name} {value}", f"{name} must be On or Off")
      for name in ("ClerkHandshake", "ClerkCrossOriginSync", "ClerkSatelliteAutoSync",
                   "ClerkDebugHeaders", "ClerkForwardedHeaders") for value in ("", "auto", "1")],
    ("ClerkOrganizationPatterns", "ClerkOrganizationPatterns requires at least one argument, "
                                  "Paths whose :id or :slug is the organization to be active there"),
    ("ClerkPersonalAccountPatterns", "ClerkPersonalAccountPatterns requires at least one argument, "
                                     "Paths on which no organization is to be active"),
    *[(f"{name} {pattern}", f'{name}: "{pattern}" is not a path pattern: {reason}{NO_PATTERN}')
      for name in ("ClerkOrganizationPatterns", "ClerkPersonalAccountPatterns")
      for pattern, reason in (
          ("/orgs/:", "a : without a parameter's name, at character 7"),
          ("/orgs/:slug(", "a ( without its ), at character 12"),
          ("orgs/:slug", "a path begins with /, at character 1"),
          ("/orgs/*", "nothing to repeat, at character 7"),
          ("/:x" + "/(a)" * 31, "it has too many parameters"),
          ("/:id(b{2,1})", "its regular expression does not compile"),
          ("/:id([z-a])", "its regular expression does not compile"))],
    ("ClerkOrganizationPatterns /a/:slug /b/{:slug",
     'ClerkOrganizationPatterns: "/b/{:slug" is not a path pattern: a } belongs here, at '
     'character 10' + NO_PATTERN),
]

EXPORTS = [
    ("ClerkExport", EXPORT_USE),
    ("ClerkExport cookies", 'ClerkExport: "cookies" is not known: write one or more of env, headers and claims, or none'),
    ("ClerkExport env,headers",
     'ClerkExport: "env,headers" is not known: write one or more of env, headers and claims, or none'),
    *[(f"ClerkExport {words}", 'ClerkExport: "none" cannot stand beside other words: write either')
      for words in ("none env", "env none", "none none", "headers claims NONE")],
    ("ClerkExport env\n>>> ClerkExport none", 'ClerkExport: "none" cannot stand beside other words: write either'),
    ("ClerkExportClaim", CLAIM_USE),
    ("ClerkExportClaim metadata.plan PLAN gold", CLAIM_USE),
    *[(f"{name} {path}", f'{name}: "{path}"{NO_PATH}')
      for name in ("ClerkExportClaim", "ClerkRemoteUser")
      for path in (".plan", "metadata.", "metadata..plan", ".")],
    *[(f'ClerkExportClaim metadata.plan "{name}"',
       f'ClerkExportClaim: "{name}" is not a name: letters, digits, _ and -')
      for name in ("MY PLAN", "PLAN.A", "PLAN:A", "plan/a")],
    ("ClerkRemoteUser", "ClerkRemoteUser takes one argument, The path of the claim that "
                        "REMOTE_USER takes, by default the subject"),
    ("ClerkRemoteUser email name", "ClerkRemoteUser takes one argument, The path of the claim "
                                   "that REMOTE_USER takes, by default the subject"),
]


@pytest.mark.parametrize("line, sentence", cases([*POLICY, *ANSWERS, *BROWSERS, *EXPORTS]))
def test_refused(line, sentence):
    """O13: a pattern, too."""
    assert_refused(line, sentence)


@pytest.mark.sanitize
@pytest.mark.parametrize("line, sentence", cases([
    ("ClerkAuthorizedParties https://example.com https://example.com/",
     'ClerkAuthorizedParties: "https://example.com/"' + NO_ORIGIN),
    ("ClerkIssuer https://clerk.example.com any", 'ClerkIssuer: "any" cannot stand beside other issuers: write either'),
    ("ClerkClockSkew 5x", 'ClerkClockSkew: "5x" is not a time: write it as in 5s, 500ms or 24h'),
    ("ClerkEnforce Off", 'ClerkEnforce: "Off" is not known: write On or LogOnly; to '
     'protect nothing here, remove AuthType Clerk'),
    ("ClerkExportClaim a..b", f'ClerkExportClaim: "a..b"{NO_PATH}'),
]))
def test_a_start_says_the_same(line, sentence):
    assert_refused(line, sentence, start=True)


# ---------------------------------------------------------------- right spellings

PADDED = "pk_test_" + base64.b64encode(b"happy-hippo-12.clerk.accounts.dev$").decode()
KEYED = f"ClerkPublishableKey {PK}\n"
MACHINE = "ak_nobodyMayEverSeeThis"

ANYWHERE = [
    "ClerkAcceptsToken session_token", "ClerkAcceptsToken oauth_token Session_Token",
    "ClerkAcceptsToken session_token\nClerkAcceptsToken oauth_token",
    "ClerkAuthorizedParties https://www.example.com",
    "ClerkAuthorizedParties https://www.example.com http://localhost:3000 "
    "chrome-extension://abcdefghijklmnop",
    "ClerkAuthorizedParties https://www.example.com:8443 http://[::1]:3000 http://10.0.0.1:443",
    "ClerkAudience https://api.example.com my-api",
    "ClerkIssuer https://clerk.example.com http://localhost:8080/issuer",
    "ClerkIssuer any", "ClerkIssuer Any",
    "ClerkClockSkew 0", "ClerkClockSkew 5", "ClerkClockSkew 5s", "ClerkClockSkew 500ms",
    "ClerkClockSkew 1mi",
    "ClerkTreatPendingAsSignedOut On", "ClerkTreatPendingAsSignedOut off",
    "ClerkResponses http", "ClerkResponses Protect",
    "ClerkSignInRedirect Off", "ClerkEnforce On", "ClerkEnforce logonly",
    "ClerkSignInURL /sign-in", "ClerkSignInURL https://accounts.example.com/sign-in?x=1",
    "ClerkSignInURL http://www.example.com/",
    "ClerkUnauthenticatedURL /welcome?from=app", "ClerkUnauthorizedURL https://example.com",
    "ClerkSignUpURL /sign-up", "ClerkSignUpURL https://accounts.example.com/sign-up?x=1",
    "ClerkHandshake Off", "ClerkCrossOriginSync On", "ClerkDebugHeaders On",
    "ClerkOrganizationPatterns /orgs/:slug /orgs/:slug/(.*)",
    "ClerkOrganizationPatterns /orgs/:slug\nClerkOrganizationPatterns /by-id/:id(org_[a-z0-9]+)",
    'ClerkOrganizationPatterns "/:id(\\\\w{2,})" /:slug(\\d+) "{/:lang}?/orgs/:slug*" /' +
    "/".join(f":p{n}" for n in range(31)),
    "ClerkPersonalAccountPatterns /me /me/(.*)",
    "ClerkErrorBody auto", "ClerkErrorBody JSON", "ClerkErrorBody html",
    "ClerkAllowPreflight Off",
    "ClerkExport none", "ClerkExport env", "ClerkExport env headers claims",
    "ClerkExport env\nClerkExport claims",
    "ClerkExportClaim email", "ClerkExportClaim metadata.plan PLAN_1",
    "ClerkExportClaim metadata.plan my-plan", 'ClerkExportClaim "favourite colour" COLOUR',
    "ClerkRemoteUser email", "ClerkRemoteUser metadata.account.name",
]
IN_SECTIONS = [
    f"ClerkPublishableKey {PK}", f'ClerkPublishableKey "{PK}"', f"ClerkPublishableKey ' {PK} '",
    f"ClerkPublishableKey {PADDED}", "ClerkPublishableKey pk_test_Y2xlcmsuZXhhbXBsZS5jb20k",
    f"ClerkSecretKey {SECRET}", "ClerkSecretKey sk_test_a", f'ClerkSecretKey "{SECRET}"',
    f"ClerkMachineSecretKey {MACHINE}", f"ClerkMachineSecretKey ' {MACHINE} '",
    "ClerkAPIURL https://api.clerk.com", "ClerkAPIURL https://api.example.com:8443/clerk/",
    "ClerkAPIURL http://localhost:8080", "ClerkAPIURL http://127.0.0.1",
    "ClerkAPIURL http://127.9.9.9:1", "ClerkAPIURL http://[::1]:8080",
    "ClerkAPIURL http://clerk.localhost/", "ClerkAPIURL HTTPS://API.EXAMPLE.COM",
    "ClerkJWKSURL https://example.com/jwks?v=1", "ClerkJWKSURL http://localhost:1/jwks",
    "ClerkProxyURL /__clerk", "ClerkProxyURL /__clerk/", "ClerkProxyURL https://example.com/x",
    "ClerkProxyURL http://localhost:8080/__clerk",
    "ClerkDomain example.com", "ClerkDomain shop.Example-2.com",
    "ClerkSatelliteAutoSync On", "ClerkForwardedHeaders On", "ClerkForwardedHeaders Off",
    "ClerkSatellite Off", "ClerkSatellite On\nClerkDomain example.com",
    "ClerkSatellite On\nClerkProxyURL /__clerk",
]
WHOLE_SERVER = [
    "ClerkKeyRefresh 300", "ClerkKeyRefresh 5mi", "ClerkKeyMaxStale 24h",
    "ClerkMachineTokenTTL 0", "ClerkMachineTokenTTL 60", "ClerkMachineTokenTTL 500ms",
    "ClerkAPIConnections 1", "ClerkAPIConnections 1000",
    "ClerkKeyMinInterval 500ms", "ClerkAPITimeout 2s", "ClerkAPITimeout 2s 2s",
    "ClerkAPITimeout 500ms 5s", "ClerkAPIProxy http://proxy.example.com:3128",
    "ClerkAPIProxy https://proxy.example.com", "ClerkAPIProxy http://[::1]:3128/",
]

PLACES = {
    "server": "{}",
    "virtual host": "<VirtualHost *:80>\n{}\n</VirtualHost>",
    "directory": '<Directory "/srv">\n{}\n</Directory>',
    "location": '<Location "/app">\n{}\n</Location>',
    "files": '<FilesMatch "\\.html$">\n{}\n</FilesMatch>',
    "if": '<If "true">\n{}\n</If>',
}


def says(config: str) -> tuple[int, str]:
    server = Httpd(config)
    try:
        result = server.check_config()
    finally:
        server.discard()
    return result.returncode, result.stdout + result.stderr


@pytest.mark.parametrize("line", [*ANYWHERE, *IN_SECTIONS, *WHOLE_SERVER])
def test_accepted(line):
    assert says(f"{KEYED}{line}") == (0, "Syntax OK\n")


@pytest.mark.sanitize
@pytest.mark.parametrize("place", PLACES)
def test_accepted_in(place):
    """One section a line, so that no two lines meet."""
    config = "\n".join(PLACES[place].replace("{}", line) for line in IN_SECTIONS + ANYWHERE
                       if place != "server" or not re.search("any|none|Satellite", line, re.I))
    assert says(f"{KEYED}{config}") == (0, "Syntax OK\n")


def test_a_proxy_that_asks_for_a_password():
    assert says("ClerkAPIProxy http://user:word@proxy.example.com:3128") == (0, "Syntax OK\n")
