import { howToUploadMore, watchOn, whereToLook } from '../../../local/demo/keep';
import type { LedgerContent } from '../../../local/demo/ledger';
import { Narrator } from '../../../local/demo/narrator';
import { outcomeOf } from '../../../local/demo/outcome';
import type { DeployedApp } from '../../../local/demo/pipeline';
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
const content = (runs: RunItem[], live: string[] = []) => ({ files: [], runs, live });

test('says what to type to upload more', () => {
  const text = howToUploadMore({
    aws: { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566', AWS_REGION: 'us-east-1' },
    app: { landingBucket: 'landing', prefix: 'orders/' } as DeployedApp,
  });
  expect(text).toContain('export AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_REGION=us-east-1\n');
  expect(text).toContain('npx tsx local/upload.ts s3://landing/orders/ FILE…\n');
});

test('--keep is recommended only to those who have not used it', () => {
  expect(whereToLook('/run', false)).toContain('--keep');
  expect(whereToLook('/run', true)).not.toContain('--keep');
});

test('after each further run says what the targets hold', async () => {
  const told: string[] = [];
  const looks: Look[] = [
    { content: content([run('1')]), changed: false },
    { content: content([run('1'), run('2')], ['2']), changed: true },
    { content: content([run('1'), run('2')]), changed: true },
  ];
  const look = async () => {
    const next = looks.shift();
    if (!next) throw new Error('no more looks');
    return next;
  };
  const read = async (ledger: LedgerContent) => outcomeOf(DATASET, ledger, [{ id: 'a' }, { id: 'b' }], [{ id: 'a' }]);
  await expect(watchOn(new Narrator(line => told.push(line)), { look }, content([run('1')]), read)).rejects.toThrow(
    'no more looks',
  );
  expect(told).toEqual([expect.stringMatching(/DynamoDB holds 2 rows, Redshift 1: 1 differ$/)]);
});
