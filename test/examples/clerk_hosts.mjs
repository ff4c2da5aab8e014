// SPDX-License-Identifier: Apache-2.0 - `node --import` this: Clerk's Frontend API is at the stand-in
//
// CLERK_HOST is its name, CLERK_STANDIN its URL there. As a Frontend API proxy tells Clerk, this
// tells the stand-in by which URL it was asked.
const { fetch } = globalThis;

globalThis.fetch = (input, init = {}) => {
    const url = new URL(input.url ?? input);

    if (url.host !== process.env.CLERK_HOST) {
        return fetch(input, init);
    }
    const headers = new Headers(init.headers);
    headers.set('Clerk-Proxy-Url', url.origin);
    headers.set('Clerk-Secret-Key', process.env.CLERK_SECRET_KEY);
    return fetch(process.env.CLERK_STANDIN + url.pathname + url.search,
                 { ...init, headers });
};
