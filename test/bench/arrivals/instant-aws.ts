// S3 and DynamoDB that answer at once and keep nothing, in a process of their own: what is measured is who calls them.
// Started by fork(); sends its port to the parent, then what it has been asked for whenever the parent sends a message.
import { createServer, type IncomingMessage } from 'http';
import type { AddressInfo } from 'net';

/** The ledger's slots, all taken: the arrivals function begins no run. */
const SLOTS = JSON.stringify({ Item: { id: { S: 'slots' }, live: { SS: ['another run'] } } });

let calls: Record<string, number> = {};

function operationOf(request: IncomingMessage): string {
  return (request.headers['x-amz-target'] as string | undefined)?.split('.')[1] ?? `${request.method} object`;
}

const server = createServer((request, response) => {
  const operation = operationOf(request);
  calls[operation] = (calls[operation] ?? 0) + 1;
  request.resume().on('end', () => {
    if (operation === 'HEAD object') {
      response
        .writeHead(200, {
          'Content-Length': 100,
          ETag: '"0123456789abcdef"',
          'Last-Modified': 'Sun, 01 Mar 2026 10:00:00 GMT',
          'x-amz-version-id': 'v1',
        })
        .end();
    } else {
      response
        .writeHead(200, { 'Content-Type': 'application/x-amz-json-1.0' })
        .end(operation === 'GetItem' ? SLOTS : '{}');
    }
  });
});
server.listen(0, '127.0.0.1', () => process.send!({ port: (server.address() as AddressInfo).port }));
process.on('message', () => {
  process.send!({ calls });
  calls = {};
});
process.on('disconnect', () => process.exit(0));
