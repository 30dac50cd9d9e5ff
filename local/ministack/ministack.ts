import { mkdirSync } from 'fs';
import * as path from 'path';
import { pythonWithMiniStack } from './python';
import { freePort, REPOSITORY, startProcess } from '../processes';

export interface MiniStackOptions {
  /** Gets its log and its temporary files. */
  readonly runFolder: string;
  /**
   * @default - a free one
   */
  readonly port?: number;
  /**
   * Where Lambda functions find EMR; MiniStack's own EMR runs nothing.
   * @default - MiniStack
   */
  readonly emrEndpoint?: string;
  /**
   * The Docker Engine API that runs the containers of ECS tasks, as DOCKER_HOST.
   * @default - containers count as running, and nothing runs
   */
  readonly dockerHost?: string;
  /**
   * How long a second takes that is only waited: Wait states, schedules, batching windows. Time limits are not scaled.
   * @default 1
   */
  readonly timeScale?: number;
  /**
   * More environment variables; every Lambda function gets them too.
   * @default - none
   */
  readonly extraEnvironment?: NodeJS.ProcessEnv;
  /**
   * Told what is being done when it takes a while.
   * @default - nobody is
   */
  readonly onProgress?: (text: string) => void;
}

export interface RunningMiniStack {
  /** Its process, whose children are the functions'. */
  readonly pid: number;
  readonly endpoint: string;
  readonly port: number;
  /** What an SDK, the AWS CLI or the CDK CLI needs in its environment to use it, and nothing of the real AWS. */
  readonly environment: Record<string, string>;
  stop(): Promise<void>;
}

/** Starts MiniStack, the local AWS, with its gaps closed (patches/). */
export async function startMiniStack(options: MiniStackOptions): Promise<RunningMiniStack> {
  const python = await pythonWithMiniStack(options.onProgress);
  const port = options.port ?? (await freePort());
  const endpoint = `http://127.0.0.1:${port}`; // the number, not a name: SDKs then put the bucket into the path
  const environment = {
    AWS_ENDPOINT_URL: endpoint,
    ...(options.emrEndpoint && { AWS_ENDPOINT_URL_EMR: options.emrEndpoint }),
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_EC2_METADATA_DISABLED: 'true',
    // a developer's own profiles must not matter
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
  const temporaryFolder = path.join(options.runFolder, 'ministack');
  mkdirSync(temporaryFolder, { recursive: true });
  const timeScale = String(options.timeScale ?? 1);
  const running = await startProcess({
    name: 'MiniStack',
    command: python,
    args: ['-m', 'patches'],
    env: {
      // Lambda functions inherit all of it, so nothing of the developer's environment but these
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      LANG: 'C.UTF-8',
      TZ: 'UTC', // as in AWS
      TMPDIR: temporaryFolder,
      ...environment,
      PYTHONPATH: __dirname,
      PYTHONDONTWRITEBYTECODE: '1',
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      IOT_MTLS_ENABLED: '0', // servers on fixed ports, which two runs side by side cannot share
      SFTP_ENABLED: '0',
      // the functions behind CDK's custom resources expect AWS's own SDK there
      NODE_PATH: path.join(REPOSITORY, 'node_modules'),
      SFN_WAIT_SCALE: timeScale,
      LOCAL_TIME_SCALE: timeScale,
      HOSTNAME: 'ministack', // the container it takes itself for, see containers/
      // the log of a silent container is followed, too
      ...(options.dockerHost && { DOCKER_HOST: options.dockerHost, MINISTACK_DOCKER_TIMEOUT: '3600' }),
      ...options.extraEnvironment,
    },
    cwd: temporaryFolder,
    logFile: path.join(options.runFolder, 'ministack.log'),
    readyWhen: () => answers(`${endpoint}/_ministack/ready`),
  });
  return { endpoint, port, pid: running.pid, environment, stop: () => running.stop() };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false; // nobody listens yet
  }
}
