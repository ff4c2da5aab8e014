// SPDX-License-Identifier: Apache-2.0 - what the SDK takes for granted, and Node.js 18 lacks
import { webcrypto } from 'node:crypto';

globalThis.crypto ??= webcrypto;
