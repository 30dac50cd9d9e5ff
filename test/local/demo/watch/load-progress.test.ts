import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import type { DeployedStep } from '../../../../local/demo/deployed';
import type { ExecutionRecord } from '../../../../local/demo/watch/execution-changes';
import { LoadProgress } from '../../../../local/demo/watch/load-progress';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'demo-load-progress-'));
  jest.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  jest.useRealTimers();
  fs.rmSync(folder, { recursive: true });
});

const TO_DYNAMO: DeployedStep = { stepId: 'ToDynamo', within: [], target: { engine: 'DynamoDB', table: 't' } };
const TO_REDSHIFT: DeployedStep = {
  stepId: 'ToRedshift',
  within: [],
  target: { engine: 'Redshift', schema: 's', table: 't', mode: 'upsert' },
};
const COUNTS = { rowsRead: 60_000, rowsWritten: 60_000, rowsRejected: 0, duplicatesDropped: 0, seconds: 1 };
const record = (stepId: string, results: ExecutionRecord['results'] = {}): ExecutionRecord => ({
  name: 'R-1',
  runId: 'R',
  attempt: 1,
  began: 0,
  status: 'RUNNING',
  steps: [{ stepId, began: 0 }],
  results,
});

function engines() {
  const at = { hive: { rowsRead: 0, rowsWritten: 0 }, copied: 0 };
  const progress = new LoadProgress(
    { hive: { progress: async () => at.hive }, redshift: { rowsCopied: () => at.copied }, folder },
    [TO_DYNAMO, TO_REDSHIFT, { stepId: 'Stats', within: [] }],
  );
  return { at, progress };
}

test('rows are told with the step and with how many there are, but not at every look', async () => {
  const { at, progress } = engines();
  const look = async () => progress.since([record('ToDynamo')]);

  expect(await look()).toMatchObject({ lines: [], underWay: ['ToDynamo'] });
  at.hive = { rowsRead: 45_000, rowsWritten: 0 };
  expect((await look()).lines).toEqual(['ToDynamo: 45,000 rows read']);
  jest.advanceTimersByTime(5_000);
  at.hive = { rowsRead: 60_000, rowsWritten: 962 };
  expect((await look()).lines).toEqual(['ToDynamo: 962 of 60,000 rows']);
  at.hive = { rowsRead: 60_000, rowsWritten: 1_987 };
  jest.advanceTimersByTime(1_000);
  expect(await look()).toMatchObject({ lines: [], underWay: ['ToDynamo: 1,987 of 60,000 rows'] });
  jest.advanceTimersByTime(4_000);
  expect((await look()).lines).toEqual(['ToDynamo: 1,987 of 60,000 rows']);
  jest.advanceTimersByTime(600_000);
  expect((await look()).lines).toEqual([]); // nothing has changed
});

test('what Hive says of the script before is not told of the step that has only begun', async () => {
  const { at, progress } = engines();
  at.hive = { rowsRead: 60_000, rowsWritten: 60_000 };
  expect(await progress.since([record('ToDynamo')])).toMatchObject({ lines: [], underWay: ['ToDynamo'] });
  at.hive = { rowsRead: 5, rowsWritten: 0 };
  expect((await progress.since([record('ToDynamo')])).lines).toEqual(['ToDynamo: 5 rows read']);
});

test('a later step knows its rows from the one before, and counts its own copies only', async () => {
  const { at, progress } = engines();
  at.copied = 1_000; // of an earlier run
  const records = [record('ToRedshift', { ToDynamo: COUNTS })];
  expect((await progress.since(records)).underWay).toEqual(['ToRedshift']);
  at.copied = 3_000;
  expect((await progress.since(records)).lines).toEqual(['ToRedshift: 2,000 of 60,000 rows']);
});

test('an engine that works without counting rows has moved, and one that does nothing has not', async () => {
  const { at, progress } = engines();
  const moved = async () => (await progress.since([record('Stats')])).moved;
  await moved();
  expect(await moved()).toBe(false);
  fs.writeFileSync(path.join(folder, 'hive.log'), 'map 34 %\n');
  expect(await moved()).toBe(true);
  expect(await moved()).toBe(false);
  fs.mkdirSync(path.join(folder, 'containers'));
  fs.writeFileSync(path.join(folder, 'containers', 'task.log'), '{"message":"scanned"}\n');
  expect(await moved()).toBe(true);
  at.copied = 1;
  expect(await moved()).toBe(true);
});
