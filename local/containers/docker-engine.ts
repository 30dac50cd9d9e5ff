import { createServer, IncomingMessage, ServerResponse } from 'http';
import type { AddressInfo } from 'net';
import * as path from 'path';
import { Container, ContainerRequest, LOOPBACK_NETWORK } from './container';
import { findImage } from './image';

export interface DockerEngineOptions {
  /** Gets what the containers print, in `containers/<name>.log`. */
  readonly runFolder: string;
  /** The cloud assembly whose image assets can be run. */
  readonly cdkOut: string;
  /**
   * Variables for every container: what the network that they run in provides. A container's own variables go before.
   * @default - none
   */
  readonly environment?: NodeJS.ProcessEnv;
}

export interface RunningDockerEngine {
  /** For DOCKER_HOST. */
  readonly dockerHost: string;
  /** Kills what still runs. */
  stop(): Promise<void>;
}

/**
 * Name of the container that MiniStack takes itself for. It looks at that container's network to tell tasks how to
 * reach it.
 */
const MINISTACK = 'ministack';

/**
 * Serves as much of the Docker Engine API as MiniStack's ECS uses. A container is a process of this machine that runs
 * what the image's Dockerfile says, in the image's build context: nothing is built, and no Docker is needed.
 */
export async function startDockerEngine(options: DockerEngineOptions): Promise<RunningDockerEngine> {
  const engine = new DockerEngine(options);
  const server = createServer((request, response) => {
    void engine.answer(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    dockerHost: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      await engine.killAll();
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

class RequestError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

class DockerEngine {
  private readonly containers = new Map<string, Container>();

  constructor(private readonly options: DockerEngineOptions) {}

  async killAll(): Promise<void> {
    await Promise.all([...this.containers.values()].map(container => container.stop(0)));
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const send = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    try {
      await this.route(request, response, send);
    } catch (error) {
      send(error instanceof RequestError ? error.status : 500, { message: (error as Error).message });
    }
  }

  private async route(
    request: IncomingMessage,
    response: ServerResponse,
    send: (status: number, body: object) => void,
  ): Promise<void> {
    const url = new URL(request.url!, 'http://localhost');
    const [kind, ...names] = decodeURIComponent(url.pathname)
      .replace(/^\/v[0-9.]+/, '')
      .split('/')
      .slice(1);
    const action = names.length > 1 ? names[names.length - 1] : '';
    switch (`${request.method} ${kind} ${names.length === 1 ? names[0] : ''}`.trim()) {
      case 'GET version':
        return send(200, {
          ApiVersion: '1.43',
          MinAPIVersion: '1.24',
          Version: '24.0.0',
          Os: 'linux',
          Arch: process.arch,
        });
      case 'GET containers json':
        return send(200, []); // MiniStack looks for what an earlier one left: nothing, each run has its own engine
      case 'POST containers create':
        return send(201, this.create(url.searchParams.get('name'), JSON.parse(await bodyOf(request))));
      // MiniStack asks for a pull when a container cannot be created: nothing can be pulled
      case 'POST images create':
        throw new RequestError(
          404,
          `${url.searchParams.get('fromImage')} is no image asset of ${this.options.cdkOut}.`,
        );
    }
    if (kind === 'containers' && names[0] === MINISTACK) {
      return send(200, { Id: MINISTACK, NetworkSettings: LOOPBACK_NETWORK });
    }
    if (kind === 'containers') {
      return this.routeContainer(
        this.find(names[0]),
        `${request.method} ${action}`.trim(),
        url.searchParams,
        response,
        send,
      );
    }
    throw new RequestError(501, `${request.method} ${url.pathname} is not supported: MiniStack's ECS did not use it.`);
  }

  private async routeContainer(
    container: Container,
    operation: string,
    query: URLSearchParams,
    response: ServerResponse,
    send: (status: number, body: object) => void,
  ): Promise<void> {
    const done = () => {
      response.writeHead(204).end();
    };
    switch (operation) {
      case 'GET json':
        return send(200, container.inspect());
      case 'POST start':
        await container.start();
        return done();
      case 'POST stop':
        await container.stop(Number(query.get('t') ?? 10));
        return done();
      case 'POST wait':
        return send(200, { StatusCode: await container.wait() });
      case 'DELETE':
        await container.stop(0);
        this.containers.delete(container.id);
        return done();
      default:
        throw new RequestError(501, `'${operation}' of a container is not supported: MiniStack's ECS did not use it.`);
    }
  }

  private create(name: string | null, request: ContainerRequest): object {
    const image = findImage(request.Image, this.options.cdkOut);
    if (!image) {
      throw new RequestError(404, `No such image: ${request.Image} is no image asset of ${this.options.cdkOut}.`);
    }
    const container = new Container(
      name ?? 'container',
      request,
      image,
      this.options.environment ?? {},
      path.join(this.options.runFolder, 'containers'),
    );
    this.containers.set(container.id, container);
    return { Id: container.id, Warnings: [] };
  }

  private find(reference: string): Container {
    const container = [...this.containers.values()].find(
      ({ id, name }) => id.startsWith(reference) || name === reference,
    );
    if (!container) throw new RequestError(404, `No such container: ${reference}`);
    return container;
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
