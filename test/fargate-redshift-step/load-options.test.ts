import { Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { ORDERS, stepStack, workgroup } from './step-stack';
import {
  Column,
  DataFormat,
  Dataset,
  DistributionStyle,
  FargateRedshiftStep,
  FargateRedshiftStepProps,
  LoadMode,
} from '../../src';
import { allStates, stateMachineDefinition } from '../state-machine-definition';

const LOG = new Dataset({ name: 'log', format: DataFormat.csv(), columns: [Column.string('line')] });

function loadOf(props: Partial<FargateRedshiftStepProps>): Record<string, unknown> {
  const states = allStates(stateMachineDefinition(stepStack(() => props).template()));
  return states['ToRedshift: Begin'].Assign.arguments.load;
}

function bind(props: Partial<FargateRedshiftStepProps>, dataset: Dataset): void {
  const stack = new Stack();
  const step = new FargateRedshiftStep(stack, 'ToRedshift', {
    warehouse: workgroup(stack),
    vpc: new ec2.Vpc(stack, 'Vpc'),
    table: 'log',
    ...props,
  });
  step.bind(stack, { dataset, workBucket: new Bucket(stack, 'Work') });
}

test.each([
  [LoadMode.upsert(), { mode: 'upsert' }],
  [LoadMode.append(), { mode: 'append' }],
  [LoadMode.replace(), { mode: 'replace' }],
  [LoadMode.replacePartitions('amount'), { mode: 'replace', partitionColumn: 'amount' }],
])('the loader hears of the mode: %j', (mode, expected) => {
  const { mode: heard, partitionColumn } = loadOf({ mode });
  expect({ mode: heard, partitionColumn }).toEqual(expected);
});

test('the loader hears how the table is made, and how many rows may be rejected', () => {
  const createTable = { distributionKey: 'order_id', sortKeys: ['amount', 'order_id'] };
  expect(loadOf({ createTable, maxRejectedPercent: 0.5 })).toMatchObject({ createTable, maxRejectedPercent: 0.5 });
  const even = loadOf({ createTable: { distributionStyle: DistributionStyle.EVEN } });
  expect(even).toMatchObject({ createTable: { distributionStyle: 'EVEN' } });
});

test.each([LoadMode.append(), LoadMode.replace(), LoadMode.replacePartitions('line')])(
  'no key is needed in the mode %j',
  mode => {
    expect(() => bind({ mode }, LOG)).not.toThrow();
  },
);

test.each<[string, Partial<FargateRedshiftStepProps>, string]>([
  ['an upsert without a key', {}, "dataset 'log' must have a 'key' for the step Default/ToRedshift"],
  [
    'a partition that is no column',
    { mode: LoadMode.replacePartitions('day') },
    'the column of LoadMode.replacePartitions() of the step Default/ToRedshift must name columns of the dataset ' +
      "'log' (line), got 'day'.",
  ],
  [
    'a distribution key that is no column',
    { mode: LoadMode.append(), createTable: { distributionKey: 'Line' } },
    "'createTable.distributionKey' of the step Default/ToRedshift must name columns",
  ],
  [
    'a sort key that is no column',
    { mode: LoadMode.append(), createTable: { sortKeys: ['line', 'day'] } },
    "'createTable.sortKeys' of the step Default/ToRedshift must name columns of the dataset 'log' (line), got 'day'.",
  ],
])('refuses %s', (_, props, message) => {
  expect(() => bind(props, LOG)).toThrow(message);
});

test.each<[string, Partial<FargateRedshiftStepProps>, string]>([
  ['less than no row', { maxRejectedPercent: -1 }, "'maxRejectedPercent' must be a number from 0 to 100, got -1."],
  ['more than all rows', { maxRejectedPercent: 100.5 }, 'got 100.5.'],
  ['a share that is no number', { maxRejectedPercent: NaN }, 'got NaN.'],
  [
    'a table that is spread in two ways',
    { createTable: { distributionStyle: DistributionStyle.ALL, distributionKey: 'order_id' } },
    "at most one of 'distributionStyle' and 'distributionKey', got both",
  ],
  ['no sort key', { createTable: { sortKeys: [] } }, "'createTable.sortKeys' must name 1 to 400 columns, got 0."],
])('refuses %s', (_, props, message) => {
  expect(() => bind(props, ORDERS)).toThrow(message);
});

test('takes any name for schema and table', () => {
  expect(loadOf({ schema: 'O\'Brien "x"', table: 'select *' })).toMatchObject({
    schema: 'O\'Brien "x"',
    table: 'select *',
  });
});
