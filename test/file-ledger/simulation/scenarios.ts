import type { Plan, Scenario } from './scenario';
import type { FileStatus } from '../../../src/file-ledger/contract';

/** A scenario, and what is to become of each file whatever goes wrong: several where it depends on who comes first. */
export interface Trial extends Scenario {
  readonly expected: Record<string, FileStatus | FileStatus[]>;
}

const uploads = (...keys: string[]): Pick<Scenario, 'happens' | 'lastTick'> => ({
  happens: (tick, world) => {
    if (tick === 0) world.upload(...keys);
  },
  lastTick: 0,
});

/** One file each minute, so that some arrive while an execution ends. */
const uploadsByMinute = (...keys: string[]): Pick<Scenario, 'happens' | 'lastTick'> => ({
  happens: (tick, world) => {
    if (keys[tick]) world.upload(keys[tick]);
  },
  lastTick: keys.length - 1,
});

const SUCCESS: Plan = { status: 'SUCCEEDED', ticks: 1 };
const failure = (error: string, cause = 'for a reason', ticks = 1): Plan => ({ status: 'FAILED', error, cause, ticks });

export const TRIALS: Trial[] = [
  {
    name: 'files arrive one after the other, some announced twice, and staging rejects one',
    happens: (tick, world) => {
      if (tick === 0) {
        world.upload('a', 'rejected');
        world.announce('a');
      }
      if (tick === 1) world.upload('b');
      if (tick === 2) world.announce('a', 'b');
    },
    lastTick: 2,
    batchSize: 2,
    rejects: key => (key === 'rejected' ? 'its header differs' : undefined),
    expected: { a: 'LOADED', b: 'LOADED', rejected: 'REJECTED' },
  },
  {
    name: 'attempts fail until the last one succeeds',
    ...uploads('a', 'b'),
    // the second is still at work when somebody stops the first one late
    plan: ({ attempt }) => [failure('Etl.LoadFailed'), failure('Etl.Transient', undefined, 3), SUCCESS][attempt - 1],
    expected: { a: 'LOADED', b: 'LOADED' },
  },
  {
    name: 'attempts are used up',
    settings: { maxAttempts: 2 },
    ...uploads('a', 'b'),
    plan: () => failure('Etl.Capacity'),
    expected: { a: 'FAILED', b: 'FAILED' },
  },
  {
    name: 'the data of one file is bad, and the error names it',
    ...uploads('a', 'bad', 'b'),
    plan: (_, keys, world) =>
      keys.includes('bad')
        ? failure('Etl.Data', JSON.stringify({ message: 'bad', files: [world.file('bad')!.id] }))
        : SUCCESS,
    expected: { a: 'LOADED', b: 'LOADED', bad: 'REJECTED' },
  },
  {
    name: 'the data of one file is bad, and no error names it: runs are halved',
    ...uploads('a', 'bad', 'b'),
    plan: (_, keys) => (keys.includes('bad') ? failure('Etl.Data') : SUCCESS),
    expected: { a: 'LOADED', b: 'LOADED', bad: 'REJECTED' },
  },
  {
    name: 'the configuration is wrong until somebody resumes',
    ...uploadsByMinute('a', 'b', 'c'),
    settings: { maxFiles: 1, maxExecutions: 2 },
    plan: (_attempt, _keys, { resumes }) => (resumes === 0 ? failure('Etl.Configuration', undefined, 2) : SUCCESS),
    expected: { a: 'LOADED', b: 'LOADED', c: 'LOADED' },
  },
  {
    name: 'executions take too long',
    ...uploads('a', 'b'),
    settings: { maxFiles: 1 },
    plan: (_, [key]) => (key === 'a' ? failure('Etl.Timeout') : { status: 'TIMED_OUT', ticks: 1 }),
    expected: { a: 'FAILED', b: 'FAILED' },
  },
  {
    name: 'an operator aborts what runs, and puts a file back',
    happens: (tick, world) => {
      if (tick === 0) world.upload('a', 'b');
      if (tick === 2) world.abortAll();
      if (tick === 4) world.replay('a');
    },
    lastTick: 4,
    plan: () => ({ status: 'SUCCEEDED', ticks: 3 }),
    expected: { a: ['FAILED', 'LOADED'], b: ['FAILED', 'LOADED'] },
  },
  {
    name: 'an operator pauses and resumes',
    happens: (tick, world) => {
      if (tick === 0) world.upload('a');
      if (tick === 1) world.pause('maintenance');
      if (tick === 2) world.upload('b');
      if (tick === 4) world.resume();
    },
    lastTick: 4,
    plan: ({ attempt }) => (attempt === 1 ? failure('Etl.LoadFailed') : SUCCESS),
    expected: { a: 'LOADED', b: 'LOADED' },
  },
  {
    name: 'runs keep failing until somebody resumes',
    ...uploadsByMinute('a', 'b', 'c', 'd'),
    settings: { maxFiles: 1, maxExecutions: 2, maxAttempts: 1, pauseAfter: 1 },
    sweeps: 2,
    plan: (_attempt, _keys, { resumes }) => (resumes === 0 ? failure('Some.Other', undefined, 2) : SUCCESS),
    expected: { a: ['FAILED', 'LOADED'], b: ['FAILED', 'LOADED'], c: ['FAILED', 'LOADED'], d: ['FAILED', 'LOADED'] },
  },
  {
    name: 'no event ever comes',
    ...uploads('a', 'b'),
    eventsOf: () => 0,
    plan: ({ attempt }) => (attempt === 1 ? failure('Etl.LoadFailed') : SUCCESS),
    expected: { a: 'LOADED', b: 'LOADED' },
  },
  {
    name: 'two slots, and whoever calls calls twice',
    settings: { maxFiles: 2, maxExecutions: 2 },
    ...uploads('a', 'b', 'c', 'd', 'e'),
    batchSize: 2,
    eventsOf: () => 2,
    sweeps: 2,
    plan: ({ attempt }, keys) => (attempt === 1 && keys.includes('c') ? failure('Etl.LoadFailed') : SUCCESS),
    expected: { a: 'LOADED', b: 'LOADED', c: 'LOADED', d: 'LOADED', e: 'LOADED' },
  },
];
