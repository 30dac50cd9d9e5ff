import { ChildProcess, spawn } from 'child_process';
import { randomBytes } from 'crypto';
import type { Socket } from 'net';
import * as path from 'path';

/**
 * Environment variable whose presence says that a process descends from this one. Its name is unique, so nested parents
 * do not hide each other.
 */
const MARKER = `LOCAL_PROCESS_OF_${process.pid}_${randomBytes(8).toString('hex')}`;

let guardian: ChildProcess | undefined;

/** What must be in the environment of every process that is to end with this one. */
export function guardedEnvironment(): NodeJS.ProcessEnv {
  return { [MARKER]: '1' };
}

/** Has the process group ended when this process is gone. Call before and after: see guardian-process.js. */
export function guardGroup(processGroup: number): void {
  tell(`+${processGroup}\n`);
}

/** The process group has ended; its number may be given to somebody else. */
export function releaseGroup(processGroup: number): void {
  tell(`-${processGroup}\n`);
}

/** Starts the guardian if it does not run yet: before the first child, so that no child is ever without it. */
export function startGuardian(): void {
  if (guardian) return;
  guardian = spawn(process.execPath, [path.join(__dirname, 'guardian-process.js'), MARKER], {
    detached: true, // the terminal's Ctrl-C must not reach it
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  guardian.on('exit', code => {
    throw new Error(
      `The guardian of local processes ended by itself (exit code ${code}). End this process, then look for what ` +
        'it started.',
    );
  });
  guardian.unref();
  (guardian.stdin as Socket).unref();
}

function tell(line: string): void {
  startGuardian();
  guardian!.stdin!.write(line);
}
