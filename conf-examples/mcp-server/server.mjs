// SPDX-License-Identifier: Apache-2.0 - a small MCP server; httpd tells it who is asking
import { createServer } from 'node:http';

import './web-crypto.mjs';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { z } from 'zod';

const notes = new Map();   // by user

const text = (value) => ({ content: [{ type: 'text', text: value }] });

function notesServer(user) {
    const server = new McpServer({ name: 'example-notes', version: '1.0.0' });

    server.registerTool('add_note',
        { description: 'Keeps a note', inputSchema: { note: z.string() } },
        ({ note }) => {
            notes.set(user, [...(notes.get(user) ?? []), note]);
            return text('Kept.');
        });
    server.registerTool('list_notes', { description: 'Lists the notes of who asks' },
        () => text(`Notes of ${user}: ${(notes.get(user) ?? []).join('; ') || 'none'}`));
    return server;
}

createServer(async (request, response) => {
    // No token is verified here: httpd has done it, and lets no client send this field.
    const user = request.headers['x-clerk-user-id'];

    if (user === undefined || !request.url.startsWith('/mcp')) {
        response.writeHead(404).end();
        return;
    }
    if (request.method !== 'POST') {   // no sessions here, so nothing to listen to
        response.writeHead(405, { Allow: 'POST' }).end();
        return;
    }
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
    const server = notesServer(user);

    response.on('close', () => server.close());
    await server.connect(transport);
    await transport.handleRequest(request, response);
}).listen(Number(process.env.PORT ?? 3000), '127.0.0.1', function listening() {
    console.log(`listening on port ${this.address().port}`);
});
