import { execFileSync } from 'child_process';
import { existsSync, readFileSync } from 'fs';

interface ProcessInfo {
  readonly parent: number;
  readonly command: string;
}

/**
 * Calls back, once, when a process that stands between the user and this one is gone: npm, its shell, tsx. Killing it
 * means the demo, but tells nobody.
 */
export function whenLauncherIsGone(callback: () => void): void {
  const launchers = launchersOf(process.pid);
  const timer = setInterval(() => {
    if (launchers.every(isAlive)) return;
    clearInterval(timer);
    callback();
  }, 500);
  timer.unref();
}

/** The processes from the parent up to npm; without npm above, only the parent. */
export function launchersOf(pid: number, infoOf: (pid: number) => ProcessInfo | undefined = processInfo): number[] {
  const launchers: number[] = [];
  for (let next = infoOf(pid)?.parent; next && next > 1;) {
    launchers.push(next);
    const info = infoOf(next);
    if (info && /^npm (run|exec)\b/.test(info.command)) return launchers; // npm writes so over its command line
    next = info?.parent;
  }
  return launchers.slice(0, 1);
}

function processInfo(pid: number): ProcessInfo | undefined {
  try {
    return existsSync('/proc/self/stat') ? fromProc(pid) : fromPs(pid);
  } catch {
    return undefined; // ended meanwhile
  }
}

function fromProc(pid: number): ProcessInfo {
  // https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: field 4; the name of the command (field 2) may hold
  // spaces and parentheses
  const parent = Number(
    readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[1],
  );
  return { parent, command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() };
}

function fromPs(pid: number): ProcessInfo {
  const [parent, ...command] = execFileSync('ps', ['-o', 'ppid=,args=', '-p', String(pid)], { encoding: 'utf8' })
    .trim()
    .split(/\s+/);
  return { parent: Number(parent), command: command.join(' ') };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // alive, and somebody else's
  }
}
