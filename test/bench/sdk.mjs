// SPDX-License-Identifier: Apache-2.0 - how many tokens @clerk/backend verifies a second on one processor
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const require = createRequire(new URL('../sdk/package.json', import.meta.url));
const { verifyToken } = require('@clerk/backend');
const { token, key, party, seconds } = JSON.parse(readFileSync(0, 'utf8'));
const options = { jwtKey: key, authorizedParties: [party] };

async function verifyFor(milliseconds) {
  const start = process.hrtime.bigint();
  let done = 0;
  let spent = 0;
  while (spent < milliseconds) {
    for (let i = 0; i < 50; i++, done++) {
      await verifyToken(token, options);
    }
    spent = Number(process.hrtime.bigint() - start) / 1e6;
  }
  return done / spent * 1000;
}

await verifyFor(300); // until it is compiled
console.log(await verifyFor(seconds * 1000));
