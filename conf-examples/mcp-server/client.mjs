// SPDX-License-Identifier: Apache-2.0 - an MCP client that has its user sign in where the server says
//
//     node client.mjs https://www.example.com/mcp "a note to keep"
import { createServer } from 'node:http';
import { once } from 'node:events';

import './web-crypto.mjs';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const [url, note] = process.argv.slice(2);

// Where the browser comes back to, on this machine (RFC 8252, 7.3).
const callback = createServer().listen(0, '127.0.0.1');
await once(callback, 'listening');
const redirectUrl = `http://127.0.0.1:${callback.address().port}/callback`;

async function authorizationCode() {
    const [request, response] = await once(callback, 'request');
    const answer = new URL(request.url, redirectUrl).searchParams;

    response.end('You can close this page.\n');
    if (!answer.has('code') || answer.get('state') !== kept.state) {
        throw new Error(`not signed in: ${answer.get('error') ?? 'wrong state'}`);
    }
    return answer.get('code');
}

// What a client keeps; this one forgets it at its end.
const kept = { state: crypto.randomUUID() };
const provider = {
    redirectUrl,
    clientMetadata: { client_name: 'Example client', redirect_uris: [redirectUrl],
                      token_endpoint_auth_method: 'none' },
    state: () => kept.state,
    clientInformation: () => kept.client,
    saveClientInformation: (client) => { kept.client = client; },
    tokens: () => kept.tokens,
    saveTokens: (tokens) => { kept.tokens = tokens; },
    codeVerifier: () => kept.verifier,
    saveCodeVerifier: (verifier) => { kept.verifier = verifier; },
    redirectToAuthorization: (page) => console.log(`Open ${page}`),
};

async function connected(client) {
    const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: provider });

    try {
        await client.connect(transport);
    }
    catch (error) {
        if (!(error instanceof UnauthorizedError)) {
            throw error;
        }
        await transport.finishAuth(await authorizationCode());
        await client.connect(
            new StreamableHTTPClientTransport(new URL(url), { authProvider: provider }));
    }
}

try {
    const client = new Client({ name: 'example-client', version: '1.0.0' });

    await connected(client);
    await client.callTool({ name: 'add_note', arguments: { note } });
    const answer = await client.callTool({ name: 'list_notes' });
    console.log(answer.content[0].text);
    await client.close();
}
finally {
    callback.close();
}
