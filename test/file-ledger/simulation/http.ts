import { EventEmitter } from 'events';
import { Readable } from 'stream';

/** A request as an SDK client sends it. */
export interface HttpRequest {
  readonly host: string;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

interface RequestOptions {
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
}

/** Answers a request, or never. */
export type Server = (request: HttpRequest) => Promise<HttpResponse>;

/** What `http.request` and `https.request` return, without a socket. */
class ClientRequest extends EventEmitter {
  constructor(
    private readonly options: RequestOptions,
    private readonly respond: (response: Readable) => void,
    private readonly server: Server,
  ) {
    super();
  }

  public end(body: Uint8Array | string = ''): this {
    const { host, method, path, headers } = this.options;
    this.server({
      host,
      method,
      path,
      headers,
      body: typeof body === 'string' ? body : Buffer.from(body).toString(),
    }).then(
      response => this.respond(incoming(response)),
      error => this.emit('error', error),
    );
    return this;
  }

  public setTimeout(): this {
    return this;
  }

  public destroy(): this {
    return this;
  }
}

function incoming({ status, headers = {}, body = '' }: HttpResponse): Readable {
  const bytes = Buffer.from(body);
  const stream = new Readable({ read() {} });
  stream.push(bytes);
  stream.push(null);
  return Object.assign(stream, { statusCode: status, headers: { 'content-length': String(bytes.length), ...headers } });
}

/** Takes the place of Node's `request`. */
export const requestTo =
  (server: Server) =>
  (options: RequestOptions, respond: (response: Readable) => void): ClientRequest =>
    new ClientRequest(options, respond, server);
