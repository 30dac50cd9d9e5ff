import { randomBytes } from 'crypto';
import * as path from 'path';
import type { Image } from './image';
import { RunningProcess, startProcess } from '../processes';

/** The part of Docker's request to create a container that has a meaning for a process. */
export interface ContainerRequest {
  readonly Image: string;
  readonly Entrypoint?: string[] | null;
  readonly Cmd?: string[] | null;
  readonly Env?: string[] | null;
}

/** What Fargate puts into every container's environment; and a developer's own profiles must not matter. */
const FARGATE = {
  AWS_REGION: 'us-east-1',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
};

/** A container: a process of this machine, in a process group of its own. */
export class Container {
  readonly id = randomBytes(32).toString('hex');
  private readonly logFile: string;
  private running?: RunningProcess;
  private exitCode?: number;

  /** @param environment what the network around it provides; the container's own variables go before */
  constructor(
    readonly name: string,
    private readonly request: ContainerRequest,
    private readonly image: Image,
    private readonly environment: NodeJS.ProcessEnv,
    logFolder: string,
  ) {
    this.logFile = path.join(logFolder, `${name}.log`);
  }

  get status(): 'created' | 'running' | 'exited' {
    if (!this.running) return 'created';
    return this.exitCode === undefined ? 'running' : 'exited';
  }

  async start(): Promise<void> {
    const [command, ...args] = [
      ...(this.request.Entrypoint?.length ? this.request.Entrypoint : this.image.entrypoint),
      ...(this.request.Cmd?.length ? this.request.Cmd : this.image.command),
    ];
    if (!command) throw new Error(`${this.request.Image} has neither an ENTRYPOINT nor a CMD.`);
    this.running = await startProcess({
      name: `Container ${this.name}`,
      command,
      args,
      cwd: this.image.folder,
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        HOSTNAME: this.id.slice(0, 12),
        ...FARGATE,
        ...this.environment,
        ...this.image.environment,
        ...Object.fromEntries(
          (this.request.Env ?? []).map(assignment => [
            assignment.split('=', 1)[0],
            assignment.slice(assignment.indexOf('=') + 1),
          ]),
        ),
      },
      logFile: this.logFile,
    });
    void this.running.exited.then(code => {
      this.exitCode = code;
    });
  }

  /** SIGTERM, then SIGKILL after `graceSeconds`. */
  async stop(graceSeconds: number): Promise<void> {
    await this.running?.stop(graceSeconds);
  }

  async wait(): Promise<number> {
    if (!this.running) throw new Error(`Container ${this.name} was not started.`);
    return this.running.exited;
  }

  /**
   * As Docker describes it:
   * https://docs.docker.com/reference/api/engine/version/v1.43/#tag/Container/operation/ContainerInspect
   */
  inspect(): object {
    return {
      Id: this.id,
      Name: `/${this.name}`,
      State: { Status: this.status, Running: this.status === 'running', ExitCode: this.exitCode ?? 0 },
      Config: { Image: this.request.Image },
      NetworkSettings: LOOPBACK_NETWORK,
    };
  }
}

/** Every container is on this machine's loopback, MiniStack included. */
export const LOOPBACK_NETWORK = { Networks: { loopback: { IPAddress: '127.0.0.1' } } };
