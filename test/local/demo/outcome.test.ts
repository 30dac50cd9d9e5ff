import { outcomeOf, outcomeText } from '../../../local/demo/outcome';
import type { DatasetDefinition } from '../../../src/dataset/contract';
import type { FileItem, FileStatus } from '../../../src/file-ledger/contract';

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
const outcome = (files: FileItem[], dynamodb = [{ id: 'a', gift: 'true' }], redshift = [{ id: 'a', gift: 't' }]) =>
  outcomeOf(DATASET, { files, runs: [], live: [] }, dynamodb, redshift);
const text = (of: ReturnType<typeof outcome>, rejectedRows: string[] = []) =>
  outcomeText(
    { dataset: DATASET, dynamoDbTable: 'orders', schema: 'analytics', table: 'orders' },
    of,
    rejectedRows,
    100,
  );

test('good: every file is loaded or rejected, and the targets mean the same', () => {
  expect(outcome([file('LOADED'), file('REJECTED', 'no header')]).good).toBe(true);
});

test.each(['PENDING', 'CLAIMED', 'FAILED'] as const)('not good: a file is %s', status => {
  expect(outcome([file('LOADED'), file(status)]).good).toBe(false);
});

test('not good: the targets differ', () => {
  const differing = outcome([file('LOADED')], [{ id: 'a', gift: 'true' }], [{ id: 'a', gift: 'f' }]);
  expect(differing.good).toBe(false);
  expect(text(differing)).toContain('a: gift is true in DynamoDB, f in Redshift');
});

test('not good: a row is in one target only', () => {
  const missing = outcome([file('LOADED')], [{ id: 'a', gift: 'true' }], []);
  expect(missing.good).toBe(false);
  expect(text(missing)).toContain('a: only in DynamoDB');
});

test('the text shows rows, rejected files and rejected rows, each under its title', () => {
  const lines = text(outcome([file('LOADED'), file('REJECTED', 'no header')]), [
    'ToDynamo: 1 rejected',
    '    two,quantity',
  ]).split('\n');
  const under = (title: string) => lines[lines.indexOf(title) + 1];
  expect(lines.some(line => /id +a +a$/.test(line))).toBe(true);
  expect(under('Do the targets agree?')).toBe('  yes: 1 rows, the same in every column');
  expect(under('Files that were not loaded')).toBe('  orders/REJECTED.csv: REJECTED: no header');
  expect(under('Rows that were rejected')).toBe('  ToDynamo: 1 rejected');
});
