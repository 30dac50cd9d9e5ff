import type { Fault } from './fake-aws';
import { fakeTime, Story } from './story';

let time: ReturnType<typeof fakeTime>;

beforeEach(() => {
  time = fakeTime('2026-03-01T10:00:00Z');
});
afterEach(() => jest.useRealTimers());

const MOST_MINUTES = 15;

/**
 * Three files, the first attempt of whose run fails; staging rejects one, the second attempt loads the others. Files
 * that arrive meanwhile follow in a run of their own, in which Data names one. Every batch, event and sweep is a
 * process of its own; one of them may be cut off in the middle of it.
 */
async function play(fault?: Fault): Promise<{ story: Story; crashed: boolean }> {
  const story = new Story({ maxAttempts: 2, stopFunctions: ['stop'], fault });
  story.aws.stops.set('stop', () => ({ status: 'ended' }));
  let crashed = false;
  /** Queue, events and schedule only see that a process is over. */
  const run = async (process: () => Promise<unknown>) => {
    await process().catch(() => undefined);
    const died = story.aws.restart();
    crashed ||= died;
    return died;
  };
  const deliver = async (messages: string[]) => {
    if (await run(() => story.receive(...messages))) await story.receive(...messages);
  };
  await deliver(['a', 'b', 'c'].map(key => story.upload(key)));
  await deliver(['d', 'e'].map(key => story.upload(key)));
  for (let minute = 0; minute < MOST_MINUTES && isBusy(story); minute++) {
    for (const name of story.aws.running()) {
      endExecution(story, name);
      await run(() => story.event(name));
    }
    time.advanceMinutes(1);
    await run(() => story.sweep());
  }
  return { story, crashed };
}

function isBusy(story: Story): boolean {
  return (
    story.slots().live.length > 0 || story.files().some(file => file.status === 'PENDING' || file.status === 'CLAIMED')
  );
}

function endExecution(story: Story, name: string): void {
  const keys = story.aws.executions.get(name)!.files.map(file => file.key);
  if (keys.includes('b')) {
    const staged = { files: [], rejected: [{ id: story.file('b').id, reason: 'empty' }] };
    story.aws.workObjects.set(`runs/${name.slice(0, -2)}/staged.json`, JSON.stringify(staged));
  }
  if (keys.includes('a') && name.endsWith('-1')) {
    story.aws.endExecution(name, 'FAILED', 'Etl.Transient');
  } else if (keys.includes('e')) {
    story.aws.endExecution(name, 'FAILED', 'Etl.Data', JSON.stringify({ message: 'bad', files: [story.file('e').id] }));
  } else {
    story.aws.endExecution(name, 'SUCCEEDED');
  }
}

/** How often each file was in an execution that succeeded. */
function loads(story: Story): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, files } of story.aws.executions.values()) {
    if (status === 'SUCCEEDED') for (const { key } of files) counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

function endState(story: Story): object {
  return {
    files: story.files().map(({ key, status, reason, limit, waiting }) => ({ key, status, reason, limit, waiting })),
    slots: story.slots(),
    unsettled: story.runs().filter(run => run.status === 'RUNNING'),
    loads: loads(story),
  };
}

const EXPECTED = {
  files: [
    { key: 'a', status: 'LOADED', limit: 0 },
    { key: 'b', status: 'REJECTED', reason: 'empty', limit: 0 },
    { key: 'c', status: 'LOADED', limit: 0 },
    { key: 'd', status: 'LOADED', limit: 0 },
    { key: 'e', status: 'REJECTED', reason: 'Etl.Data: bad', limit: 0 },
  ],
  slots: { live: [], failed: [] },
  unsettled: [],
  loads: { a: 1, b: 1, c: 1, d: 1 },
};

test('without a crash', async () => {
  const { story, crashed } = await play();
  expect(crashed).toBe(false);
  expect(endState(story)).toEqual(EXPECTED);
  expect(story.runs().map(run => [run.status, run.attempt])).toEqual([
    ['SUCCEEDED', 2],
    ['FAILED', 1],
    ['SUCCEEDED', 1],
  ]);
});

test.each(['before', 'after'] as const)('a crash %s any call changes nothing of how it ends', async when => {
  const { calls } = (await play()).story.aws;
  for (let call = 1; call <= calls.length; call++) {
    const { story, crashed } = await play({ call, when });
    const where = `crash ${when} call ${call}, ${story.aws.calls[call - 1]}`;
    expect([where, crashed]).toEqual([where, true]);
    expect([where, endState(story)]).toEqual([where, EXPECTED]);
  }
});
