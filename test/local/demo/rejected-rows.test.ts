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
    Body: { transformToByteArray: async () => Buffer.from(content) } as unknown as GetObjectCommandOutput['Body'],
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

test('rows of both steps are shown alike: the file as it arrived, its line, the reason, the row', async () => {
  holds('runs/R/input/part-00000.csv', 'id,quantity\n3001,1\n3002,two\n');
  const shown = async (step: string, content: string) => {
    keeps(content);
    return rejectedRows(new S3Client({}), ledger({ [step]: result({ rejectedRows: FOLDER }) }));
  };
  const row = '    orders/ä b.csv, line 3: quantity: not a valid integer: 3002,two';
  expect(
    await shown('ToDynamo', 'quantity: not a valid integer\ts3://work/runs/R/input/part-00000.csv\t3002,two\n'),
  ).toEqual([`ToDynamo: 1 rejected in run R, kept in ${FOLDER}`, row]);
  expect(
    await shown(
      'ToRedshift',
      'file,line,reason,raw_line\ns3://work/runs/R/input/part-00000.csv,3,quantity: not a valid integer,"3002,two"\n',
    ),
  ).toEqual([`ToRedshift: 1 rejected in run R, kept in ${FOLDER}`, row]);
});

test('what a step of another kind keeps is shown as it is', async () => {
  keeps('{"reason":"unknown"}\n');
  const lines = await rejectedRows(new S3Client({}), ledger({ Other: result({ rejectedRows: FOLDER }) }));
  expect(lines.at(-1)).toBe('    {"reason":"unknown"}');
});

test('of many only the first are shown', async () => {
  keeps('row\n'.repeat(25));
  const lines = await rejectedRows(new S3Client({}), ledger({ ToDynamo: result({ rejectedRows: FOLDER }) }));
  expect(lines).toHaveLength(22);
  expect(lines.at(-1)).toBe('    … and 5 more rows in s3://work/runs/R/ToDynamo/rejected/0');
});

test('a run without results has none', async () => {
  expect(await rejectedRows(new S3Client({}), ledger(undefined))).toEqual([]);
  expect(await rejectedRows(new S3Client({}), ledger({ ToDynamo: result({}) }))).toEqual([]);
});
