import { readdirSync, readFileSync } from 'fs';

/** Linux counts in hundredths of a second. */
const TICKS = 100;

interface ProcessTimes {
  readonly parent: number;
  /** Of the process, and of its children that have ended. */
  readonly ticks: number;
}

/** CPU seconds of this program and all that it has started: other programs on the machine do not count. */
export function cpuSecondsSoFar(): number {
  const processes = new Map<number, ProcessTimes>();
  for (const name of readdirSync('/proc').filter(entry => /^[0-9]+$/.test(entry))) {
    const times = timesOf(name);
    if (times) processes.set(Number(name), times);
  }
  const isOurs = (pid: number): boolean =>
    pid === process.pid || (processes.has(pid) && isOurs(processes.get(pid)!.parent));
  const ours = [...processes].filter(([pid]) => isOurs(pid));
  return ours.reduce((sum, [, { ticks }]) => sum + ticks, 0) / TICKS;
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function timesOf(pid: string): ProcessTimes | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    return { parent: fields[1], ticks: fields[11] + fields[12] + fields[13] + fields[14] };
  } catch {
    return undefined; // it has just ended
  }
}
