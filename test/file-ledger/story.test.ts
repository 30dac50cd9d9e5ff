import { expectedId, fakeTime, Story } from './story';
import { filesKey, planKey } from '../../src/file-ledger/contract';
import type { RunOutcome } from '../../src/file-ledger/contract';

let time: ReturnType<typeof fakeTime>;

beforeEach(() => {
  time = fakeTime('2026-03-01T10:00:00Z');
});
afterEach(() => jest.useRealTimers());

const runOf = (execution: string) => execution.slice(0, -2);

test('files that arrive are loaded by one execution, and the ledger tells it', async () => {
  const story = new Story();
  const messages = [
    story.upload('in/a b+c.csv', { metadata: { origin: 'shop' } }),
    story.upload('in/ü.csv'),
    story.upload('in/c.csv'),
  ];
  expect(await story.receive(...messages)).toEqual([]);

  const execution = story.running();
  const runId = runOf(execution);
  expect(execution).toMatch(/^20260301T100000Z-[0-9a-f]{16}-1$/);
  expect(story.file('in/a b+c.csv')).toEqual({
    id: expectedId('in/a b+c.csv', 'version-1'),
    bucket: 'landing',
    key: 'in/a b+c.csv',
    versionId: 'version-1',
    etag: 'etag-1',
    size: 10,
    contentType: 'text/csv',
    metadata: { origin: 'shop' },
    status: 'CLAIMED',
    runId,
    limit: 0,
    since: '2026-03-01T10:00:00.000Z',
    arrived: expect.stringMatching(/^2026-03-01T10:00:01.000Z#0010{29}#[0-9a-f]{64}$/),
  });
  expect(story.aws.executions.get(execution)!.input).toEqual({
    runId,
    attempt: 1,
    files: { bucket: 'work', key: `runs/${runId}/files.json`, count: 3, bytes: 30 },
  });
  expect(JSON.parse(story.aws.workObjects.get(filesKey(runId))!)[0]).toEqual({
    id: expectedId('in/a b+c.csv', 'version-1'),
    bucket: 'landing',
    key: 'in/a b+c.csv',
    versionId: 'version-1',
    etag: 'etag-1',
    size: 10,
  });
  expect(story.slots()).toEqual({ live: [runId], failed: [] });

  const result = { rowsRead: 3, rowsWritten: 2, rowsRejected: 1, duplicatesDropped: 0, seconds: 4 };
  story.aws.workObjects.set(`runs/${runId}/ToDynamo/result.json`, JSON.stringify(result));
  story.aws.workObjects.set(`runs/${runId}/input/part-00000.csv`, 'a,b');
  await story.end(execution, 'SUCCEEDED');

  expect(story.statuses()).toEqual({ 'in/a b+c.csv': 'LOADED', 'in/ü.csv': 'LOADED', 'in/c.csv': 'LOADED' });
  expect(story.slots()).toEqual({ live: [], failed: [] });
  expect(story.runs()).toEqual([
    {
      id: runId,
      status: 'SUCCEEDED',
      attempt: 1,
      maxAttempts: 3,
      count: 3,
      bytes: 30,
      created: '2026-03-01T10:00:00.000Z',
      seconds: 90,
      results: { ToDynamo: result },
      expires: Date.parse('2026-08-28T10:01:30Z') / 1000,
    },
  ]);
});

test('an event that comes again changes nothing, whatever has become of its file', async () => {
  const story = new Story();
  const message = story.upload('a.csv');
  await story.receive(message, message);
  await story.receive(message);
  await story.end(story.running(), 'SUCCEEDED');
  await story.receive(message);
  expect(story.statuses()).toEqual({ 'a.csv': 'LOADED' });
  expect(story.aws.executions.size).toBe(1);
});

test('what arrives while an execution runs waits, and travels together afterwards', async () => {
  const story = new Story();
  await story.receive(story.upload('a.csv'));
  await story.receive(story.upload('b.csv'));
  await story.receive(story.upload('c.csv'));
  expect(story.statuses()).toEqual({ 'a.csv': 'CLAIMED', 'b.csv': 'PENDING', 'c.csv': 'PENDING' });
  await story.end(story.running(), 'SUCCEEDED');
  expect(story.statuses()).toEqual({ 'a.csv': 'LOADED', 'b.csv': 'CLAIMED', 'c.csv': 'CLAIMED' });
  expect(story.aws.executions.get(story.running())!.input.files.count).toBe(2);
});

test('as many executions run at once as there are slots', async () => {
  const story = new Story({ maxExecutions: 2, maxFiles: 1 });
  await story.receive(story.upload('a.csv'), story.upload('b.csv'), story.upload('c.csv'));
  expect(story.aws.running()).toHaveLength(2);
  expect(story.statuses()).toEqual({ 'a.csv': 'CLAIMED', 'b.csv': 'CLAIMED', 'c.csv': 'PENDING' });
});

describe('a failed attempt', () => {
  test('is followed by the next, with the same files, as often as allowed', async () => {
    const story = new Story({ maxAttempts: 3 });
    await story.receive(story.upload('a.csv'));
    const runId = runOf(story.running());
    await story.end(`${runId}-1`, 'FAILED', 'Etl.LoadFailed', 'exit code 1');
    await story.end(`${runId}-2`, 'FAILED', 'Etl.Capacity');
    expect(story.running()).toBe(`${runId}-3`);
    expect(story.aws.executions.get(`${runId}-3`)!.input).toEqual({
      ...story.aws.executions.get(`${runId}-1`)!.input,
      attempt: 3,
    });
    expect(story.slots()).toEqual({ live: [runId], failed: [] });

    await story.end(`${runId}-3`, 'FAILED', 'Etl.Transient', 'no answer');
    expect(story.aws.running()).toEqual([]);
    expect(story.file('a.csv')).toMatchObject({ status: 'FAILED', runId, reason: 'Etl.Transient: no answer' });
    expect(story.slots()).toEqual({ live: [], failed: [runId] });
    expect(story.runs()[0]).toMatchObject({
      status: 'FAILED',
      attempt: 3,
      error: 'Etl.Transient',
      cause: 'Etl.Transient: no answer',
    });
  });

  test('has as many successors as were allowed when the run began', async () => {
    const story = new Story({ maxAttempts: 2 });
    await story.receive(story.upload('a.csv'));
    const runId = runOf(story.running());
    process.env.MAX_ATTEMPTS = '9';
    await story.end(`${runId}-1`, 'FAILED');
    await story.end(`${runId}-2`, 'FAILED');
    expect(story.statuses()).toEqual({ 'a.csv': 'FAILED' });
  });

  test('has one successor, however often its end is told', async () => {
    const story = new Story();
    await story.receive(story.upload('a.csv'));
    const first = story.running();
    await story.end(first, 'FAILED');
    await Promise.all([story.event(first), story.event(first), story.sweep()]);
    expect([...story.aws.executions.keys()]).toEqual([first, first.replace(/1$/, '2')]);
    expect(story.runs()[0].attempt).toBe(2);
  });
});

test('whoever noticed the end of an attempt long ago does not set the run back', async () => {
  const story = new Story({ maxAttempts: 3 });
  await story.receive(story.upload('a.csv'));
  const runId = runOf(story.running());
  story.aws.beforeNext('UpdateItem', () => {
    // others are at attempt 3 by now
    story.aws.items.get(runId)!.attempt = 3;
    for (const attempt of [2, 3]) {
      story.aws.executions.set(`${runId}-${attempt}`, {
        ...story.aws.executions.get(`${runId}-1`)!,
        status: attempt === 3 ? 'RUNNING' : 'FAILED',
      });
    }
  });
  await story.end(`${runId}-1`, 'FAILED');
  expect(story.runs()[0].attempt).toBe(3);
  expect(story.aws.executions.size).toBe(3);
});

test.each<[RunOutcome, string | undefined]>([
  ['TIMED_OUT', undefined],
  ['FAILED', 'Etl.Timeout'],
  ['FAILED', 'States.Timeout'],
])('an attempt that took too long (%s %s) is not repeated: the next one would take as long', async (status, error) => {
  const story = new Story({ maxAttempts: 3 });
  await story.receive(story.upload('a.csv'));
  await story.end(story.running(), status, error, 'too slow');
  expect(story.file('a.csv')).toMatchObject({ status: 'FAILED', reason: `${error ?? status}: too slow` });
  expect(story.aws.executions.size).toBe(1);
});

describe('compute', () => {
  test('must have ended before a run goes on', async () => {
    const story = new Story({ stopFunctions: ['stop-a', 'stop-b'] });
    const asked: unknown[] = [];
    let answer: object = { status: 'stopping', waitSeconds: 5 };
    story.aws.stops.set('stop-a', event => {
      asked.push(event);
      return { status: 'ended' };
    });
    story.aws.stops.set('stop-b', () => answer);
    await story.receive(story.upload('a.csv'));
    const execution = story.running();
    await story.end(execution, 'SUCCEEDED');
    expect(asked).toEqual([{ contract: 1, action: 'stop', runId: runOf(execution), attempt: 1 }]);
    expect(story.statuses()).toEqual({ 'a.csv': 'CLAIMED' });
    expect(story.slots().live).toEqual([runOf(execution)]);

    answer = { status: 'ended' };
    await story.sweep();
    expect(story.statuses()).toEqual({ 'a.csv': 'LOADED' });
  });

  test('that a step cannot stop keeps the slot, and the sweep says so', async () => {
    const story = new Story({ stopFunctions: ['stop'] });
    story.aws.stops.set('stop', () => new Error('throttled'));
    await story.receive(story.upload('a.csv'));
    story.aws.endExecution(story.running(), 'ABORTED');
    await expect(story.sweep()).rejects.toThrow(/could not stop its compute.*throttled/);
    expect(story.statuses()).toEqual({ 'a.csv': 'CLAIMED' });
  });
});

test('of several steps each is asked to stop, also behind one that fails', async () => {
  const story = new Story({ stopFunctions: ['stop-a', 'stop-b', 'stop-c'] });
  const asked: string[] = [];
  for (const name of ['stop-a', 'stop-b', 'stop-c']) {
    story.aws.stops.set(name, () => {
      asked.push(name);
      return name === 'stop-a' ? new Error('throttled') : { status: 'ended' };
    });
  }
  await story.receive(story.upload('a.csv'));
  story.aws.endExecution(story.running(), 'FAILED', 'Etl.LoadFailed');
  await expect(story.sweep()).rejects.toThrow('throttled');
  expect(asked).toEqual(['stop-a', 'stop-b', 'stop-c']);
});

test('a run that is settled and still holds its slot only gives it back', async () => {
  const story = new Story({ stopFunctions: ['stop'] });
  story.aws.stops.set('stop', () => ({ status: 'ended' }));
  await story.receive(story.upload('a.csv'));
  const execution = story.running();
  await story.end(execution, 'ABORTED');
  const runId = runOf(execution);
  story.aws.items.set('slots', { id: 'slots', live: new Set([runId]) });
  story.aws.calls.length = 0;
  await story.event(execution);
  expect(story.aws.calls).toEqual(['GetItem', 'UpdateItem']);
  expect(story.slots()).toEqual({ live: [], failed: [runId] });
});

test.each(['ThrottlingException', 'AccessDeniedException', 'ServiceUnavailable'])(
  'an execution that Step Functions does not describe (%s) is neither started nor judged',
  async name => {
    const story = new Story();
    await story.receive(story.upload('a.csv'));
    story.aws.endExecution(story.running(), 'FAILED', 'Etl.LoadFailed');
    story.aws.refuseNext('DescribeExecution', Object.assign(new Error('not now'), { name }));
    story.aws.calls.length = 0;
    await expect(story.sweep()).rejects.toThrow('not now');
    expect(story.aws.calls).not.toContain('StartExecution');
    expect(story.runs()[0]).toMatchObject({ status: 'RUNNING', attempt: 1 });
  },
);

describe('the sweep', () => {
  test('takes the runs in the order of their age', async () => {
    const story = new Story({ maxExecutions: 3, maxFiles: 1, stopFunctions: ['stop'] });
    const asked: string[] = [];
    story.aws.stops.set('stop', event => {
      asked.push((event as { runId: string }).runId);
      return { status: 'stopping', waitSeconds: 5 };
    });
    const runs: string[] = [];
    for (const key of ['a', 'b', 'c']) {
      await story.receive(story.upload(key));
      runs.push(...story.slots().live.filter(id => !runs.includes(id)));
      time.advanceMinutes(1);
    }
    story.aws.items.set('slots', { id: 'slots', live: new Set([...runs].reverse()) });
    for (const name of story.aws.running()) story.aws.endExecution(name, 'SUCCEEDED');
    await story.sweep();
    expect(asked).toEqual(runs);
  });

  test('finds an execution that ended without an event', async () => {
    const story = new Story();
    await story.receive(story.upload('a.csv'));
    story.aws.endExecution(story.running(), 'SUCCEEDED');
    await story.sweep();
    expect(story.statuses()).toEqual({ 'a.csv': 'LOADED' });
  });

  test('leaves a running execution alone', async () => {
    const story = new Story();
    await story.receive(story.upload('a.csv'));
    const before = structuredClone([...story.aws.items]);
    await story.sweep();
    expect([...story.aws.items]).toEqual(before);
  });

  test('goes on after a run that it cannot advance', async () => {
    const story = new Story({ maxExecutions: 3, maxFiles: 1 });
    await story.receive(story.upload('a.csv'), story.upload('b.csv'));
    const [first, second] = story.aws.running().sort();
    for (const name of [first, second]) story.aws.endExecution(name, 'SUCCEEDED');
    story.aws.workObjects.delete(filesKey(runOf(first)));
    await story.receive(story.upload('c.csv'));
    await expect(story.sweep()).rejects.toThrow(`Run ${runOf(first)} cannot be settled`);
    expect(story.runs().find(run => run.id === runOf(second))!.status).toBe('SUCCEEDED');
    expect(story.file('c.csv').status).toBe('CLAIMED');
  });

  test('takes up a run that has a slot but no item, once nobody else can be at it', async () => {
    const story = new Story();
    story.aws.refuseNext('StartExecution', new Error('not yet'));
    story.aws.refuseNext('TransactWriteItems', new Error('dynamo is down'));
    expect(await story.receive(story.upload('a.csv'))).toEqual([]); // entered; only the dispatch failed
    time.advanceMinutes(2);
    await story.sweep();
    expect(story.runs()).toEqual([]);
    time.advanceMinutes(2);
    await expect(story.sweep()).rejects.toThrow('not yet');
    await story.sweep();
    expect(story.running()).toBe(`${story.slots().live[0]}-1`);
  });

  test('stops in time, and the next one goes on', async () => {
    const story = new Story();
    await story.receive(story.upload('a.csv'));
    story.aws.endExecution(story.running(), 'SUCCEEDED');
    story.remainingMilliseconds = 1_000;
    await story.sweep();
    expect(story.statuses()).toEqual({ 'a.csv': 'CLAIMED' });
    story.remainingMilliseconds = 180_000;
    await story.sweep();
    expect(story.statuses()).toEqual({ 'a.csv': 'LOADED' });
  });
});

test("an execution that somebody else has started is none of the ledger's business", async () => {
  const story = new Story();
  await story.event('my-test-1');
  expect(story.aws.calls).toEqual([]);
});

test('an execution without an item is left to the sweep, which alone knows who holds a slot', async () => {
  const story = new Story();
  const runId = '20260301T090000Z-0123456789abcdef';
  story.aws.workObjects.set(planKey(runId), JSON.stringify({ runId, files: [] }));
  await story.event(`${runId}-1`);
  expect(story.aws.calls).toEqual(['GetItem']);
});

test('a run whose plan has been deleted is an error that says what happened', async () => {
  const story = new Story();
  const runId = '20260301T090000Z-0123456789abcdef';
  story.aws.items.set('slots', { id: 'slots', live: new Set([runId]) });
  await expect(story.sweep()).rejects.toThrow(`s3://work/${planKey(runId)} is missing`);
  expect(story.slots().live).toEqual([runId]);
});
