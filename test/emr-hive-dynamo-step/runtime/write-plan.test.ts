import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { TARGET } from './events';
import type { TableArguments } from '../../../src/emr-hive-dynamo-step/contract';
import { writePlan } from '../../../src/emr-hive-dynamo-step/runtime/write-plan';

const MIB = 1024 ** 2;
const GIB = 1024 * MIB;

const onDemand = (more: TableDescription = {}): TableDescription => ({
  BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
  ...more,
});
const provisioned = (WriteCapacityUnits: number): TableDescription => ({
  ProvisionedThroughput: { WriteCapacityUnits, ReadCapacityUnits: 1, NumberOfDecreasesToday: 0 },
});
const part = (writeThroughputPercent: number): TableArguments => ({ ...TARGET, writeThroughputPercent });
const units = (writeUnitsPerSecond: number): TableArguments => ({
  ...TARGET,
  writeThroughputPercent: undefined,
  writeUnitsPerSecond,
});

describe('the rate', () => {
  const rate = (table: TableDescription, options: TableArguments) => {
    const { writeRate, unitsPerSecond } = writePlan([], table, { table: options, workers: 2 });
    return [writeRate, unitsPerSecond];
  };
  const number = (value: number) => [{ units: value, percent: 100 }, value];

  test.each<[string, TableDescription, number]>([
    ['a new table', onDemand(), 2_000],
    ['a table that has been warmed', onDemand({ WarmThroughput: { WriteUnitsPerSecond: 30_000 } }), 15_000],
    ['a table with a maximum', onDemand({ OnDemandThroughput: { MaxWriteRequestUnits: 100 } }), 50],
    [
      'a table with a maximum above what it takes at once',
      onDemand({ OnDemandThroughput: { MaxWriteRequestUnits: 30_000 } }),
      2_000,
    ],
    ['a table with no maximum', onDemand({ OnDemandThroughput: { MaxWriteRequestUnits: -1 } }), 2_000],
    [
      'a table with an index that takes less',
      onDemand({
        WarmThroughput: { WriteUnitsPerSecond: 30_000 },
        GlobalSecondaryIndexes: [{ WarmThroughput: { WriteUnitsPerSecond: 6_000 } }],
      }),
      3_000,
    ],
    ['a table of one unit', onDemand({ OnDemandThroughput: { MaxWriteRequestUnits: 1 } }), 1],
  ])('on demand is a part of what the table takes at once: %s', (_, table, expected) => {
    expect(rate(table, part(50))).toEqual(number(expected));
  });

  test('on demand is never above what the table takes at once', () => {
    expect(rate(onDemand(), part(150))).toEqual(number(4_000));
    expect(rate(onDemand(), units(100_000))).toEqual(number(4_000));
    expect(rate(onDemand(), units(1_500))).toEqual(number(1_500));
  });

  test('of provisioned capacity is a part that the connector works out, so that it follows auto scaling', () => {
    expect(rate(provisioned(500), part(50))).toEqual([{ percent: 50 }, 250]);
    expect(rate(provisioned(500), part(150))).toEqual([{ percent: 150 }, 750]);
    expect(rate(provisioned(1), part(10))).toEqual([{ percent: 10 }, 1]);
  });

  test('in units is what a provisioned table is asked for, so that auto scaling sees it', () => {
    expect(rate(provisioned(5), units(1_000))).toEqual(number(1_000));
  });
});

describe('the number of writers', () => {
  const writers = (bytes: number, { workers = 2, rate = 40_000, gzip = false } = {}) =>
    writePlan([{ id: 'a', key: 'a', bytes, gzip }], provisioned(rate), { table: units(rate), workers }).reducers;

  test.each<[string, number, number]>([
    ['one for an empty run', writers(0), 1],
    ['one for a small run', writers(8 * MIB), 1],
    ['more for a larger one', writers(100 * MIB), 13],
    ['more for compressed files', writers(25 * MIB, { gzip: true }), 13],
    ['as many as run at a time', writers(5 * GIB), 20],
    ['several rounds for a large run', writers(50 * GIB), 60],
    ['more on more instances', writers(50 * GIB, { workers: 10 }), 108],
    ['no more than can send whole batches', writers(5 * GIB, { rate: 100 }), 8],
    ['one for a rate of one', writers(GIB, { rate: 1 }), 1],
  ])('is %s', (_, number, expected) => {
    expect(number).toBe(expected);
  });

  test('is that of the tasks that run at a time on EMR Serverless', () => {
    const serverless = { applicationId: 'a', roleArn: 'r', tasks: 7, timeoutMinutes: 60 };
    const plan = (bytes: number) =>
      writePlan([{ id: 'a', key: 'a', bytes, gzip: false }], provisioned(40_000), {
        table: units(40_000),
        workers: 1,
        serverless,
      });
    expect(plan(GIB).reducers).toBe(7);
    expect(plan(10 * GIB).reducers).toBe(14);
  });

  test.each([
    [2, 40_000, 50 * GIB],
    [10, 4_000, 50 * GIB],
    [3, 700, 5 * GIB],
    [2, 30, GIB],
  ])('keeps what %i instances write within %i units a second', (workers, rate, bytes) => {
    const tasks = writers(bytes, { workers, rate });
    const slots = workers * 11 - 2;
    // as the connector does it: at least one unit each, of an equal part of the rate
    const running = Math.min(slots, tasks);
    expect(running * Math.max(1, Math.floor(rate / running))).toBeLessThanOrEqual(rate);
    expect(running * Math.floor(rate / running)).toBeGreaterThan(0.9 * rate);
  });
});
