import { recordResult } from '../../src/etl-step/runtime/step-result';
import { METRIC_SOURCE } from '../../src/metrics/contract';
import { record } from '../../src/runtime/metrics';
import { fakeTime, Story, type StoryOptions } from '../file-ledger/story';

let lines: any[];

beforeEach(() => {
  fakeTime('2026-03-01T10:00:00Z');
  process.env[METRIC_SOURCE.trigger.env] = 'Stack-Trigger';
  process.env[METRIC_SOURCE.step.env] = 'Stack-Step';
  lines = [];
  jest.spyOn(process.stdout, 'write').mockImplementation(line => lines.push(JSON.parse(String(line))) > 0);
});

afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
  for (const { env } of Object.values(METRIC_SOURCE)) delete process.env[env];
});

/** What the functions have recorded, added up. */
function sums(): Record<string, number> {
  const total: Record<string, number> = {};
  for (const {
    _aws: {
      CloudWatchMetrics: [{ Metrics }],
    },
    ...values
  } of lines) {
    for (const { Name } of Metrics) total[Name] = (total[Name] ?? 0) + values[Name];
  }
  return total;
}

async function arrived(names: string[], options: StoryOptions = {}): Promise<Story> {
  const story = new Story({ maxAttempts: 1, ...options });
  await story.receive(...names.map(key => story.upload(key)));
  return story;
}

test('a line is what CloudWatch takes metrics from', () => {
  record('trigger', { FilesLoaded: 3, RunDuration: 90 });
  expect(lines).toEqual([
    {
      _aws: {
        Timestamp: Date.parse('2026-03-01T10:00:00Z'),
        CloudWatchMetrics: [
          {
            Namespace: 'cdk-etl-steps',
            Dimensions: [['Trigger']],
            Metrics: [
              { Name: 'FilesLoaded', Unit: 'Count' },
              { Name: 'RunDuration', Unit: 'Seconds' },
            ],
          },
        ],
      },
      Trigger: 'Stack-Trigger',
      FilesLoaded: 3,
      RunDuration: 90,
    },
  ]);
});

test('a function that belongs to no trigger or step, and one that has nothing to say, records nothing', () => {
  record('trigger', { FilesLoaded: undefined });
  delete process.env[METRIC_SOURCE.trigger.env];
  record('trigger', { FilesLoaded: 3 });
  expect(lines).toEqual([]);
});

test('new files are counted once, however often they are announced', async () => {
  const story = new Story({ maxFileSize: 100 });
  const messages = [story.upload('a'), story.upload('b'), story.upload('large', { size: 1_000 })];
  await story.receive(...messages, messages[0]);
  await story.receive(...messages);
  expect(sums()).toEqual({ FilesArrived: 3, FilesRejected: 1 });
});

test('what becomes of files and runs is counted once, however often the run is settled', async () => {
  const story = await arrived(['a', 'b', 'c']);
  const bad = JSON.stringify({ message: 'not a date', files: [story.file('a').id] });
  await story.end(story.running(), 'FAILED', 'Etl.Data', bad);
  const last = story.running();
  await story.end(last, 'SUCCEEDED');
  await story.event(last);
  expect(sums()).toEqual({
    FilesArrived: 3,
    FilesRejected: 1,
    RunsFailed: 1,
    FilesLoaded: 2,
    RunsSucceeded: 1,
    RunDuration: 180,
  });
});

test('a settlement that was broken off counts the rest', async () => {
  const story = await arrived(['a', 'b']);
  const runId = story.running().slice(0, -2);
  lines = [];
  story.aws.beforeNext('TransactWriteItems', () => {
    // somebody else has settled one already
    Object.assign(story.aws.items.get(story.file('a').id)!, { status: 'LOADED' });
  });
  await story.end(`${runId}-1`, 'SUCCEEDED');
  expect(sums()).toMatchObject({ FilesLoaded: 1, RunsSucceeded: 1 });
});

test('the sweep tells how many files wait, how long the next one has, and whether the trigger is paused', async () => {
  const time = fakeTime('2026-03-01T10:00:00Z');
  const story = await arrived(['a']);
  time.advanceMinutes(5);
  await story.receive(story.upload('b'), story.upload('c'));
  time.advanceMinutes(10);
  lines = [];
  await story.sweep();
  expect(sums()).toEqual({ FilesWaiting: 2, OldestFileAge: 600, Paused: 0 });
  await story.operate({ operation: 'pause', reason: 'later' });
  lines = [];
  await story.sweep();
  expect(sums()).toMatchObject({ Paused: 1 });
});

test('a file that was put back waits since then, not since it arrived', async () => {
  const time = fakeTime('2026-03-01T10:00:00Z');
  const story = await arrived(['a']);
  await story.end(story.running(), 'FAILED', 'Etl.LoadFailed');
  time.advanceMinutes(24 * 60);
  await story.operate({ operation: 'pause', reason: 'later' });
  await story.operate({ operation: 'putBack', status: 'FAILED' });
  time.advanceMinutes(1);
  lines = [];
  await story.sweep();
  expect(sums()).toEqual({ FilesWaiting: 1, OldestFileAge: 60, Paused: 1 });
});

test('nothing waits: no age', async () => {
  await new Story().sweep();
  expect(sums()).toEqual({ FilesWaiting: 0, OldestFileAge: 0, Paused: 0 });
});

test('compute that does not end is counted at each look', async () => {
  const story = await arrived(['a'], { stopFunctions: ['stop'] });
  story.aws.stops.set('stop', () => ({ status: 'stopping', waitSeconds: 5 }));
  await story.end(story.running(), 'FAILED', 'Etl.LoadFailed');
  await story.sweep();
  expect(sums()).toMatchObject({ RunsStopping: 2 });
});

test('a step counts its rows', () => {
  recordResult({ rowsRead: 10, rowsWritten: 7, rowsRejected: 2, duplicatesDropped: 1, seconds: 60 });
  expect(lines).toEqual([
    expect.objectContaining({
      Step: 'Stack-Step',
      RowsRead: 10,
      RowsWritten: 7,
      RowsRejected: 2,
      DuplicatesDropped: 1,
      LoadDuration: 60,
    }),
  ]);
});
