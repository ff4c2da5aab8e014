// SPDX-License-Identifier: Apache-2.0 - the Set-Cookie fields of an answer, one by one, on Node.js 18 too
//
// To be imported before the SDK. Node.js 18 as Debian ships it has no getSetCookie, and what
// its Headers give, all fields as one, cannot be taken apart where a value has a comma.

const kept = new WeakMap();

class KeepingHeaders extends globalThis.Headers {
  constructor(init) {
    super(init);   // by append, with all fields as one
    if (init instanceof KeepingHeaders) {
      kept.set(this, init.getSetCookie());
    }
  }

  append(name, value) {
    super.append(name, value);
    if (name.toLowerCase() === 'set-cookie') {
      const trimmed = value.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '');   // as Headers do
      kept.set(this, [...this.getSetCookie(), trimmed]);
    }
  }

  getSetCookie() {
    return [...kept.get(this) ?? []];
  }
}

if (globalThis.Headers.prototype.getSetCookie === undefined) {
  globalThis.Headers = KeepingHeaders;
}
