import { mkdirSync, readFileSync } from 'fs';
import * as path from 'path';
import { CACHE_FOLDER, followLines, REPOSITORY, runProcess } from '../processes';

/** MiniStack's only account, and the region that everything here uses. */
const TARGET = 'aws://000000000000/us-east-1';

export interface DeployOptions {
  /** Folder with the app's cdk.json. */
  readonly appFolder: string;
  /**
   * @default - none
   */
  readonly context?: Record<string, string>;
  /** Environment variables that lead to the local AWS: RunningMiniStack.environment. */
  readonly environment: Record<string, string>;
  /** Gets the CLI's logs. */
  readonly runFolder: string;
  /** Gets the cloud assembly (cdk.out). */
  readonly outputFolder: string;
  /**
   * Longest time of bootstrap and of deployment: a resource that MiniStack never finishes keeps the CLI waiting for
   * ever.
   * @default 300
   */
  readonly timeoutSeconds?: number;
  /**
   * Called with each line that the CLI prints.
   * @default - the lines go to the logs only
   */
  readonly onProgress?: (line: string) => void;
}

/** Outputs by their key, by the name of their stack. */
export type StackOutputs = Record<string, Record<string, string>>;

/** Bootstraps the local AWS and deploys all stacks of a CDK app to it, with the CDK CLI as it is. */
export async function deploy(options: DeployOptions): Promise<StackOutputs> {
  const outputsFile = path.join(options.runFolder, 'outputs.json');
  const context = Object.entries(options.context ?? {}).flatMap(([key, value]) => ['--context', `${key}=${value}`]);
  // not in the app's folder: there it would run the app, for nothing
  await runCdk(options, options.runFolder, 'bootstrap', [TARGET]);
  await runCdk(options, options.appFolder, 'deploy', [
    '--all',
    '--require-approval',
    'never',
    '--progress',
    'events',
    '--output',
    options.outputFolder,
    '--outputs-file',
    outputsFile,
    ...context,
  ]);
  return JSON.parse(readFileSync(outputsFile, 'utf8'));
}

async function runCdk(options: DeployOptions, cwd: string, command: string, args: string[]): Promise<void> {
  const logFile = path.join(options.runFolder, `cdk-${command}.log`);
  const temporary = path.join(CACHE_FOLDER, 'cdk');
  mkdirSync(temporary, { recursive: true });
  const commands = path.join(REPOSITORY, 'node_modules', '.bin');
  let ended = false;
  const run = runProcess({
    name: `cdk ${command}`,
    command: path.join(commands, 'cdk'),
    args: [command, ...args, '--no-notices', '--no-color', '--ci'], // --ci: everything goes to standard output
    cwd,
    env: {
      ...ownEnvironment(process.env),
      ...options.environment,
      PATH: `${commands}${path.delimiter}${process.env.PATH}`, // the app's own command
      TMPDIR: options.runFolder,
      NODE_NO_WARNINGS: '1', // about the versions that the CLI's own dependencies like
      CDK_HOME: path.join(options.runFolder, 'cdk-home'),
      // nothing leaves this machine
      CDK_DISABLE_CLI_TELEMETRY: 'true',
      CDK_DISABLE_VERSION_CHECK: 'true',
      // CDK's own rules for templates take 12 s; this is for trying the app, its tests check the template
      CDK_VALIDATION: 'false',
    },
    logFile,
    timeoutSeconds: options.timeoutSeconds ?? 300,
  }).finally(() => {
    ended = true;
  });
  await Promise.all([run, reportLines(logFile, () => ended, options.onProgress)]);
}

async function reportLines(logFile: string, ended: () => boolean, report?: (line: string) => void): Promise<void> {
  if (report) for await (const line of followLines(logFile, ended)) report(line);
}

/** A developer's own profile or region must not matter, and an app has a tsconfig of its own, if it runs with tsx. */
function ownEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !name.startsWith('AWS_') && name !== 'TSX_TSCONFIG_PATH'),
  );
}
