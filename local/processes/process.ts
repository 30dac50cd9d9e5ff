import { ChildProcess, spawn } from 'child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'fs';
import * as path from 'path';
import { setTimeout as sleep } from 'timers/promises';
import { guardedEnvironment, guardGroup, releaseGroup, startGuardian } from './guardian';

export interface ProcessOptions {
  /** What messages call it. */
  readonly name: string;
  readonly command: string;
  readonly args?: readonly string[];
  /**
   * The whole environment of the process.
   * @default - that of this process
   */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** File that its standard output and standard error are appended to. Folders are made as needed. */
  readonly logFile: string;
}

export interface StartProcessOptions extends ProcessOptions {
  /**
   * Asked until it says yes. If the process ends before, starting it fails.
   * @default - the process counts as ready at once
   */
  readonly readyWhen?: () => Promise<boolean>;
  /**
   * How long it may take until readyWhen says yes.
   * @default 60
   */
  readonly readyWithinSeconds?: number;
}

export interface RunProcessOptions extends ProcessOptions {
  /** The process is killed, and running it fails, when it takes longer. */
  readonly timeoutSeconds: number;
}

export interface RunningProcess {
  readonly pid: number;
  /** The exit code; 128 + the signal's number if a signal ended it, as shells say it. */
  readonly exited: Promise<number>;
  /**
   * Ends it and its process group: SIGTERM, then SIGKILL after `graceSeconds` (default 10). Resolves when it has ended.
   */
  stop(graceSeconds?: number): Promise<void>;
}

const SIGNAL_NUMBERS: Partial<Record<NodeJS.Signals, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
};

/**
 * Starts a process in a process group of its own. It and its descendants end with this process, even if that is killed.
 */
export async function startProcess(options: StartProcessOptions): Promise<RunningProcess> {
  startGuardian();
  const child = spawnLogged(options);
  const exited = exitOf(child, options);
  await spawned(child, options);
  const group = child.pid!;
  guardGroup(group);
  void exited.then(() => {
    if (!signalGroup(group, 0)) releaseGroup(group);
  });
  const running: RunningProcess = { pid: group, exited, stop: graceSeconds => stopGroup(group, exited, graceSeconds) };
  if (options.readyWhen) await untilReady(running, options.readyWhen, options);
  return running;
}

/** A process has failed: the message says how, with the end of its log. */
export class ProcessFailure extends Error {}

/** Runs a process to its end; throws a ProcessFailure if it fails or takes too long. */
export async function runProcess(options: RunProcessOptions): Promise<void> {
  const running = await startProcess(options);
  const limit = new AbortController();
  try {
    const code = await Promise.race([
      running.exited,
      sleep(options.timeoutSeconds * 1000, undefined, { signal: limit.signal, ref: false }),
    ]);
    if (code === undefined) {
      throw new ProcessFailure(
        `${options.name} took longer than ${options.timeoutSeconds} s and was ended.${logOf(options)}`,
      );
    }
    if (code !== 0) throw new ProcessFailure(`${options.name} failed with exit code ${code}.${logOf(options)}`);
  } finally {
    limit.abort();
    await running.stop(2);
  }
}

function spawnLogged(options: ProcessOptions): ChildProcess {
  mkdirSync(path.dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, 'a');
  try {
    return spawn(options.command, options.args ?? [], {
      cwd: options.cwd,
      env: { ...(options.env ?? process.env), ...guardedEnvironment() },
      stdio: ['ignore', log, log],
      detached: true, // a process group of its own
    });
  } finally {
    closeSync(log);
  }
}

function spawned(child: ChildProcess, { name, command }: ProcessOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', error =>
      reject(new Error(`${name} cannot be started: ${error.message}. Is '${command}' installed?`)),
    );
  });
}

function exitOf(child: ChildProcess, { name }: ProcessOptions): Promise<number> {
  return new Promise(resolve => {
    child.once('exit', (code, signal) => resolve(code ?? 128 + (SIGNAL_NUMBERS[signal!] ?? 0)));
    child.once('error', error => {
      if (child.pid) throw new Error(`${name}: ${error.message}`);
    });
  });
}

async function untilReady(
  running: RunningProcess,
  readyWhen: () => Promise<boolean>,
  options: StartProcessOptions,
): Promise<void> {
  const seconds = options.readyWithinSeconds ?? 60;
  const deadline = Date.now() + seconds * 1000;
  let code: number | undefined;
  void running.exited.then(value => {
    code = value;
  });
  try {
    while (!(await readyWhen())) {
      if (code !== undefined) {
        throw new ProcessFailure(`${options.name} ended with exit code ${code} before it was ready.${logOf(options)}`);
      }
      if (Date.now() > deadline) {
        throw new ProcessFailure(`${options.name} was not ready within ${seconds} s.${logOf(options)}`);
      }
      await sleep(50);
    }
  } catch (error) {
    await running.stop();
    throw error;
  }
}

async function stopGroup(group: number, exited: Promise<number>, graceSeconds = 10): Promise<void> {
  signalGroup(group, 'SIGTERM');
  const patience = new AbortController();
  await Promise.race([exited, sleep(graceSeconds * 1000, undefined, { signal: patience.signal })]);
  patience.abort();
  signalGroup(group, 'SIGKILL'); // the rest of the group too, if its leader did not take it along
  await exited;
  releaseGroup(group);
}

/** Says whether anybody is in the group. */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

const LOG_LINES_SHOWN = 30;

function logOf({ logFile }: ProcessOptions): string {
  const lines = existsSync(logFile) ? readFileSync(logFile, 'utf8').trimEnd().split('\n') : [];
  return ` The end of ${logFile}:\n${lines.slice(-LOG_LINES_SHOWN).join('\n')}`;
}
