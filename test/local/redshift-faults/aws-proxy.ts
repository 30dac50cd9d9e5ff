import { createServer, IncomingMessage, request as send, ServerResponse } from 'http';
import { AddressInfo } from 'net';

/** Hears of a request before it is made and before it is answered; may cut its connection, or leave it unanswered. */
export type RequestWatch = (request: string, moment: 'before' | 'after') => Promise<'cut' | 'silence' | undefined>;

export interface AwsProxy {
  readonly endpoint: string;
  stop(): void;
}

/** Stands before a local AWS. */
export async function startAwsProxy(awsEndpoint: string, watch: RequestWatch): Promise<AwsProxy> {
  const server = createServer((incoming, outgoing) => {
    forward(incoming, outgoing, awsEndpoint, watch).catch(() => outgoing.destroy());
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function forward(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  awsEndpoint: string,
  watch: RequestWatch,
): Promise<void> {
  const body = await bytesOf(incoming);
  const name = [incoming.method, incoming.headers['x-amz-target'], incoming.url].filter(Boolean).join(' ');
  const interrupted = async (moment: 'before' | 'after'): Promise<boolean> => {
    const order = await watch(name, moment);
    if (order === 'cut') outgoing.destroy();
    return order !== undefined;
  };
  if (await interrupted('before')) return;
  const { statusCode, headers, answer } = await ask(incoming, body, awsEndpoint);
  if (await interrupted('after')) return;
  const { 'transfer-encoding': _, ...others } = headers;
  outgoing.writeHead(statusCode!, { ...others, 'content-length': answer.length });
  outgoing.end(answer);
}

async function ask(incoming: IncomingMessage, body: Buffer, awsEndpoint: string) {
  const { method, url: path, headers } = incoming;
  const { hostname, port } = new URL(awsEndpoint);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    send({ method, path, headers, hostname, port }, resolve).once('error', reject).end(body);
  });
  return { statusCode: response.statusCode, headers: response.headers, answer: await bytesOf(response) };
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
