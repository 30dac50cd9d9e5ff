import { TABLE } from './fake-aws';
import { fakeTime, Story } from './story';
import { filesKey } from '../../src/file-ledger/contract';
import type { RunOutcome } from '../../src/file-ledger/contract';
import { pause, resume } from '../../src/file-ledger/runtime/pause';

beforeEach(() => {
  fakeTime('2026-03-01T10:00:00Z');
});
afterEach(() => jest.useRealTimers());

/** A run of the named files, at its last attempt. */
async function runOfFiles(...keys: string[]): Promise<{ story: Story; execution: string; runId: string }> {
  const story = new Story({ maxAttempts: 1 });
  await story.receive(...keys.map(key => story.upload(key)));
  const execution = story.running();
  return { story, execution, runId: execution.slice(0, -2) };
}

/** What Step Functions says of a Lambda function that has thrown. */
const lambdaCause = (errorMessage: string) =>
  JSON.stringify({ errorType: 'Etl.Data', errorMessage, trace: ['Error: …'] });

describe('what becomes of the files of a run', () => {
  test('SUCCEEDED: LOADED', async () => {
    const { story, execution } = await runOfFiles('a', 'b');
    await story.end(execution, 'SUCCEEDED');
    expect(story.statuses()).toEqual({ a: 'LOADED', b: 'LOADED' });
  });

  test.each<[RunOutcome, string | undefined, string]>([
    ['SUCCEEDED', undefined, 'LOADED'],
    ['FAILED', 'Etl.Transient', 'FAILED'],
    ['ABORTED', undefined, 'FAILED'],
    ['FAILED', 'Etl.Data', 'PENDING'],
  ])('rejected by staging: REJECTED with its reason, also if the run ends %s %s', async (outcome, error, others) => {
    const { story, execution, runId } = await runOfFiles('a', 'b', 'c');
    story.aws.workObjects.set(
      `runs/${runId}/staged.json`,
      JSON.stringify({ files: [], rejected: [{ id: story.file('b').id, reason: 'header differs' }] }),
    );
    story.aws.maxExecutions = 2;
    await story.end(execution, outcome, error);
    expect(story.file('b')).toMatchObject({ status: 'REJECTED', reason: 'header differs', runId });
    // those that wait again are in the next run already
    expect(story.file('a')).toMatchObject(
      others === 'PENDING' ? { status: 'CLAIMED', limit: 2 } : { status: others, runId },
    );
  });

  test.each([
    ['as Lambda puts it', (message: object) => lambdaCause(JSON.stringify(message))],
    ['as a Fail state may put it', (message: object) => JSON.stringify(message)],
  ])('Data that names files, %s: those REJECTED, the others wait with the limit that they had', async (_, cause) => {
    const { story, execution, runId } = await runOfFiles('a', 'b', 'c');
    await story.end(
      execution,
      'FAILED',
      'Etl.Data',
      cause({ message: 'not UTF-8', files: [story.file('c').id, 'a file of nobody'] }),
    );
    expect(story.file('c')).toMatchObject({ status: 'REJECTED', reason: 'Etl.Data: not UTF-8', runId });
    expect(story.file('a')).toMatchObject({ status: 'CLAIMED', limit: 0 });
    expect(story.aws.executions.get(story.running())!.files.map(file => file.key)).toEqual(['a', 'b']);
    expect(story.runs()[0]).toMatchObject({ status: 'FAILED', error: 'Etl.Data', cause: 'Etl.Data: not UTF-8' });
  });

  test.each([
    ['no files', lambdaCause('cannot convert')],
    [
      'files of other runs only',
      lambdaCause(JSON.stringify({ message: 'cannot convert', files: ['a file of nobody'] })),
    ],
    ['nothing that can be read', '{"errorMessage": "{\\"message\\": \\"cut o'],
    ['nothing at all', undefined],
  ])('Data that names %s, several files: they wait in halves', async (_, cause) => {
    const { story, execution } = await runOfFiles('a', 'b', 'c');
    await story.end(execution, 'FAILED', 'Etl.Data', cause);
    expect(story.files().map(file => [file.key, file.status, file.limit])).toEqual([
      ['a', 'CLAIMED', 2],
      ['b', 'CLAIMED', 2],
      ['c', 'PENDING', 2],
    ]);
  });

  test('Data that names nobody, a single file: REJECTED with the error', async () => {
    const { story, execution } = await runOfFiles('a');
    await story.end(execution, 'FAILED', 'Etl.Data', lambdaCause('cannot convert'));
    expect(story.file('a')).toMatchObject({ status: 'REJECTED', reason: 'Etl.Data: cannot convert' });
  });

  test('Data is not tried again, though attempts are left', async () => {
    const story = new Story({ maxAttempts: 3 });
    await story.receive(story.upload('a'));
    await story.end(story.running(), 'FAILED', 'Etl.Data', 'cannot convert');
    expect(story.file('a').status).toBe('REJECTED');
    expect(story.aws.executions.size).toBe(1);
  });

  test('ABORTED by an operator: FAILED, and not tried again', async () => {
    const story = new Story({ maxAttempts: 3 });
    await story.receive(story.upload('a'));
    await story.end(story.running(), 'ABORTED', undefined, 'wrong table');
    expect(story.file('a')).toMatchObject({ status: 'FAILED', reason: 'ABORTED: wrong table' });
    expect(story.aws.executions.size).toBe(1);
  });

  test.each<[RunOutcome, string | undefined, string]>([
    ['FAILED', 'Etl.Capacity', 'Etl.Capacity: sold out'],
    ['FAILED', undefined, 'FAILED: sold out'],
    ['TIMED_OUT', 'States.Timeout', 'States.Timeout: sold out'],
  ])('%s with %s, attempts used up: FAILED', async (outcome, error, reason) => {
    const { story, execution } = await runOfFiles('a');
    await story.end(execution, outcome, error, 'sold out');
    expect(story.file('a')).toMatchObject({ status: 'FAILED', reason });
  });

  test('an error that is not Data names no files', async () => {
    const { story, execution } = await runOfFiles('a', 'b');
    await story.end(
      execution,
      'FAILED',
      'Etl.Transient',
      JSON.stringify({ message: 'm', files: [story.file('a').id] }),
    );
    expect(story.statuses()).toEqual({ a: 'FAILED', b: 'FAILED' });
  });
});

test('one bad file among many is found by halves, the others are loaded', async () => {
  const story = new Story({ maxAttempts: 1, maxExecutions: 4 });
  const keys = Array.from({ length: 9 }, (_, number) => `file-${number}`);
  await story.receive(...keys.map(key => story.upload(key)));
  let failures = 0;
  while (story.aws.running().length > 0) {
    for (const name of story.aws.running()) {
      const bad = story.aws.executions.get(name)!.files.some(file => file.key === 'file-5');
      failures += bad ? 1 : 0;
      await story.end(name, bad ? 'FAILED' : 'SUCCEEDED', bad ? 'Etl.Data' : undefined);
    }
  }
  expect(story.file('file-5').status).toBe('REJECTED');
  expect(story.files().filter(file => file.status === 'LOADED')).toHaveLength(8);
  expect(failures).toBeLessThanOrEqual(5); // 9, 5, 3, 2, 1
  const loads = [...story.aws.executions.values()]
    .filter(({ status }) => status === 'SUCCEEDED')
    .flatMap(({ files }) => files.map(file => file.key));
  expect(loads.sort()).toEqual(keys.filter(key => key !== 'file-5'));
});

test('a file put back keeps its place and what it is, and a reason goes when it is loaded', async () => {
  const { story, execution } = await runOfFiles('a', 'b');
  const before = story.file('b');
  await story.end(execution, 'FAILED', 'Etl.Data', JSON.stringify({ message: 'bad', files: [story.file('a').id] }));
  story.aws.items.set(before.id, { ...story.aws.items.get(before.id), reason: 'of an earlier run' });
  await story.end(story.running(), 'SUCCEEDED');
  // it has waited anew since the first run's end
  expect(story.file('b')).toEqual({
    ...before,
    status: 'LOADED',
    runId: story.runs()[1].id,
    since: '2026-03-01T10:01:30.000Z',
  });
});

test('whoever settles late finds the files with another run and changes nothing', async () => {
  const { story, execution } = await runOfFiles('a', 'b');
  await story.end(execution, 'FAILED', 'Etl.Data'); // halves: a runs, b waits
  const runId = execution.slice(0, -2);
  const files = structuredClone(story.files());
  // the run's item as a settler read it that stalled before its first write
  story.aws.items.set(runId, { ...story.aws.items.get(runId), status: 'RUNNING' });
  await story.event(execution);
  expect(story.files()).toEqual(files);
  expect(story.slots().failed).toEqual([runId]);
});

test('whoever settles late leaves a file alone that an operator has put back', async () => {
  const { story, execution, runId } = await runOfFiles('a');
  await story.end(execution, 'ABORTED');
  const { reason, ...file } = story.aws.items.get(story.file('a').id)!;
  story.aws.items.set(file.id as string, { ...file, status: 'PENDING', waiting: 0 });
  story.aws.items.get(runId)!.status = 'RUNNING'; // as that settler has read it
  story.remainingMilliseconds = 0; // no further run begins
  await story.event(execution);
  expect(story.file('a')).toMatchObject({ status: 'PENDING', runId });
});

test('a list that a stalled pusher has shortened does not change how many files there were', async () => {
  const { story, execution, runId } = await runOfFiles('a', 'b', 'c', 'd');
  const list = JSON.parse(story.aws.workObjects.get(filesKey(runId))!) as unknown[];
  story.aws.workObjects.set(filesKey(runId), JSON.stringify(list.slice(0, 1)));
  await story.end(execution, 'FAILED', 'Etl.Data');
  expect(story.file('a').limit).toBe(2);
});

test('results of the steps that finished are kept though a later step has failed', async () => {
  const { story, execution, runId } = await runOfFiles('a');
  const result = { rowsRead: 1, rowsWritten: 1, rowsRejected: 0, duplicatesDropped: 0, seconds: 2 };
  story.aws.workObjects.set(`runs/${runId}/ToDynamo/result.json`, JSON.stringify(result));
  story.aws.workObjects.set(`runs/${runId}/ToRedshift/input.json`, '{}');
  await story.end(execution, 'FAILED', 'Etl.LoadFailed', 'no grant');
  expect(story.runs()[0]).toMatchObject({ status: 'FAILED', seconds: 90, results: { ToDynamo: result } });
});

test('a reason that is long is cut, so that items stay small', async () => {
  const { story, execution } = await runOfFiles('a');
  await story.end(execution, 'FAILED', 'Etl.Transient', 'x'.repeat(30_000));
  expect(story.file('a').reason).toHaveLength(1_001);
  expect(story.runs()[0].cause).toHaveLength(4_000);
});

describe('the breaker', () => {
  async function failUntilPaused(): Promise<Story> {
    const story = new Story({ maxAttempts: 1, maxFiles: 1, pauseAfter: 2 });
    await story.receive(...['a', 'b', 'c', 'd'].map(key => story.upload(key)));
    await story.end(story.running(), 'FAILED', 'Etl.LoadFailed');
    await story.end(story.running(), 'FAILED', 'Etl.LoadFailed');
    return story;
  }

  test('lets no further run begin once so many have failed in a row', async () => {
    const story = await failUntilPaused();
    await story.sweep();
    await story.receive(story.upload('e'));
    expect(story.statuses()).toEqual({ a: 'FAILED', b: 'FAILED', c: 'PENDING', d: 'PENDING', e: 'PENDING' });
    expect(story.aws.running()).toEqual([]);
  });

  test('is checked when the slot is taken, not only before', async () => {
    const story = await failUntilPaused();
    const slots = story.aws.items.get('slots')!;
    story.aws.items.delete('slots');
    story.aws.beforeNext('UpdateItem', () => story.aws.items.set('slots', slots));
    await story.sweep();
    expect(story.aws.calls.at(-1)).toBe('UpdateItem');
    expect(story.aws.running()).toEqual([]);
  });

  test('ends when an operator resumes', async () => {
    const story = await failUntilPaused();
    await resume({ table: TABLE });
    await story.sweep();
    expect(story.file('c').status).toBe('CLAIMED');
  });

  test('forgets failures when a run succeeds', async () => {
    const story = new Story({ maxAttempts: 1, maxFiles: 1, pauseAfter: 2 });
    await story.receive(...['a', 'b', 'c', 'd'].map(key => story.upload(key)));
    await story.end(story.running(), 'FAILED', 'Etl.LoadFailed');
    await story.end(story.running(), 'SUCCEEDED');
    expect(story.slots().failed).toEqual([]);
    await story.end(story.running(), 'FAILED', 'Etl.LoadFailed');
    expect(story.file('d').status).toBe('CLAIMED');
  });

  test('counts a run once, also if its end is told again', async () => {
    const story = new Story({ maxAttempts: 1, maxFiles: 1 });
    await story.receive(story.upload('a'));
    const execution = story.running();
    await story.end(execution, 'ABORTED');
    delete story.aws.items.get('slots')!.failed;
    await story.event(execution);
    expect(story.slots()).toEqual({ live: [], failed: [] });
  });

  test('lets what runs go on, with its attempts', async () => {
    const story = new Story({ maxAttempts: 2, maxFiles: 1, maxExecutions: 2, pauseAfter: 1 });
    await story.receive(story.upload('a'), story.upload('b'));
    const [first, second] = story.aws.running();
    await story.end(first, 'ABORTED');
    await story.end(second, 'FAILED');
    expect(story.running()).toBe(second.replace(/1$/, '2'));
  });
});

describe('a configuration failure', () => {
  async function failForConfiguration(
    options: ConstructorParameters<typeof Story>[0] = {},
  ): Promise<{ story: Story; runId: string }> {
    const story = new Story({ maxAttempts: 3, ...options });
    await story.receive(story.upload('a'), story.upload('b'));
    const execution = story.running();
    await story.end(execution, 'FAILED', 'Etl.Configuration', 'the role may not write the table');
    return { story, runId: execution.slice(0, -2) };
  }

  test('gets no further attempt, puts the files back and pauses with the reason', async () => {
    const { story, runId } = await failForConfiguration();
    expect(story.aws.executions.size).toBe(1);
    expect(story.statuses()).toEqual({ a: 'PENDING', b: 'PENDING' });
    expect(story.file('a')).toMatchObject({ runId, limit: 0 });
    expect(story.paused()).toEqual({ runId, reason: 'Etl.Configuration: the role may not write the table' });
    expect(story.runs()[0]).toMatchObject({ status: 'FAILED', error: 'Etl.Configuration' });
  });

  test('lets no run begin before an operator resumes, neither by new files nor by the sweep', async () => {
    const { story } = await failForConfiguration();
    await story.receive(story.upload('c'));
    await story.sweep();
    expect(story.aws.executions.size).toBe(1);
    await resume({ table: TABLE });
    await story.sweep();
    expect(story.aws.executions.get(story.running())!.files.map(file => file.key)).toEqual(['a', 'b', 'c']);
  });

  test('is not forgotten when another run succeeds', async () => {
    const story = new Story({ maxFiles: 1, maxExecutions: 2 });
    await story.receive(story.upload('a'), story.upload('b'), story.upload('c'));
    const [first, second] = story.aws.running();
    await story.end(first, 'FAILED', 'Etl.Configuration', 'no grant');
    await story.end(second, 'SUCCEEDED');
    expect(story.paused()).toMatchObject({ reason: 'Etl.Configuration: no grant' });
    expect(story.aws.running()).toEqual([]);
  });

  test('keeps the limit of the files, so that a bad one among them is still being looked for', async () => {
    const story = new Story({ maxAttempts: 1 });
    await story.receive(...['a', 'b', 'c', 'd'].map(key => story.upload(key)));
    await story.end(story.running(), 'FAILED', 'Etl.Data');
    await story.end(story.running(), 'FAILED', 'Etl.Configuration');
    expect(story.files().map(file => [file.key, file.status, file.limit])).toEqual(
      ['a', 'b', 'c', 'd'].map(key => [key, 'PENDING', 2]),
    );
  });

  test("pauses also if the function dies between the run's item and its slot", async () => {
    const story = new Story();
    await story.receive(story.upload('a'));
    const execution = story.running();
    story.aws.beforeNext('UpdateItem', () => {}); // the run's item
    story.aws.refuseNext('UpdateItem', new Error('slow down')); // its slot
    await expect(story.end(execution, 'FAILED', 'Etl.Configuration', 'no grant')).rejects.toThrow('slow down');
    expect(story.paused()).toBeUndefined();
    await story.sweep();
    expect(story.paused()).toEqual({ runId: execution.slice(0, -2), reason: 'Etl.Configuration: no grant' });
    expect(story.aws.executions.size).toBe(1);
  });

  test('is checked when the slot is taken, not only before', async () => {
    const story = new Story();
    story.aws.beforeNext('PutObject', () => {
      story.aws.items.set('slots', { id: 'slots', paused: { reason: 'meanwhile' } });
    });
    await story.receive(story.upload('a'));
    expect(story.aws.executions.size).toBe(0);
    expect(story.statuses()).toEqual({ a: 'PENDING' });
  });
});

test('an operator may pause: what runs goes on, nothing new begins', async () => {
  const story = new Story();
  await story.receive(story.upload('a'));
  await pause({ table: TABLE }, 'the warehouse is being moved');
  await story.receive(story.upload('b'));
  await story.end(story.running(), 'FAILED', 'Etl.Transient');
  await story.end(story.running(), 'SUCCEEDED');
  await story.sweep();
  expect(story.statuses()).toEqual({ a: 'LOADED', b: 'PENDING' });
  expect(story.paused()).toEqual({ reason: 'the warehouse is being moved' });
});

describe('with a retention', () => {
  const RETENTION = { retentionSeconds: 30 * 86_400 };
  const end = Date.parse('2026-03-01T10:01:30Z') / 1000; // of an execution

  test.each<[string, Parameters<Story['end']>, Record<string, string>]>([
    ['loaded', ['', 'SUCCEEDED'], { a: 'LOADED', b: 'LOADED' }],
    ['failed', ['', 'TIMED_OUT'], { a: 'FAILED', b: 'FAILED' }],
  ])('the items of files that are %s expire', async (_, [, ...how], statuses) => {
    const story = new Story({ maxAttempts: 1, ...RETENTION });
    await story.receive(story.upload('a'), story.upload('b'));
    expect(story.files().map(file => file.expires)).toEqual([undefined, undefined]);
    await story.end(story.running(), ...how);
    expect(story.statuses()).toEqual(statuses);
    expect(story.files().map(file => file.expires)).toEqual([end + 30 * 86_400, end + 30 * 86_400]);
  });

  test('one that waits again does not, nor one that was put back; one that is set aside does', async () => {
    const story = new Story({ maxAttempts: 1, ...RETENTION });
    await story.receive(story.upload('a'), story.upload('b'));
    await story.end(
      story.running(),
      'FAILED',
      'Etl.Data',
      JSON.stringify({ message: 'bad', files: [story.file('a').id] }),
    );
    expect(story.file('a').expires).toBe(end + 30 * 86_400);
    expect(story.file('b')).not.toHaveProperty('expires');
    await story.operate({ operation: 'putBack', key: 'a' });
    expect(story.file('a')).not.toHaveProperty('expires');
    await story.operate({ operation: 'setAside', key: 'a', reason: 'x' });
    expect(story.file('a').expires).toBe(Date.now() / 1000 + 30 * 86_400);
  });

  test('one whose size is not taken expires', async () => {
    const story = new Story({ maxFileSize: 5, ...RETENTION });
    await story.receive(story.upload('a'));
    expect(story.file('a')).toMatchObject({ status: 'REJECTED', expires: Date.now() / 1000 + 30 * 86_400 });
  });

  test('without one, nothing of a file ever expires', async () => {
    const story = new Story({ maxAttempts: 1, maxFileSize: 15 });
    await story.receive(story.upload('a'), story.upload('b', { size: 20 }));
    await story.end(story.running(), 'SUCCEEDED');
    for (const file of story.files()) expect(file).not.toHaveProperty('expires');
  });
});
