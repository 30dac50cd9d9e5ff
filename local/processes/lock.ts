import { randomBytes } from 'crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'fs';
import * as path from 'path';
import { setTimeout as sleep } from 'timers/promises';

/**
 * Runs `work` while no other process, nor another call in this one, holds the lock that `file` stands for.
 * The lock of a process that died is taken over.
 */
export async function withLock<Result>(file: string, work: () => Promise<Result>): Promise<Result> {
  mkdirSync(path.dirname(file), { recursive: true });
  while (!tryToTake(file)) {
    if (holderIsGone(file)) {
      // One at a time may remove a dead holder's lock: otherwise a slow second one would remove the lock that the first
      // one has taken since.
      await withLock(`${file}.takeover`, async () => {
        if (holderIsGone(file)) rmSync(file);
      });
    } else {
      await sleep(50);
    }
  }
  try {
    return await work();
  } finally {
    rmSync(file);
  }
}

/** A link appears with its content at once, a new file would be empty for a moment. */
function tryToTake(file: string): boolean {
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, `${process.pid} ${startOf(process.pid)}`);
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft);
  }
}

function holderIsGone(file: string): boolean {
  if (!existsSync(file)) return false;
  let holder: string;
  try {
    holder = readFileSync(file, 'utf8');
  } catch {
    return false; // released meanwhile
  }
  const [pid, start] = holder.split(' ');
  return startOf(Number(pid)) !== start;
}

/**
 * When a process started, '' if it does not run. Process ids are given out again, after a restart of the machine for
 * sure.
 */
function startOf(pid: number): string {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return '';
  }
  if (!existsSync('/proc/self/stat')) return 'unknown';
  try {
    // https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: field 22; the name of the command (field 2) may hold
    // spaces
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[19];
  } catch {
    return '';
  }
}
