import { outcomeOf, outcomeText } from '../../../local/demo/outcome';
import type { TargetContent } from '../../../local/demo/targets';
import type { DatasetDefinition } from '../../../src/dataset/contract';
import type { FileItem, FileStatus, RunItem } from '../../../src/file-ledger/contract';

const DATASET: DatasetDefinition = {
  name: 'orders',
  format: { type: 'csv', delimiter: ',', header: true },
  columns: [
    { name: 'id', type: 'string', header: 'id', required: true },
    { name: 'gift', type: 'bool', header: 'gift', required: false },
  ],
  key: ['id'],
};
const file = (status: FileStatus, reason?: string): FileItem => ({
  id: status,
  bucket: 'landing',
  key: `orders/${status}.csv`,
  versionId: 'v',
  etag: 'e',
  size: 1,
  status,
  reason,
  runId: 'R',
  limit: 0,
  arrived: `2026#${status}`,
});
const columns = ['id', 'gift'];
const dynamodb = (rows: TargetContent['rows'], more: Partial<TargetContent> = {}): TargetContent => ({
  stepId: 'ToDynamo',
  target: { engine: 'DynamoDB', table: 'items' },
  columns,
  rows,
  ...more,
});
const redshift = (rows: TargetContent['rows'], mode: 'upsert' | 'append' = 'upsert'): TargetContent => ({
  stepId: 'ToRedshift',
  target: { engine: 'Redshift', schema: 'analytics', table: 'orders', mode },
  columns,
  rows,
});
const BOTH = [dynamodb([{ id: 'a', gift: 'true' }]), redshift([{ id: 'a', gift: 't' }])];
const ledger = (files: FileItem[], runs: RunItem[] = []) => ({ files, runs, live: [] });
const outcome = (files: FileItem[], targets = BOTH) => outcomeOf({ dataset: DATASET }, ledger(files), targets);
const text = (of: ReturnType<typeof outcome>, rejectedRows: string[] = []) =>
  outcomeText({ dataset: DATASET }, of, rejectedRows, 100);
function under(title: string, shown: string): string {
  const lines = shown.split('\n');
  expect(lines).toContain(title);
  return lines[lines.indexOf(title) + 1];
}

test('good: every file is loaded or rejected, and the targets mean the same', () => {
  expect(outcome([file('LOADED'), file('REJECTED', 'no header')]).good).toBe(true);
});

test.each(['PENDING', 'CLAIMED', 'FAILED'] as const)('not good: a file is %s', status => {
  expect(outcome([file('LOADED'), file(status)]).good).toBe(false);
});

test('a file that has no reason yet shows none', () => {
  expect(under('Files that were not loaded', text(outcome([file('CLAIMED')])))).toBe('  orders/CLAIMED.csv: CLAIMED');
});

test('not good: the targets differ', () => {
  const differing = outcome([file('LOADED')], [BOTH[0], redshift([{ id: 'a', gift: 'f' }])]);
  expect(differing.good).toBe(false);
  expect(text(differing)).toContain('a: gift is true in DynamoDB, f in Redshift');
});

test('not good: a row is in one target only', () => {
  const missing = outcome([file('LOADED')], [BOTH[0], redshift([])]);
  expect(missing.good).toBe(false);
  expect(text(missing)).toContain('a: only in DynamoDB');
});

test('while a load is under way, rows that the other target lacks are no difference', () => {
  const stuck = outcomeOf({ dataset: DATASET }, ledger([file('CLAIMED')]), [BOTH[0], redshift([])], [], ['run R']);
  expect(stuck.good).toBe(false);
  expect(under('Do the targets agree?', text(stuck))).toMatch(/^ {2}not compared: not every file is loaded/);
  expect(text(stuck)).not.toContain('only in DynamoDB');
});

test('a pipeline with one target shows what that holds, and compares nothing', () => {
  const one = outcome([file('LOADED')], [BOTH[0]]);
  expect(one.good).toBe(true);
  expect(text(one)).toContain('Rows in DynamoDB items');
  expect(text(one)).not.toContain('Do the targets agree?');
});

test.each([
  {
    name: 'items have other attributes than the dataset',
    targets: [dynamodb([{ id: 'a', gift: 'true', total: '1' }], { columns: [...columns, 'total'] }), BOTH[1]],
    says: /attributes that are no columns of the dataset 'orders': total/,
  },
  {
    name: 'Redshift keeps several rows for a key',
    targets: [BOTH[0], redshift([{ id: 'a', gift: 't' }], 'append')],
    says: /ToRedshift loads by append/,
  },
])('targets are shown one by one if $name', ({ targets, says }) => {
  const shown = text(outcome([file('LOADED')], targets));
  expect(outcome([file('LOADED')], targets).good).toBe(true);
  expect(under('Do the targets agree?', shown)).toMatch(says);
  expect(shown).toContain('Rows in DynamoDB items');
  expect(shown).toContain('Rows in Redshift analytics.orders');
});

test('a transform yields other rows than Redshift gets, and says so in its results', () => {
  const counts = { rowsRead: 1, rowsWritten: 1, rowsRejected: 0, duplicatesDropped: 0, seconds: 1, rowsFiltered: 0 };
  const run = { id: 'R', status: 'SUCCEEDED', results: { ToDynamo: counts } } as unknown as RunItem;
  const filtered = outcomeOf({ dataset: DATASET }, ledger([file('LOADED')], [run]), BOTH);
  expect(under('Do the targets agree?', text(filtered))).toContain('a transform of ToDynamo');
});

test('a table that cannot be read is not good, and says why', () => {
  const unreadable = outcome([file('LOADED')], [dynamodb([], { problem: 'cannot be read: it is gone' }), BOTH[1]]);
  expect(unreadable.good).toBe(false);
  expect(under('Rows in DynamoDB items', text(unreadable))).toBe('  cannot be read: it is gone');
});

test('the text shows rows, rejected files and rejected rows, each under its title', () => {
  const shown = text(outcome([file('LOADED'), file('REJECTED', 'no header')]), [
    'ToDynamo: 1 rejected',
    '    two,quantity',
  ]);
  expect(shown).toMatch(/id +a +a\n/);
  expect(under('Do the targets agree?', shown)).toBe('  yes: 1 rows, the same in every column');
  expect(under('Files that were not loaded', shown)).toBe('  orders/REJECTED.csv: REJECTED: no header');
  expect(under('Rows that were rejected', shown)).toBe('  ToDynamo: 1 rejected');
});

test('what steps of other kinds have returned is shown as it is', () => {
  const run = { id: 'R', status: 'SUCCEEDED' } as RunItem;
  const record = { runId: 'R', results: { Stats: { orders: 3 } } };
  const shown = text(
    outcomeOf({ dataset: DATASET }, ledger([file('LOADED')], [run]), BOTH, [
      { name: 'R-1', attempt: 1, began: 0, status: 'SUCCEEDED', steps: [], ...record },
    ]),
  );
  expect(under('What the other steps returned', shown)).toBe('  Stats in run R: {"orders":3}');
});
