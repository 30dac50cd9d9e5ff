import type { RunningHive } from '../../../local/hive';

export interface Measurement {
  readonly wallSeconds: number;
  /** Of Hive's whole process, its compiler and garbage collector included. */
  readonly cpuSeconds: number;
}

export interface MeasuredStatement extends Measurement {
  /** The table that the statement fills, or the statement's first words. */
  readonly name: string;
}

// Linux counts CPU time in hundredths of a second (sysconf(_SC_CLK_TCK)), on every architecture that Java runs on.
const TICKS_PER_SECOND = 100;

/**
 * Runs a script and measures every statement: between two of them, Hive's command line prints the clock and the CPU
 * time of its own process.
 * @throws if the script fails, with what Hive has printed
 */
export async function runMeasured(hive: RunningHive, script: string): Promise<MeasuredStatement[]> {
  const pid = await processOf(hive);
  const mark = `!date +%s.%N;\n!cat /proc/${pid}/stat;\n`;
  const statements = statementsOf(script);
  const measured = statements.filter(statement => !/^set /.test(withoutComments(statement)));
  const { exitCode, stdout, stderr } = await hive.run(
    statements.map(statement => (measured.includes(statement) ? `${mark}${statement}` : statement)).join('') + mark,
  );
  if (exitCode !== 0) throw new Error(`Hive ended with exit code ${exitCode}:\n${stderr}`);
  const lines = stdout
    .trim()
    .split('\n')
    .filter(line => /^\d+\.\d{9}$|^\d+ \(/.test(line));
  const marks = Array.from({ length: measured.length + 1 }, (_, index) => ({
    wallSeconds: Number(lines[2 * index]),
    cpuSeconds: cpuSeconds(lines[2 * index + 1]),
  }));
  return measured.map((statement, index) => ({
    name: nameOf(statement),
    ...difference(marks[index], marks[index + 1]),
  }));
}

/** All statements together. */
export function totalOf(statements: Measurement[]): Measurement {
  return {
    wallSeconds: statements.reduce((sum, statement) => sum + statement.wallSeconds, 0),
    cpuSeconds: statements.reduce((sum, statement) => sum + statement.cpuSeconds, 0),
  };
}

/** The process that runs Hive's scripts: the parent of what its command line starts. */
async function processOf(hive: RunningHive): Promise<string> {
  const { stdout } = await hive.run('!cat /proc/self/stat;\n');
  const pid = /\) \S (\d+) /.exec(stdout)?.[1];
  if (!pid) {
    throw new Error(
      `the measurement needs Linux, whose /proc tells the CPU time of a process; Hive has printed: ${stdout}`,
    );
  }
  return pid;
}

/** No literal and no comment of a generated script holds a semicolon. */
function statementsOf(script: string): string[] {
  return script.split(/(?<=;\n)/).filter(text => text.trim() !== '');
}

const withoutComments = (statement: string): string => statement.replace(/^--.*\n/gm, '').trim();

function nameOf(statement: string): string {
  const text = withoutComments(statement);
  return /INSERT (?:OVERWRITE|INTO) TABLE (\w+)/.exec(text)?.[0] ?? text.split(/[\n(]/)[0].trim();
}

/**
 * From a line of /proc/<pid>/stat: fields 14 and 15 (proc(5)), counted behind the command's name, which may hold
 * spaces.
 */
function cpuSeconds(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function difference(from: Measurement, to: Measurement): Measurement {
  return { wallSeconds: to.wallSeconds - from.wallSeconds, cpuSeconds: to.cpuSeconds - from.cpuSeconds };
}
