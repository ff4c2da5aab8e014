// SPDX-License-Identifier: Apache-2.0 - asks Clerk's SDK for its verdict, one JSON line each
//
// Reads one question per line, writes one answer per line, in order. Settings that hold
// for all questions come from the environment: CLERK_API_URL, CLERK_PUBLISHABLE_KEY,
// CLERK_SECRET_KEY.
//
//   {"ask": "authenticate",   what authenticateRequest says of a request (the default)
//    "token": "…",            sent as Authorization: Bearer
//    "cookies": {…}, "headers": {…}, "method": "GET", "url": "http://localhost:8080/",
//    "options": {…},          options of authenticateRequest (acceptsToken, audience, …);
//                             a null one takes a setting of the environment away
//    "signIn": {"devBrowserToken": "…"},   where redirectToSignIn would lead (also to tasks)
//    "has": [{"role": "admin"}, …],
//    "now": 1700000000000}    milliseconds; the clock stands still there (best with
//                             options.jwtKey, as the age of the key set is measured by it)
//   {"ask": "verify", "token": "…", "options": {…}}     what verifyToken says
//   {"ask": "suffix", "publishableKey": "pk_…"}         the cookie suffix
//   {"ask": "backend", "call": "users.getUser", "arguments": ["user_…"]}
//                            what a call of the Backend API's client brings, or its errors
//
// The SDK keeps the JWKS per secret key for five minutes, as it does in an application.

import { webcrypto } from 'node:crypto';
import { createInterface } from 'node:readline';
import './set_cookies.mjs';
import { createClerkClient, verifyToken } from '@clerk/backend';
import { createClerkRequest, createRedirect } from '@clerk/backend/internal';
import { getCookieSuffix } from '@clerk/shared/keys';

process.env.CLERK_TELEMETRY_DISABLED = '1';
// The SDK warns on the console, and stdout belongs to the answers.
console.log = console.info = console.warn = console.error;

const apiUrl = process.env.CLERK_API_URL;
const defaults = {
  publishableKey: process.env.CLERK_PUBLISHABLE_KEY,
  secretKey: process.env.CLERK_SECRET_KEY,
};
const clients = new Map();
const realNow = Date.now;

/** A client refreshes sessions with its own secret key, so each key has one. */
function clientOf({ secretKey, publishableKey } = defaults) {
  const key = JSON.stringify([secretKey, publishableKey]);
  if (!clients.has(key)) {
    clients.set(key, createClerkClient(
      { apiUrl, secretKey, publishableKey, telemetry: { disabled: true } }));
  }
  return clients.get(key);
}

/** Options with the defaults beneath them; null removes a default. */
function withDefaults(options) {
  const merged = { apiUrl, ...defaults, ...options };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
}

function requestOf({ token, cookies, headers, method = 'GET', url = 'http://localhost:8080/' }) {
  const all = new Headers(headers);
  if (token !== undefined) {
    all.set('authorization', `Bearer ${token}`);
  }
  if (cookies) {
    all.set('cookie', Object.entries(cookies).map(pair => pair.join('=')).join('; '));
  }
  return new Request(url, { method, headers: all });
}

/** The members of an auth object that tests compare, of sessions and machine tokens. */
function identityOf(auth, wanted = []) {
  return {
    userId: auth.userId ?? null,
    sessionId: auth.sessionId ?? null,
    sessionStatus: auth.sessionStatus ?? null,
    actor: auth.actor ?? null,
    orgId: auth.orgId ?? null,
    orgSlug: auth.orgSlug ?? null,
    orgRole: auth.orgRole ?? null,
    orgPermissions: auth.orgPermissions ?? null,
    factorVerificationAge: auth.factorVerificationAge ?? null,
    id: auth.id ?? null,
    name: auth.name ?? null,
    subject: auth.subject ?? null,
    machineId: auth.machineId ?? null,
    clientId: auth.clientId ?? null,
    scopes: auth.scopes ?? null,
    claims: auth.sessionClaims ?? auth.claims ?? null,
    has: wanted.map(requirement => auth.has(requirement)),
  };
}

/** Where a page request that nobody has signed in for would be sent. */
function signInOf(request, { devBrowserToken }, { publishableKey, ...options }) {
  const baseUrl = createClerkRequest(request).clerkUrl;
  const redirectTo = sessionStatus => createRedirect({
    redirectAdapter: url => url, publishableKey, baseUrl, devBrowserToken, sessionStatus,
    signInUrl: options.signInUrl, signUpUrl: options.signUpUrl, isSatellite: options.isSatellite,
  }).redirectToSignIn({ returnBackUrl: baseUrl });
  return { signIn: redirectTo(null), tasks: redirectTo('pending') };
}

async function authenticate(question) {
  const request = requestOf(question);
  const options = withDefaults(question.options);
  const signIn = question.signIn && signInOf(requestOf(question), question.signIn, options);
  let state;
  try {
    state = await clientOf(options).authenticateRequest(request, options);
  }
  catch (error) {
    return { ...problemOf(error), ...signIn };
  }
  const { treatPendingAsSignedOut } = question.options ?? {};
  // A handshake has no auth object.
  const auth = state.toAuth({ treatPendingAsSignedOut }) ?? { has: () => false };
  return {
    status: state.status,
    reason: state.reason ?? null,
    tokenType: state.tokenType ?? null,
    location: state.headers.get('location'),
    cacheControl: state.headers.get('cache-control'),
    allowOrigin: state.headers.get('access-control-allow-origin'),
    setCookie: state.headers.getSetCookie(),
    ...signIn,
    ...identityOf(auth, question.has),
  };
}

async function verify({ token, options }) {
  try {
    return { status: 'verified', claims: await verifyToken(token, withDefaults(options)) };
  }
  catch (error) {
    return { status: 'refused', reason: error.reason ?? error.name };
  }
}

async function suffix({ publishableKey }) {
  return { suffix: await getCookieSuffix(publishableKey, webcrypto.subtle) };
}

/** The members of resources are enumerable, so JSON shows what the SDK understood. */
async function backend({ call, arguments: given }) {
  const [group, name] = call.split('.');
  try {
    return { status: 'done', data: await clientOf()[group][name](...given) };
  }
  catch (error) {
    return {
      status: 'refused',
      httpStatus: error.status ?? null,
      codes: error.errors?.map(each => each.code) ?? null,
    };
  }
}

function problemOf(error) {
  return { status: 'error', reason: error.reason ?? error.name, message: error.message };
}

const answers = { authenticate, verify, suffix, backend };

async function answer(line) {
  try {
    const question = JSON.parse(line);
    if (question.now !== undefined) {
      Date.now = () => question.now;
    }
    return await answers[question.ask ?? 'authenticate'](question);
  }
  catch (error) {
    return problemOf(error);
  }
  finally {
    Date.now = realNow;
  }
}

// One question after the other: the clock is the whole program's.
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
}
