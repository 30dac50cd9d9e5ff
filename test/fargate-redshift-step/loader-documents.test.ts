// What the documents of the contract look like is published as JSON schemas: the library's own keep to them.
import { readFileSync } from 'fs';
import * as path from 'path';
import type { Stack } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { declaredProperties, schemaErrors } from './loader-schemas';
import { ARGUMENTS, EXECUTION, objects, resetAws, RUN_ID, STEP_FOLDER } from './runtime/aws-mocks';
import { copyRole, stepStack, workgroup } from './step-stack';
import {
  Column,
  DataFormat,
  Dataset,
  DistributionStyle,
  FargateRedshiftStepProps,
  LoadMode,
  RedshiftWarehouse,
} from '../../src';
import type { StagedFiles } from '../../src/etl-pipeline/contract';
import { CONTRACT_VERSION } from '../../src/etl-step/contract';
import type { FargateRedshiftArguments, LoaderInput, LoaderResult } from '../../src/fargate-redshift-step/contract';
import { handler } from '../../src/fargate-redshift-step/runtime/fargate-redshift.lambda';
import { allStates, stateMachineDefinition } from '../state-machine-definition';

/** The input document that a launch writes for a step with these props. */
async function inputOf(make: (stack: Stack) => Partial<FargateRedshiftStepProps>): Promise<LoaderInput> {
  const states = allStates(stateMachineDefinition(stepStack(make).template()));
  const { load } = states['ToRedshift: Begin'].Assign.arguments as FargateRedshiftArguments;
  resetAws();
  await handler({
    contract: CONTRACT_VERSION,
    action: 'launch',
    runId: RUN_ID,
    attempt: 1,
    relaunch: 0,
    executionArn: EXECUTION,
    arguments: { ...ARGUMENTS, load },
  });
  const [key] = [...objects.keys()].filter(name => name.startsWith(STEP_FOLDER) && name.endsWith('input.json'));
  return objects.get(key);
}

const secret = (stack: Stack) => secretsmanager.Secret.fromSecretNameV2(stack, 'Login', 'login');

test.each<[string, (stack: Stack) => Partial<FargateRedshiftStepProps>]>([
  ['a workgroup', () => ({})],
  ['a workgroup with a secret', stack => ({ warehouse: workgroup(stack, { secret: secret(stack) }) })],
  [
    'a provisioned cluster',
    stack => ({
      warehouse: RedshiftWarehouse.cluster({ clusterIdentifier: 'etl', database: 'dev', copyRole: copyRole(stack) }),
    }),
  ],
  [
    'an endpoint',
    stack => ({
      warehouse: RedshiftWarehouse.endpoint({
        host: 'warehouse.example.com',
        database: 'dev',
        copyRole: copyRole(stack),
        secret: secret(stack),
      }),
    }),
  ],
  ['rows that are added', () => ({ mode: LoadMode.append(), maxRejectedRows: 0, maxRejectedPercent: 1 })],
  [
    'partitions that are replaced in a table with a layout',
    () => ({
      mode: LoadMode.replacePartitions('order_id'),
      createTable: { distributionStyle: DistributionStyle.EVEN, sortKeys: ['order_id'] },
    }),
  ],
])('the input document is valid for %s, and the schema declares all of it', async (_, make) => {
  const input = await inputOf(make);
  expect(schemaErrors('loader-input', input)).toEqual([]);
  expect(Object.keys(input).filter(name => !declaredProperties('loader-input').includes(name))).toEqual([]);
});

test('the input document that the documentation shows is valid', () => {
  const page = readFileSync(path.join(__dirname, '../../docs/bring-your-own-loader.md'), 'utf8');
  const [, example] = /```json\n(.*?)```/s.exec(page)!;
  expect(schemaErrors('loader-input', JSON.parse(example))).toEqual([]);
});

test('every type of column is valid', async () => {
  const columns = [
    Column.string('a'),
    Column.integer('b'),
    Column.decimal('c', 10, 2),
    Column.floatingPoint('d'),
    Column.bool('e'),
    Column.date('f'),
    Column.timestamp('g', { header: 'G', required: true }),
  ];
  const dataset = new Dataset({ name: 'all', format: DataFormat.csv(), columns, key: ['a'], latestBy: 'g' });
  const input = await inputOf(() => ({}));
  expect(schemaErrors('loader-input', { ...input, dataset: dataset._definition })).toEqual([]);
});

test.each<[string, (input: LoaderInput) => object, RegExp]>([
  ['another version', input => ({ ...input, contract: 2 }), /contract must be equal to constant/],
  ['no work bucket', ({ workBucket, ...input }) => input, /must have required property 'workBucket'/],
  ['a mode that is none', input => ({ ...input, mode: 'merge' }), /mode must be equal to one of/],
  [
    'a decimal without precision',
    ({ dataset, ...input }) => ({
      ...input,
      dataset: { ...dataset, columns: [{ name: 'a', type: 'decimal', header: 'a', required: true }] },
    }),
    /columns\/0 must have required property 'precision'/,
  ],
  [
    'an endpoint without a secret',
    ({ warehouse: { workgroupName, ...warehouse }, ...input }) => ({
      ...input,
      warehouse: { ...warehouse, host: 'h', port: 1 },
    }),
    /must have required property 'secretArn'/,
  ],
])('the schema refuses %s', async (_, change, message) => {
  expect(schemaErrors('loader-input', change(await inputOf(() => ({})))).join()).toMatch(message);
});

test('documents that the library reads and writes are valid', () => {
  const staged: StagedFiles = {
    files: [{ id: 'f', key: 'runs/r/input/part-00000.csv', bytes: 1, gzip: false }],
    rejected: [{ id: 'g', reason: 'no CSV' }],
  };
  const result: Required<LoaderResult> = {
    rowsRead: 4,
    rowsWritten: 1,
    rowsRejected: 1,
    duplicatesDropped: 1,
    rowsFiltered: 1,
    bytesWritten: 10,
    seconds: 1.5,
    retries: 0,
    rejectedRows: 's3://work/runs/r/ToRedshift/rejected/',
  };
  expect(schemaErrors('staged-files', staged)).toEqual([]);
  expect(schemaErrors('loader-result', result)).toEqual([]);
  expect(declaredProperties('loader-result').sort()).toEqual(Object.keys(result).sort());
});

test.each([
  [{ error: 'Etl.LoadFailed', message: 'm' }, /error must be equal to one of/],
  [{ error: 'Etl.Data' }, /required property 'message'/],
  [{ error: 'Etl.Data', message: 'm', files: [] }, /must NOT have fewer than 1 items/],
])('the schema refuses the failure %p', (failure, message) => {
  expect(schemaErrors('loader-failure', failure).join()).toMatch(message);
});
