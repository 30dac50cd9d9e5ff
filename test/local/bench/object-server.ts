import { createServer } from 'http';
import { AddressInfo } from 'net';

/** Serves objects as S3 does, ranges of them too, and costs next to nothing: what is measured is who reads. */
export async function serveObjects(objects: ReadonlyMap<string, Buffer>): Promise<{ endpoint: string; stop(): void }> {
  const server = createServer((request, response) => {
    const content = objects.get(decodeURIComponent(new URL(request.url!, 'http://s3').pathname.replace('/work/', '')));
    if (!content) return response.writeHead(404).end();
    const range = /^bytes=(\d+)-(\d+)$/
      .exec(request.headers.range ?? '')
      ?.slice(1)
      .map(Number);
    const body = range ? content.subarray(range[0], range[1] + 1) : content;
    return response.writeHead(range ? 206 : 200, { 'content-length': body.length }).end(body);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop: () => server.close() };
}
