import { OPERATIONS, operatorCommand } from '../../src/operator/contract';
import { s3Failure } from '../file-ledger/fake-aws';
import { expectedId, fakeTime, Story, type StoryOptions } from '../file-ledger/story';

let time: ReturnType<typeof fakeTime>;

beforeEach(() => {
  time = fakeTime('2026-03-01T10:00:00Z');
});
afterEach(() => jest.useRealTimers());

const keys = (count: number) => Array.from({ length: count }, (_, number) => `in/${String(number).padStart(4, '0')}`);

/** A story in which files of these keys were loaded, or what else the end of their run made of them. */
async function after(
  end: Parameters<Story['end']>,
  names: string[],
  options: StoryOptions = {},
): Promise<{ story: Story; runId: string }> {
  const story = new Story({ maxAttempts: 1, ...options });
  await story.receive(...names.map(key => story.upload(key)));
  const [, ...rest] = end;
  const execution = story.running();
  await story.end(execution, ...rest);
  return { story, runId: execution.slice(0, -2) };
}

const failed = (names: string[], options?: StoryOptions) =>
  after(['', 'FAILED', 'Etl.LoadFailed', 'no rows'], names, options);
const loaded = (names: string[], options?: StoryOptions) => after(['', 'SUCCEEDED'], names, options);

/** Makes the same call until its answers say that nothing is left; returns them all. */
async function untilDone(story: Story, payload: object): Promise<any[]> {
  const answers = [await story.operate(payload)];
  while (answers.at(-1).next !== undefined) {
    answers.push(await story.operate({ ...payload, next: answers.at(-1).next }));
  }
  return answers;
}

describe('putting files back', () => {
  test("a failed run's files wait again, and the next sweep begins their run", async () => {
    const { story, runId } = await failed(['a', 'b']);
    expect(await story.operate({ operation: 'putBack', runId })).toEqual({
      putBack: 2,
      files: ['a', 'b'].map(key => ({ fileId: story.file(key).id, key, versionId: story.file(key).versionId })),
      leftAsTheyAre: {},
      unknown: [],
      warning: expect.stringMatching(/DynamoDB table keeps what is written last.*put those files back as well/),
      note: expect.stringContaining('within a minute'),
    });
    expect(story.file('a')).not.toHaveProperty('reason');
    await story.sweep();
    await story.end(story.running(), 'SUCCEEDED');
    expect(story.statuses()).toEqual({ a: 'LOADED', b: 'LOADED' });
  });

  test('alone, each goes in a run of its own', async () => {
    const { story, runId } = await failed(['a', 'b']);
    await story.operate({ operation: 'putBack', runId, alone: true });
    await story.sweep();
    expect(story.aws.executions.get(story.running())!.files.map(file => file.key)).toEqual(['a']);
  });

  test.each<[string, (story: Story) => object]>([
    ['its id', story => ({ fileIds: [story.file('a').id] })],
    ['its key, the present version', () => ({ key: 'a' })],
    ['its key and version', story => ({ key: 'a', versionId: story.file('a').versionId })],
  ])('a loaded file is named by %s', async (_, selection) => {
    const { story } = await loaded(['a', 'b']);
    expect(await story.operate({ operation: 'putBack', ...selection(story) })).toMatchObject({
      putBack: 1,
      files: [{ key: 'a' }],
    });
    expect(story.statuses()).toEqual({ a: 'PENDING', b: 'LOADED' });
  });

  test('what has been loaded is not loaded again because of its run or prefix alone', async () => {
    const { story, runId } = await loaded(['in/a', 'in/b']);
    expect(await story.operate({ operation: 'putBack', runId })).toMatchObject({ putBack: 0 });
    expect(await story.operate({ operation: 'putBack', prefix: 'in/' })).not.toHaveProperty('warning');
    expect(await story.operate({ operation: 'putBack', runId, status: 'LOADED' })).toMatchObject({ putBack: 2 });
  });

  test('by prefix and status, page by page and as far as the time goes, every file once', async () => {
    const { story } = await failed([...keys(30), 'other']);
    story.aws.scanLimit = 7;
    story.remainingMilliseconds = 20_000;
    const answers = await untilDone(story, { operation: 'putBack', prefix: 'in/', status: 'FAILED' });
    expect(answers.length).toBeGreaterThan(3);
    expect(answers.reduce((sum, answer) => sum + answer.putBack, 0)).toBe(30);
    expect(story.files().filter(file => file.status === 'PENDING')).toHaveLength(30);
    expect(story.statuses().other).toBe('FAILED');
  });

  test('many of one run, in batches of which DynamoDB answers a part', async () => {
    const { story, runId } = await failed(keys(1_100), { maxFiles: 5_000 });
    story.aws.batchGetLimit = 60;
    story.remainingMilliseconds = 20_000;
    jest.spyOn(Math, 'random').mockReturnValue(0);
    const answers = await untilDone(story, { operation: 'putBack', runId });
    expect(answers.map(answer => answer.putBack)).toEqual([1_000, 100]);
    expect(answers[0].files).toHaveLength(100);
    jest.restoreAllMocks();
  });

  test('those that wait or are being loaded stay as they are', async () => {
    const story = new Story();
    await story.receive(story.upload('a'));
    await story.receive(story.upload('b'));
    const fileIds = story.files().map(file => file.id);
    expect(await story.operate({ operation: 'putBack', fileIds: [...fileIds, fileIds[0]] })).toMatchObject({
      putBack: 0,
      leftAsTheyAre: { CLAIMED: 1, PENDING: 1 },
    });
  });

  test('one that somebody else takes at that moment stays as it is', async () => {
    const { story, runId } = await failed(['a']);
    const { id } = story.file('a');
    story.aws.beforeNext('TransactWriteItems', () =>
      Object.assign(story.aws.items.get(id)!, { status: 'CLAIMED', runId: 'another run' }),
    );
    expect(await story.operate({ operation: 'putBack', runId })).toMatchObject({
      putBack: 0,
      leftAsTheyAre: { CLAIMED: 1 },
    });
    expect(story.file('a').runId).toBe('another run');
  });

  test('a file of the run that a later run has taken is not touched', async () => {
    const { story, runId } = await failed(['a', 'b']);
    await story.operate({ operation: 'putBack', key: 'a' });
    await story.sweep();
    await story.end(story.running(), 'FAILED', 'Etl.LoadFailed');
    expect(await story.operate({ operation: 'putBack', runId })).toMatchObject({ putBack: 1, files: [{ key: 'b' }] });
  });

  test('unknown files are named', async () => {
    const { story } = await failed(['a']);
    const id = '0'.repeat(64);
    expect(await story.operate({ operation: 'putBack', fileIds: [id, story.file('a').id] })).toMatchObject({
      putBack: 1,
      unknown: [id],
    });
    expect(await story.operate({ operation: 'putBack', key: 'b' })).toMatchObject({
      putBack: 0,
      unknown: ['b (the version that is in the bucket now)'],
    });
    expect(await story.operate({ operation: 'putBack', runId: '20260301T100000Z-0123456789abcdef' })).toMatchObject({
      refused: expect.stringMatching(/no run 20260301/),
    });
  });
});

describe('setting files aside', () => {
  /** `a` is being loaded, the others wait. */
  async function waiting(): Promise<Story> {
    const story = new Story();
    await story.receive(story.upload('a'));
    await story.receive(story.upload('in/b'), story.upload('in/c'));
    return story;
  }

  test('a file that waits is rejected, and no run takes it', async () => {
    const story = await waiting();
    const seen = structuredClone([...story.aws.items.values()]);
    expect(await story.operate({ operation: 'setAside', key: 'in/b', reason: 'a test file' })).toMatchObject({
      setAside: 1,
      files: [{ key: 'in/b' }],
    });
    expect(story.file('in/b')).toMatchObject({ status: 'REJECTED', reason: 'Set aside by an operator: a test file' });
    story.aws.staleIndex = seen; // shows it still
    await story.end(story.running(), 'SUCCEEDED');
    expect(story.aws.executions.get(story.running())!.files.map(file => file.key)).toEqual(['in/c']);
    expect(story.file('in/b').status).toBe('REJECTED');
  });

  test('and can be put back', async () => {
    const story = await waiting();
    await story.operate({ operation: 'setAside', prefix: 'in/', reason: 'too early' });
    expect(story.statuses()).toEqual({ a: 'CLAIMED', 'in/b': 'REJECTED', 'in/c': 'REJECTED' });
    await story.operate({ operation: 'putBack', prefix: 'in/' });
    await story.end(story.running(), 'SUCCEEDED');
    await story.end(story.running(), 'SUCCEEDED');
    expect(story.statuses()).toEqual({ a: 'LOADED', 'in/b': 'LOADED', 'in/c': 'LOADED' });
  });

  test('one that is being loaded stays as it is', async () => {
    const story = await waiting();
    expect(await story.operate({ operation: 'setAside', key: 'a', reason: 'x' })).toMatchObject({
      setAside: 0,
      leftAsTheyAre: { CLAIMED: 1 },
    });
  });

  test('one that a run takes at that moment stays with the run', async () => {
    const story = await waiting();
    const { id } = story.file('in/b');
    story.aws.beforeNext('TransactWriteItems', () =>
      Object.assign(story.aws.items.get(id)!, { status: 'CLAIMED', runId: 'a run' }),
    );
    expect(await story.operate({ operation: 'setAside', key: 'in/b', reason: 'x' })).toMatchObject({
      setAside: 0,
      leftAsTheyAre: { CLAIMED: 1 },
    });
  });
});

test('pause and resume', async () => {
  const story = new Story();
  expect(await story.operate({ operation: 'pause', reason: 'the warehouse moves' })).toMatchObject({
    paused: 'the warehouse moves',
  });
  await story.receive(story.upload('a'));
  expect(story.aws.running()).toEqual([]);
  expect(await story.operate({ operation: 'resume' })).toMatchObject({
    resumed: true,
    pausedBefore: 'the warehouse moves',
  });
  await story.sweep();
  expect(story.aws.running()).toHaveLength(1);
  expect(await story.operate({ operation: 'resume' })).toMatchObject({ pausedBefore: null });
});

describe('backfill', () => {
  /** Objects whose events never came. */
  function lyingThere(story: Story, names: string[]): void {
    names.forEach(key => story.upload(key));
  }

  test('enters each object once, oldest first, with the identity that its event would give it', async () => {
    const story = new Story();
    lyingThere(story, ['b', 'a']);
    const late = story.upload('c', { versionId: undefined });
    expect(await story.operate({ operation: 'backfill' })).toEqual({
      entered: 3,
      rejected: 0,
      knownBefore: 0,
      leftOut: 0,
      failed: 0,
      problems: [],
      note: expect.stringContaining('sweep'),
    });
    expect(story.files().map(file => file.key)).toEqual(['b', 'a', 'c']);
    expect(story.file('a').id).toBe(expectedId('a', 'version-2'));
    await story.receive(late);
    expect(await story.operate({ operation: 'backfill' })).toMatchObject({ entered: 0, knownBefore: 3 });
    expect(story.files()).toHaveLength(3);
  });

  test('goes on where the call before ended, as often as it takes', async () => {
    const story = new Story();
    lyingThere(story, keys(95));
    story.aws.listLimit = 10;
    story.remainingMilliseconds = 20_000;
    const answers = await untilDone(story, { operation: 'backfill' });
    expect(answers).toHaveLength(10);
    expect(answers.every(answer => answer.entered > 0)).toBe(true);
    expect(story.files()).toHaveLength(95);
  });

  test('takes what the trigger takes, and of that only what it is asked for', async () => {
    const story = new Story({ prefix: 'in/', suffixes: ['.csv'] });
    lyingThere(story, ['in/', 'in/a.csv', 'in/a.txt', 'in/2026/b.csv', 'out/c.csv']);
    expect(await story.operate({ operation: 'backfill', prefix: 'in/2026/' })).toMatchObject({ entered: 1 });
    expect(await story.operate({ operation: 'backfill', prefix: 'out/' })).toMatchObject({ entered: 0 });
    expect(await story.operate({ operation: 'backfill', prefix: 'i' })).toMatchObject({
      entered: 1,
      knownBefore: 1,
      leftOut: 2,
    });
    expect(Object.keys(story.statuses()).sort()).toEqual(['in/2026/b.csv', 'in/a.csv']);
  });

  test('goes on beside objects that cannot be read, and names them', async () => {
    const story = new Story();
    lyingThere(story, keys(3));
    story.aws.refuseNext('HeadObject', s3Failure(403));
    expect(await story.operate({ operation: 'backfill' })).toMatchObject({
      entered: 2,
      failed: 1,
      problems: [expect.stringMatching(/in\/0000.*access denied/)],
      note: expect.stringContaining('same call again'),
    });
    expect(await story.operate({ operation: 'backfill' })).toMatchObject({ entered: 1, knownBefore: 2, failed: 0 });
  });
});

describe('what happened to this file', () => {
  const answer = async (story: Story, selection: object): Promise<string> =>
    (await story.operate({ operation: 'showFile', ...selection })).answer;

  test('at every stage', async () => {
    const story = new Story({ maxAttempts: 1 });
    await story.operate({ operation: 'pause', reason: 'later' });
    await story.receive(story.upload('a'));
    expect(await answer(story, { key: 'a' })).toMatch(/waits for a run. The trigger is paused, later/);
    await story.operate({ operation: 'resume' });
    expect(await answer(story, { key: 'a' })).toMatch(/goes with the next one/);
    await story.sweep();
    const execution = story.running();
    expect(await answer(story, { fileId: story.file('a').id })).toBe(
      `It is being loaded: run ${execution.slice(0, -2)}, attempt 1, execution ${execution}.`,
    );
    await story.end(execution, 'FAILED', 'Etl.LoadFailed', 'no rows');
    expect(await answer(story, { key: 'a' })).toMatch(
      /not loaded, because run .* failed: Etl.LoadFailed: no rows. Once the cause is repaired: .*"putBack", "runId"/,
    );
    await story.operate({ operation: 'putBack', key: 'a' });
    await story.sweep();
    await story.end(story.running(), 'FAILED', 'Etl.Data', 'not a date');
    expect(await answer(story, { key: 'a' })).toMatch(
      /was rejected and is not loaded: Etl.Data: not a date. .*"fileIds"/,
    );
    await story.operate({ operation: 'putBack', key: 'a' });
    await story.sweep();
    await story.end(story.running(), 'SUCCEEDED');
    expect(await story.operate({ operation: 'showFile', key: 'a' })).toMatchObject({
      answer: expect.stringMatching(/was loaded by run/),
      file: { status: 'LOADED', key: 'a' },
      run: { status: 'SUCCEEDED', files: 1 },
    });
  });

  test('one that the ledger does not know: why that may be', async () => {
    const story = new Story({ prefix: 'in/', suffixes: ['.csv'] });
    story.upload('in/a.csv');
    story.upload('in/a.txt');
    expect(await answer(story, { key: 'in/a.csv' })).toMatch(/dead-letter queue, .*"backfill", "prefix": "in\/a.csv"/);
    expect(await answer(story, { key: 'in/a.txt' })).toMatch(/does not take.*begin with 'in\/' and end with .csv/);
    expect(await answer(story, { key: 'in/b.csv' })).toMatch(/no object s3:\/\/landing\/in\/b.csv/);
    expect(await answer(story, { fileId: 'f'.repeat(64) })).toMatch(/has no file f{64}/);
  });
});

test('what is waiting, oldest first, page by page', async () => {
  const story = new Story();
  await story.receive(story.upload('first'));
  await story.receive(...keys(250).map(key => story.upload(key)), story.upload('other'));
  const answers = await untilDone(story, { operation: 'showWaiting', prefix: 'in/' });
  expect(answers[0]).toMatchObject({ paused: null, runs: [story.running().slice(0, -2)] });
  expect(answers.flatMap(({ files }) => files.map((file: { key: string }) => file.key))).toEqual(keys(250));
  expect(answers.map(({ files }) => files.length)).toEqual([100, 100, 50]);
});

test('what failed and why: runs and files since a time, page by page', async () => {
  const { story } = await failed(['old']);
  time.advanceMinutes(60);
  await story.receive(...['a', 'b', 'c'].map(key => story.upload(key)));
  await story.end(
    story.running(),
    'FAILED',
    'Etl.Data',
    JSON.stringify({ message: 'not a date', files: [story.file('a').id] }),
  );
  await story.end(story.running(), 'SUCCEEDED');
  story.aws.scanLimit = 2;
  story.remainingMilliseconds = 20_000;
  const [everything, since] = await Promise.all(
    [{}, { since: '2026-03-01T10:30:00Z' }].map(more => untilDone(story, { operation: 'showFailures', ...more })),
  );
  const all = (answers: any[], what: string) => answers.flatMap(answer => answer[what]);
  expect(
    all(everything, 'files')
      .map(({ key }) => key)
      .sort(),
  ).toEqual(['a', 'old']);
  expect(all(since, 'files')).toEqual([
    expect.objectContaining({ key: 'a', status: 'REJECTED', reason: 'Etl.Data: not a date' }),
  ]);
  expect(all(everything, 'runs')).toHaveLength(2);
  expect(all(since, 'runs')).toEqual([
    expect.objectContaining({ status: 'FAILED', error: 'Etl.Data', cause: 'Etl.Data: not a date', files: 3 }),
  ]);
});

test('an answer names at most 100 failures', async () => {
  const { story } = await failed(keys(250), { maxFiles: 300 });
  const answers = await untilDone(story, { operation: 'showFailures' });
  expect(answers.map(({ files, runs }) => files.length + runs.length)).toEqual([100, 100, 51]);
});

describe('what is no request', () => {
  test.each<[unknown, RegExp]>([
    [undefined, /'operation' must be one of putBack, .*showFailures, got undefined/],
    [{ operation: 'replay' }, /got "replay"/],
    [{ operation: 'toString' }, /got "toString"/],
    [
      { operation: 'putBack' },
      /'putBack' got no field. It must have exactly one of 'fileIds', 'key', 'runId', 'prefix', 'status'/,
    ],
    [{ operation: 'putBack', key: 'a', prefix: 'b' }, /got 'key', 'prefix'/],
    [{ operation: 'putBack', prefix: 'a', statuses: 'LOADED' }, /has no field 'statuses'/],
    [
      { operation: 'putBack', status: 'DONE' },
      /'status' must be one of PENDING, CLAIMED, LOADED, REJECTED, FAILED, got "DONE"/,
    ],
    [{ operation: 'putBack', fileIds: [] }, /'fileIds' must be a list of 1 to 10000 ids/],
    [{ operation: 'putBack', prefix: 'a', versionId: 'b' }, /'versionId' goes with 'key'/],
    [{ operation: 'putBack', runId: 'run-1' }, /'runId' must be the id of a run/],
    [
      { operation: 'putBack', fileIds: ['0'.repeat(64)], next: 'x' },
      /'next' must be what the call before has answered/,
    ],
    [{ operation: 'setAside', key: 'a' }, /It must have exactly one of .* and 'reason'/],
    [{ operation: 'pause', reason: ' ' }, /'reason' must be a text that is not empty/],
    [{ operation: 'resume', reason: 'x' }, /It has no other field/],
    [{ operation: 'showFailures', since: 'yesterday' }, /'since' must be a time like/],
  ])('%j changes nothing, and is told what is allowed', async (payload, message) => {
    const { story } = await failed(['a']);
    const before = structuredClone([...story.aws.items]);
    expect(await story.operate(payload)).toEqual({ refused: expect.stringMatching(message), operations: OPERATIONS });
    expect([...story.aws.items]).toEqual(before);
  });

  test('a failure of AWS is no matter of the request', async () => {
    const { story } = await failed(['a']);
    story.aws.refuseNext('BatchGetItem', new Error('denied'));
    await expect(story.operate({ operation: 'putBack', key: 'a' })).rejects.toThrow('denied');
  });
});

test('a command survives the shell', () => {
  expect(operatorCommand('f', { operation: 'pause', reason: "it's late" })).toBe(
    'aws lambda invoke --function-name f --cli-binary-format raw-in-base64-out --payload ' +
      '\'{"operation":"pause","reason":"it\'\\\'\'s late"}\' /dev/stdout',
  );
});
