import * as fc from 'fast-check';
import type { Fault, FaultKind } from './processes';
import type { Plan, Scenario, Settings } from './scenario';
import type { World } from './world';

/** What a file is like. */
type Nature = 'good' | 'rejected by staging' | 'named by the error' | 'bad';

/** What an operator does in a minute. */
type Act = 'pause' | 'resume' | 'abort' | 'replay';

/** A world as chance makes it: plain data, so that a failure can be printed and made smaller. */
export interface RandomWorld {
  readonly seed: number;
  readonly settings: Settings;
  readonly batchSize: number;
  readonly sweeps: number;
  readonly files: { readonly minute: number; readonly nature: Nature; readonly announcedAgain?: number }[];
  /** Of the executions in the order of their starts; all others end as their files are. */
  readonly ends: (Plan | undefined)[];
  /** How often the event of each execution comes, again and again from the first. */
  readonly events: number[];
  readonly acts: { readonly minute: number; readonly act: Act; readonly file: number }[];
  readonly faults: Fault[];
}

const LAST_MINUTE = 8;

const minute = fc.nat(LAST_MINUTE);
const failure = fc.constantFrom(
  'Etl.Transient',
  'Etl.Capacity',
  'Etl.LoadFailed',
  'Etl.Configuration',
  'Etl.Timeout',
  'States.Timeout',
  'Some.Other',
);
const ends: fc.Arbitrary<Plan | undefined> = fc.oneof(
  fc.constant(undefined),
  fc.record({
    status: fc.constant('FAILED' as const),
    error: failure,
    cause: fc.constant('by chance'),
    ticks: fc.integer({ min: 0, max: 3 }),
  }),
  fc.record({
    status: fc.constantFrom('TIMED_OUT' as const, 'ABORTED' as const),
    ticks: fc.integer({ min: 0, max: 3 }),
  }),
);
const faultKind: fc.Arbitrary<FaultKind> = fc.oneof(
  fc.constantFrom<FaultKind>({ what: 'crash before' }, { what: 'crash after' }, { what: 'twice' }),
  fc.record({ what: fc.constantFrom('stall' as const, 'late' as const, 'echo' as const), ticks: fc.nat(5) }),
);

export const randomWorld: fc.Arbitrary<RandomWorld> = fc.record({
  seed: fc.nat(),
  settings: fc.record({
    maxFiles: fc.integer({ min: 1, max: 4 }),
    maxExecutions: fc.integer({ min: 1, max: 3 }),
    maxAttempts: fc.integer({ min: 1, max: 3 }),
    pauseAfter: fc.integer({ min: 1, max: 9 }),
  }),
  batchSize: fc.integer({ min: 1, max: 4 }),
  sweeps: fc.integer({ min: 1, max: 2 }),
  files: fc.array(
    fc.record({
      minute,
      nature: fc.constantFrom<Nature>('good', 'good', 'good', 'rejected by staging', 'named by the error', 'bad'),
      announcedAgain: fc.option(minute, { nil: undefined }),
    }),
    { minLength: 1, maxLength: 8 },
  ),
  ends: fc.array(ends, { maxLength: 6 }),
  events: fc.array(fc.constantFrom(0, 1, 1, 2), { minLength: 1, maxLength: 5 }),
  acts: fc.array(
    fc.record({ minute, act: fc.constantFrom<Act>('pause', 'resume', 'abort', 'replay'), file: fc.nat(7) }),
    { maxLength: 4 },
  ),
  faults: fc.array(fc.record({ call: fc.integer({ min: 1, max: 300 }), kind: faultKind }), { maxLength: 4 }),
});

export function scenarioOf({
  seed,
  settings,
  batchSize,
  sweeps,
  files,
  ends: endsInOrder,
  events,
  acts,
}: RandomWorld): Scenario {
  const key = (index: number) => `file-${index}-${files[index].nature}`;
  const started: string[] = [];
  const ordinal = (execution: string) => {
    if (!started.includes(execution)) started.push(execution);
    return started.indexOf(execution);
  };
  return {
    name: 'random',
    seed,
    settings,
    batchSize,
    sweeps,
    lastTick: 2 * LAST_MINUTE,
    eventsOf: execution => events[ordinal(execution) % events.length],
    rejects: name => (name.endsWith('rejected by staging') ? 'its header differs' : undefined),
    plan: ({ runId, attempt }, keys, world) => endsInOrder[ordinal(`${runId}-${attempt}`)] ?? naturalEnd(keys, world),
    happens: (tick, world) => {
      files.forEach(({ minute: first, announcedAgain }, index) => {
        if (tick === first) world.upload(key(index));
        if (announcedAgain !== undefined && tick === first + announcedAgain) world.announce(key(index));
      });
      for (const { act, file } of acts.filter(({ minute: when }) => when === tick)) {
        perform(act, key(file % files.length), world);
      }
    },
  };
}

function perform(act: Act, key: string, world: World): void {
  switch (act) {
    case 'pause':
      return world.pause('by chance');
    case 'resume':
      return world.resume();
    case 'abort':
      return world.abortAll();
    case 'replay':
      return world.replay(key);
  }
}

function naturalEnd(keys: string[], world: World): Plan {
  const named = keys.filter(key => key.endsWith('named by the error'));
  if (named.length > 0) {
    const files = named.map(key => world.file(key)!.id);
    return {
      status: 'FAILED',
      error: 'Etl.Data',
      cause: JSON.stringify({ errorType: 'Etl.Data', errorMessage: JSON.stringify({ message: 'bad', files }) }),
      ticks: 1,
    };
  }
  if (keys.some(key => key.endsWith('bad'))) return { status: 'FAILED', error: 'Etl.Data', cause: 'bad', ticks: 1 };
  return { status: 'SUCCEEDED', ticks: 1 };
}
