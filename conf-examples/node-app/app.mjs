// SPDX-License-Identifier: Apache-2.0 - a Node app without a Clerk SDK; httpd tells it who is asking
import { createServer } from 'node:http';

/** Values that no header could hold are percent-encoded; all others come as they are. */
function text(value) {
    return value !== undefined && /%[0-9A-F]{2}/.test(value) ? decodeURIComponent(value) : value;
}

/** Who is asking, or null. Node writes the names of header fields in lower case. */
function who({ headers }) {
    if (headers['x-clerk-user-id'] === undefined) {
        return null;
    }
    return {
        user: headers['x-clerk-user-id'],
        organization: text(headers['x-clerk-org-slug']) ?? null,
        role: headers['x-clerk-org-role'] ?? null,
        permissions: (headers['x-clerk-org-permissions'] ?? '').split(',').filter(Boolean),
    };
}

const server = createServer((request, response) => {
    const answer = { path: request.url, who: who(request) };

    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(answer) + '\n');
});

// Only httpd may reach it: whoever else did could claim to be anybody.
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
