import { makeReport } from '../../../local/demo/report';
import type { TargetContent } from '../../../local/demo/targets';
import type { FileItem, RunItem } from '../../../src/file-ledger/contract';

const FILE: FileItem = {
  id: '1',
  bucket: 'landing',
  key: 'orders/a.csv',
  versionId: 'v1',
  etag: 'e',
  size: 1,
  status: 'REJECTED',
  runId: 'R',
  limit: 0,
  arrived: '2026#1',
  reason: 'no header',
};
const RUN: RunItem = {
  id: 'R',
  status: 'SUCCEEDED',
  attempt: 1,
  count: 1,
  bytes: 1,
  maxAttempts: 3,
  created: '2026-11-01T00:00:00Z',
  seconds: 12.5,
  results: {
    ToDynamo: {
      rowsRead: 4,
      rowsWritten: 2,
      rowsRejected: 1,
      duplicatesDropped: 1,
      seconds: 8,
      rejectedRows: 's3://work/x/',
    },
  },
};

const TARGETS: TargetContent[] = [
  { stepId: 'A', target: { engine: 'DynamoDB', table: 'items' }, columns: ['id'], rows: [{ id: 'a' }] },
  {
    stepId: 'B',
    target: { engine: 'Redshift', schema: 's', table: 't', mode: 'upsert' },
    columns: ['id'],
    rows: [],
  },
];

test('has exactly the documented members', () => {
  expect(
    makeReport({ files: [FILE], runs: [RUN], live: [] }, TARGETS, [{ runId: 'R', results: { Stats: [1] } }]),
  ).toEqual({
    files: [{ key: 'orders/a.csv', versionId: 'v1', status: 'REJECTED', reason: 'no header', runId: 'R' }],
    runs: [
      {
        runId: 'R',
        status: 'SUCCEEDED',
        seconds: 12.5,
        steps: { ToDynamo: { rowsRead: 4, rowsWritten: 2, rowsRejected: 1, duplicatesDropped: 1 } },
        otherResults: { Stats: [1] },
      },
    ],
    dynamodb: [{ id: 'a' }],
    redshift: [],
  });
});

test('what is not known is null, never left out', () => {
  const { files, runs } = makeReport(
    {
      files: [{ ...FILE, versionId: undefined, reason: undefined, status: 'PENDING', runId: '-' }],
      runs: [{ ...RUN, status: 'RUNNING', seconds: undefined, results: undefined }],
      live: ['R'],
    },
    [],
    [],
  );
  expect(files).toStrictEqual([{ key: 'orders/a.csv', versionId: null, status: 'PENDING', reason: null, runId: null }]);
  expect(runs).toStrictEqual([{ runId: 'R', status: 'RUNNING', seconds: null, steps: {}, otherResults: {} }]);
});

test('a target that no step loads is not there', () => {
  expect(Object.keys(makeReport({ files: [], runs: [], live: [] }, [TARGETS[0]], []))).toEqual([
    'files',
    'runs',
    'dynamodb',
  ]);
});
