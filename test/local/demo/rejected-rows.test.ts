import { GetObjectCommand, ListObjectsV2Command, S3Client, type GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { rejectedRows } from '../../../local/demo/rejected-rows';
import type { StepResult } from '../../../src/etl-step/contract';
import type { FileItem, RunItem } from '../../../src/file-ledger/contract';

const FOLDER = 's3://work/runs/R/ToDynamo/rejected/';
const FILE: FileItem = {
  id: 'f1',
  bucket: 'landing',
  key: 'orders/ä b.csv',
  versionId: 'v',
  etag: 'e',
  size: 1,
  status: 'LOADED',
  runId: 'R',
  limit: 0,
  arrived: '2026#f1',
};
const result = (more: Partial<StepResult>): StepResult => ({
  rowsRead: 2,
  rowsWritten: 1,
  rowsRejected: 1,
  duplicatesDropped: 0,
  seconds: 1,
  ...more,
});
const ledger = (results: RunItem['results']) => ({
  files: [FILE],
  runs: [
    {
      id: 'R',
      status: 'SUCCEEDED' as const,
      attempt: 1,
      maxAttempts: 3,
      count: 1,
      bytes: 1,
      created: '2026-11-01T00:00:00Z',
      results,
    },
  ],
  live: [],
});
const s3 = mockClient(S3Client);
beforeEach(() => s3.reset());

function holds(key: string, content: string): void {
  s3.on(GetObjectCommand, { Bucket: 'work', Key: key }).resolves({
    Body: { transformToString: async () => content } as unknown as GetObjectCommandOutput['Body'],
  });
}

function keeps(content: string): void {
  holds(
    'runs/R/staged.json',
    JSON.stringify({ files: [{ id: 'f1', key: 'runs/R/input/part-00000.csv', bytes: 1, gzip: false }], rejected: [] }),
  );
  s3.on(ListObjectsV2Command, { Bucket: 'work', Prefix: 'runs/R/ToDynamo/rejected/' }).resolves({
    Contents: [{ Key: 'runs/R/ToDynamo/rejected/0' }],
  });
  holds('runs/R/ToDynamo/rejected/0', content);
}

test('rejected rows are shown as the step has kept them, and files by the names that they arrived under', async () => {
  keeps('quantity: not a valid integer\ts3://work/runs/R/input/part-00000.csv\t3002,two\n');
  expect(
    await rejectedRows(
      new S3Client({}),
      ledger({ ToDynamo: result({ rejectedRows: FOLDER }), ToRedshift: result({}) }),
    ),
  ).toEqual([
    `ToDynamo: 1 rejected in run R, kept in ${FOLDER}`,
    '    quantity: not a valid integer  orders/ä b.csv  3002,two',
  ]);
});

test('of many only the first are shown', async () => {
  keeps('row\n'.repeat(25));
  const lines = await rejectedRows(new S3Client({}), ledger({ ToDynamo: result({ rejectedRows: FOLDER }) }));
  expect(lines).toHaveLength(22);
  expect(lines.at(-1)).toBe('    … and 5 more lines in s3://work/runs/R/ToDynamo/rejected/0');
});

test('a run without results has none', async () => {
  expect(await rejectedRows(new S3Client({}), ledger(undefined))).toEqual([]);
  expect(await rejectedRows(new S3Client({}), ledger({ ToDynamo: result({}) }))).toEqual([]);
});
