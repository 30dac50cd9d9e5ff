import { s3Failure } from '../file-ledger/fake-aws';
import { expectedId, fakeTime, LANDING_BUCKET, Story } from '../file-ledger/story';

beforeEach(() => {
  fakeTime('2026-03-01T10:00:00Z');
});
afterEach(() => jest.useRealTimers());

const UNVERSIONED = { versionId: undefined };

describe('an object without a version', () => {
  test('is known by its content and time', async () => {
    const story = new Story();
    const message = story.upload('a.csv', UNVERSIONED);
    await story.receive(message);
    await story.receive(message);
    expect(story.files()).toEqual([
      expect.objectContaining({ id: expectedId('a.csv', 'etag-1', '2026-03-01T10:00:01.000Z'), etag: 'etag-1' }),
    ]);
    expect(story.files()[0]).not.toHaveProperty('versionId');
  });

  test('that was replaced meanwhile is left to the event of the newer one', async () => {
    const story = new Story();
    const older = story.upload('a.csv', UNVERSIONED);
    const newer = story.upload('a.csv', UNVERSIONED);
    expect(await story.receive(older)).toEqual([]);
    expect(story.files()).toEqual([]);
    await story.receive(newer);
    expect(story.files().map(file => file.etag)).toEqual(['etag-2']);
  });

  test('with the version "null" of suspended versioning is one', async () => {
    const story = new Story();
    const message = story.upload('a.csv', { versionId: 'null' });
    await story.receive(message);
    expect(story.file('a.csv').id).toBe(expectedId('a.csv', 'etag-1', '2026-03-01T10:00:01.000Z'));
  });
});

test('each version of a key is a file of its own', async () => {
  const story = new Story();
  const first = story.upload('a.csv');
  await story.receive(first);
  await story.receive(story.upload('a.csv'));
  expect(story.files().map(file => file.versionId)).toEqual(['version-1', 'version-2']);
});

test('an event that comes late enters the version that it is about, not the newest', async () => {
  const story = new Story();
  const older = story.upload('a.csv', { size: 11 });
  story.upload('a.csv', { size: 22 });
  await story.receive(older);
  expect(story.files()).toEqual([expect.objectContaining({ versionId: 'version-1', etag: 'etag-1', size: 11 })]);
});

test('each object of a message is entered', async () => {
  const story = new Story();
  const records = ['a.csv', 'b.csv', 'c.csv'].flatMap(key => JSON.parse(story.upload(key)).Records);
  expect(await story.receive(JSON.stringify({ Records: records }))).toEqual([]);
  expect(Object.keys(story.statuses())).toEqual(['a.csv', 'b.csv', 'c.csv']);
});

test('a message that comes again is done with, and so is what else it announces', async () => {
  const story = new Story();
  const records = ['a.csv', 'b.csv'].map(key => JSON.parse(story.upload(key)).Records[0]);
  await story.receive(JSON.stringify({ Records: [records[0]] }));
  expect(await story.receive(JSON.stringify({ Records: records }), JSON.stringify({ Records: records }))).toEqual([]);
  expect(Object.keys(story.statuses())).toEqual(['a.csv', 'b.csv']);
});

test.each([
  ['was deleted', 404],
  ['is a delete marker', 405],
  ['was replaced', 412],
])('an object that %s is done with', async (_, status) => {
  const story = new Story();
  story.aws.refuseNext('HeadObject', s3Failure(status));
  expect(await story.receive(story.upload('a.csv'))).toEqual([]);
  expect(story.files()).toEqual([]);
});

test.each([403, 400, 500, 503])(
  'an object that S3 does not show (%i) fails its message, and no other',
  async status => {
    const story = new Story();
    story.aws.refuseNext('HeadObject', s3Failure(status));
    expect(await story.receive(story.upload('a.csv'), story.upload('b.csv'))).toEqual([0]);
    expect(story.statuses()).toEqual({ 'b.csv': 'CLAIMED' });
  },
);

test('a file that cannot be entered fails its message', async () => {
  const story = new Story();
  story.aws.refuseNext('PutItem', new Error('throttled'));
  expect(await story.receive(story.upload('a.csv'), story.upload('b.csv'))).toEqual([0]);
});

test("a message that is none of S3's fails, and no other", async () => {
  const story = new Story();
  expect(await story.receive('hello', story.upload('b.csv'))).toEqual([0]);
  expect(story.statuses()).toEqual({ 'b.csv': 'CLAIMED' });
});

test('keys that are not wanted are not even looked at', async () => {
  const story = new Story({ prefix: 'in/', suffixes: ['.csv', '.csv.gz'] });
  await story.receive(
    ...['out/a.csv', 'in/a.txt', 'in/a.csv/', 'in/', 'in/b.csv', 'in/c.csv.gz', 'in/D.CSV'].map(key =>
      story.upload(key),
    ),
  );
  expect(Object.keys(story.statuses())).toEqual(['in/b.csv', 'in/c.csv.gz']);
  expect(story.aws.calls.filter(call => call === 'HeadObject')).toHaveLength(2);
});

test('a large batch is looked at 50 objects at a time, and begins one run', async () => {
  const story = new Story({ maxFiles: 1_000 });
  story.aws.delay = () => 1;
  await story.receive(...Array.from({ length: 300 }, (_, number) => story.upload(`${number}.csv`)));
  expect(story.aws.inFlight.most).toBe(50);
  expect(story.aws.executions.get(story.running())!.files).toHaveLength(300);
});

test('what fails behind the entering of files does not fail the messages', async () => {
  const story = new Story();
  story.aws.refuseNext('GetItem', new Error('throttled'));
  expect(await story.receive(story.upload('a.csv'))).toEqual([]);
  expect(story.statuses()).toEqual({ 'a.csv': 'PENDING' });
  await story.sweep();
  expect(story.statuses()).toEqual({ 'a.csv': 'CLAIMED' });
});

test('a function that is short of time enters files and leaves runs to the sweep', async () => {
  const story = new Story();
  story.remainingMilliseconds = 30_000;
  expect(await story.receive(story.upload('a.csv'))).toEqual([]);
  expect(story.statuses()).toEqual({ 'a.csv': 'PENDING' });
});

test('a setting that is missing is named', async () => {
  const story = new Story();
  delete process.env.LEDGER_TABLE;
  await expect(story.receive(story.upload('a.csv'))).rejects.toThrow('LEDGER_TABLE is missing');
});

test('a setting that is no number is named', async () => {
  const story = new Story();
  process.env.MAX_ATTEMPTS = 'three';
  await expect(story.receive(story.upload('a.csv'))).rejects.toThrow(
    "MAX_ATTEMPTS must be a whole number above 0, got 'three'",
  );
});

test('objects of any bucket that sends events are looked up where they are', async () => {
  const story = new Story();
  await story.receive(story.upload('a.csv'));
  expect(story.file('a.csv').bucket).toBe(LANDING_BUCKET);
});

describe('a file of a size that the trigger does not take', () => {
  test.each([
    ['too small', 9, 'has 9 bytes: the trigger takes files of 10 bytes or more (minFileSize)'],
    [
      'too large',
      21,
      'has 21 bytes: the trigger takes files of 20 bytes at most (maxFileSize). Split the file, or raise the ' +
        'limit and put it back',
    ],
  ])('(%s) is set aside as it arrives, and keeps no other waiting', async (_, size, reason) => {
    const story = new Story({ minFileSize: 10, maxFileSize: 20 });
    const messages = [
      story.upload('bad.csv', { size }),
      story.upload('least.csv', { size: 10 }),
      story.upload('most.csv', { size: 20 }),
    ];
    await story.receive(...messages);
    await story.receive(...messages);
    expect(story.file('bad.csv')).toMatchObject({ status: 'REJECTED', reason, runId: '-' });
    expect(story.file('bad.csv')).not.toHaveProperty('waiting');
    expect(story.aws.executions.get(story.running())!.files.map(file => file.key)).toEqual(['least.csv', 'most.csv']);
  });
});

test('one execution a file is possible: each gets its own, in the order of arrival', async () => {
  const story = new Story({ maxFiles: 1 });
  await story.receive(...['a', 'b', 'c'].map(key => story.upload(key)));
  const loaded: string[] = [];
  while (story.aws.running().length > 0) {
    loaded.push(...story.aws.executions.get(story.running())!.files.map(file => file.key));
    await story.end(story.running(), 'SUCCEEDED');
  }
  expect(loaded).toEqual(['a', 'b', 'c']);
});

const HOSTILE_KEYS: [string, string][] = [
  ['a plus sign', 'in/a+b.csv'],
  ['a percent sign', 'in/100%.csv'],
  ['what looks encoded', 'in/a%20b%2Bc.csv'],
  ['spaces', 'in/a  b .csv'],
  ['quotes', 'in/"a"\'b\'`c`.csv'],
  ['line breaks', 'in/a\nb\r\nc.csv'],
  ['letters of many scripts', 'in/ü/№/日本/\u{1f4c4}.csv'],
  ['what looks like a variable', 'in/${env:HOME}/$(id)/{{x}}.csv'],
  ['slashes and dots', 'in//../.\\a.csv'],
  ['1,024 bytes', `in/${'x'.repeat(1_017)}.csv`],
];

describe('a key with', () => {
  test.each(HOSTILE_KEYS)('%s is one file, whether S3 or EventBridge announces it', async (_, key) => {
    const story = new Story();
    const notification = story.upload(key);
    const {
      eventTime,
      s3: { bucket, object },
    } = JSON.parse(notification).Records[0];
    const event = {
      source: 'aws.s3',
      'detail-type': 'Object Created',
      time: eventTime,
      detail: {
        bucket,
        object: { key, etag: object.eTag, 'version-id': object.versionId, sequencer: object.sequencer },
      },
    };
    expect(await story.receive(notification, JSON.stringify(event))).toEqual([]);
    expect(story.files()).toEqual([expect.objectContaining({ id: expectedId(key, 'version-1'), key })]);
    expect(story.aws.executions.get(story.running())!.files.map(file => file.key)).toEqual([key]);
  });
});

test('every object of a message is a file', async () => {
  const story = new Story();
  const Records = ['a', 'b', 'c'].flatMap(key => JSON.parse(story.upload(key)).Records);
  expect(await story.receive(JSON.stringify({ Records }))).toEqual([]);
  expect(story.files().map(file => file.key)).toEqual(['a', 'b', 'c']);
});

test('an event that comes late does not change the place of a file that is known', async () => {
  const story = new Story({ maxFiles: 1 });
  const [first, second] = [story.upload('first'), story.upload('second')];
  await story.receive(second);
  await story.receive(first, second);
  expect(story.files().map(file => file.key)).toEqual(['first', 'second']);
});

test('each file takes one HeadObject and one PutItem', async () => {
  const story = new Story();
  story.aws.items.set('slots', { id: 'slots', paused: { reason: 'nothing else happens' } });
  await story.receive(...Array.from({ length: 20 }, (_, number) => story.upload(`${number}.csv`)));
  const count = (name: string) => story.aws.calls.filter(call => call === name).length;
  // and one GetItem of the slots
  expect([count('HeadObject'), count('PutItem'), story.aws.calls.length]).toEqual([20, 20, 41]);
});
