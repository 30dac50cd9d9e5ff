import { Functions } from './functions';
import type { Fault, FaultKind } from './processes';
import { TRIALS, type Trial } from './scenarios';
import { verdictOn } from './verdict';
import { World } from './world';

/** A call that only reads: that it lands twice, or when its caller is dead, is as if it had not. */
export const READS: ReadonlySet<string> = new Set([
  'GetItem',
  'BatchGetItem',
  'Query',
  'GetObject',
  'HeadObject',
  'ListObjectsV2',
  'DescribeExecution',
  'DescribeTasks',
  'ListTasks',
]);

const OF_READS: FaultKind[] = [
  { what: 'crash before' },
  { what: 'crash after' },
  { what: 'stall', ticks: 0 },
  { what: 'stall', ticks: 2 },
];
const OF_WRITES: FaultKind[] = [
  ...OF_READS,
  { what: 'late', ticks: 1 },
  { what: 'late', ticks: 4 },
  { what: 'twice' },
  { what: 'echo', ticks: 0 },
  { what: 'echo', ticks: 3 },
];

/** What a world with a fault has come to. */
export interface Finding {
  readonly trial: string;
  readonly fault: string;
  readonly wrong: string[];
}

/** The functions that ship. They have run once, as a cold start makes its calls in another order. */
export async function warmFunctions(functions = Functions.shipped()): Promise<Functions> {
  await new World(TRIALS[0], functions).run();
  return functions;
}

/** Every fault at every call that the trial makes, found by running it. */
export async function faultPoints(trial: Trial, functions: Functions): Promise<Fault[]> {
  const { processes } = await new World(trial, functions).run();
  return processes.log.flatMap((name, index) =>
    (READS.has(name.split(':')[1]) ? OF_READS : OF_WRITES).map(kind => ({ call: index + 1, kind })),
  );
}

/** Plays a trial with one fault, or with none. */
export async function play(trial: Trial, functions: Functions, fault?: Fault): Promise<Finding> {
  const world = await new World(trial, functions, fault && [fault]).run();
  const wrong = verdictOn(world);
  for (const [key, expected] of Object.entries(trial.expected)) {
    const status = world.file(key)?.status;
    if (!status || ![expected].flat().includes(status)) {
      wrong.push(`${key} is ${status}, not ${[expected].flat().join(' or ')}`);
    }
  }
  const [happened] = world.processes.faulty;
  if (fault && !happened) wrong.push(`call ${fault.call} never came`);
  return { trial: trial.name, fault: happened ?? 'nothing goes wrong', wrong };
}
