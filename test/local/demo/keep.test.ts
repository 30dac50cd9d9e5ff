import { GetObjectCommand, ListObjectsV2Command, S3Client, type GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import type { DeployedPipeline } from '../../../local/demo/deployed';
import { howToGoOn, watchOn, whereToLook } from '../../../local/demo/keep';
import type { LedgerContent } from '../../../local/demo/ledger';
import { Narrator } from '../../../local/demo/narrator';
import { outcomeOf } from '../../../local/demo/outcome';
import type { TargetContent } from '../../../local/demo/targets';
import type { Look } from '../../../local/demo/watch/watcher';
import type { DatasetDefinition } from '../../../src/dataset/contract';
import type { RunItem } from '../../../src/file-ledger/contract';

const DATASET: DatasetDefinition = {
  name: 'orders',
  format: { type: 'csv', delimiter: ',', header: true },
  columns: [{ name: 'id', type: 'string', header: 'id', required: true }],
  key: ['id'],
};
const run = (id: string): RunItem => ({
  id,
  status: 'SUCCEEDED',
  attempt: 1,
  maxAttempts: 3,
  count: 1,
  bytes: 1,
  created: '2026-11-01T00:00:00Z',
});
const RESULT = {
  rowsRead: 3,
  rowsWritten: 2,
  rowsRejected: 1,
  duplicatesDropped: 0,
  seconds: 1,
  rejectedRows: 's3://work/runs/2/ToDynamo/rejected/',
};
const content = (runs: RunItem[], live: string[] = []) => ({ files: [], runs, live });

const APP: DeployedPipeline = {
  landingBucket: 'landing',
  prefix: 'orders/',
  queueName: 'queue',
  ledgerTable: 'the-ledger',
  workBucket: 'the-work-bucket',
  stateMachineArn: 'arn:of:the:machine',
  steps: [
    { stepId: 'ToDynamo', within: [], target: { engine: 'DynamoDB', table: 'items' } },
    {
      stepId: 'ToRedshift',
      within: [],
      target: { engine: 'Redshift', schema: 'analytics', table: 'orders', mode: 'upsert' },
    },
    { stepId: 'Stats', within: [] },
  ],
};

test('says what to type to upload more and to ask Redshift, and what things are called', () => {
  const text = howToGoOn({
    aws: { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566', AWS_REGION: 'us-east-1' },
    app: APP,
    redshift: { host: 'localhost', port: 5439, caFile: '/run/redshift/certificate.pem' },
  });
  expect(text).toContain('export AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_REGION=us-east-1 PGHOST=localhost');
  expect(text).toContain('npx tsx local/upload.ts s3://landing/orders/ FILE…\n');
  expect(text).toContain("npx tsx local/query.ts 'SELECT * FROM analytics.orders'\n");
  for (const name of ['the-ledger', 'the-work-bucket', 'arn:of:the:machine', 'DynamoDB items']) {
    expect(text).toContain(name);
  }
});

test('--keep is recommended only to those who have not used it', () => {
  expect(whereToLook('/run', { keep: false, app: '/app' })).toContain('--keep');
  expect(whereToLook('/run', { keep: true, app: '/app' })).not.toContain('--keep');
});

test('after each further run says what was rejected and what the targets hold', async () => {
  const told: string[] = [];
  const looks: Look[] = [
    { content: content([run('1')]), changed: false, underWay: [] },
    { content: content([run('1'), run('2')], ['2']), changed: true, underWay: [] },
    { content: content([run('1'), { ...run('2'), results: { ToDynamo: RESULT } }]), changed: true, underWay: [] },
  ];
  const look = async () => {
    const next = looks.shift();
    if (!next) throw new Error('no more looks');
    return next;
  };
  const targets: TargetContent[] = [
    { stepId: 'ToDynamo', target: APP.steps[0].target!, columns: ['id'], rows: [{ id: 'a' }, { id: 'b' }] },
    { stepId: 'ToRedshift', target: APP.steps[1].target!, columns: ['id'], rows: [{ id: 'a' }] },
  ];
  const read = async (ledger: LedgerContent) => outcomeOf({ dataset: DATASET }, ledger, targets);
  const s3 = mockClient(S3Client);
  s3.on(ListObjectsV2Command).resolves({ Contents: [{ Key: 'runs/2/ToDynamo/rejected/0' }] });
  const holds = (text: string) =>
    ({ transformToByteArray: async () => Buffer.from(text) }) as unknown as GetObjectCommandOutput['Body'];
  s3.on(GetObjectCommand, { Key: 'runs/2/staged.json' }).resolves({ Body: holds('{"files":[],"rejected":[]}') });
  s3.on(GetObjectCommand, { Key: 'runs/2/ToDynamo/rejected/0' }).resolves({ Body: holds('id: missing\t,x\n') });
  const pipeline = {
    narrator: new Narrator(line => told.push(line)),
    watcher: { look },
    clients: { s3: new S3Client({}) },
  };
  await expect(watchOn(pipeline, content([run('1')]), read)).rejects.toThrow('no more looks');
  expect(told.map(line => line.replace(/^\[.*?\] /, ''))).toEqual([
    'ToDynamo: 1 rejected in run 2, kept in s3://work/runs/2/ToDynamo/rejected/',
    '    id: missing  ,x',
    'DynamoDB items holds 2 rows',
    'Redshift analytics.orders holds 1 rows',
    'Do the targets agree? no: 1 of 2 rows differ',
    '  b: only in DynamoDB',
  ]);
});
