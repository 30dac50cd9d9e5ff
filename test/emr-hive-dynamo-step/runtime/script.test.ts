import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { launchEvent, RUN, STEP_FOLDER, TARGET } from './events';
import { awsError, type FakeAws, freshAwsForEachTest } from './fake-aws';
import type { TableArguments } from '../../../src/emr-hive-dynamo-step/contract';
import { handler } from '../../../src/emr-hive-dynamo-step/runtime/emr-hive-dynamo.lambda';

let aws: FakeAws;
freshAwsForEachTest(fresh => {
  aws = fresh;
});

const MIB = 1024 ** 2;

async function launch(table: Partial<TableArguments> = {}): Promise<void> {
  const event = launchEvent('reducers <reducers>, rate <write rate>');
  await handler({ ...event, arguments: { ...event.arguments, table: { ...TARGET, ...table } } });
}

const script = () => aws.objects.get(`${STEP_FOLDER}scripts/1-0.hql`)!.toString();
const change = (changes: TableDescription) => {
  aws.table = { ...aws.table, ...changes };
};

test('the script is filled in for the run and its table', async () => {
  await launch();
  expect(script()).toBe(
    "reducers 1, rate 'dynamodb.throughput.write' = '2000',\n  'dynamodb.throughput.write.percent' = '1'",
  );
});

test('the script of a larger run has more writers', async () => {
  aws.stage(RUN, 100 * MIB);
  await launch();
  expect(script()).toContain('reducers 13,');
});

describe('no cluster is started for a table', () => {
  test.each<[string, () => void, string, RegExp]>([
    [
      'that is missing',
      () => {
        aws.table = undefined;
      },
      'Etl.Configuration',
      /no table orders in the account and region .* Create it/,
    ],
    [
      'that is of another account',
      () => change({ TableArn: 'arn:aws:dynamodb:us-east-1:999999999999:table/orders' }),
      'Etl.Configuration',
      /must be arn:aws:dynamodb:us-east-1:111122223333:table\/orders, got arn:aws:dynamodb:us-east-1:999999999999:table\/orders/,
    ],
    [
      'whose key has another name',
      () =>
        change({
          KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
          AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        }),
      'Etl.Configuration',
      /must have the key that the dataset makes, order_id \(S\), got id \(S\)\. Change the dataset's `key`/,
    ],
    [
      'whose key has another type',
      () => change({ AttributeDefinitions: [{ AttributeName: 'order_id', AttributeType: 'N' }] }),
      'Etl.Configuration',
      /order_id \(S\), got order_id \(N\)/,
    ],
    [
      'with a sort key',
      () =>
        change({
          KeySchema: [
            { AttributeName: 'order_id', KeyType: 'HASH' },
            { AttributeName: 'line', KeyType: 'RANGE' },
          ],
          AttributeDefinitions: [
            { AttributeName: 'line', AttributeType: 'N' },
            { AttributeName: 'order_id', AttributeType: 'S' },
          ],
        }),
      'Etl.Configuration',
      /order_id \(S\), got line \(N\), order_id \(S\)/,
    ],
    [
      'that is being deleted',
      () => change({ TableStatus: 'DELETING' }),
      'Etl.Configuration',
      /must be ACTIVE, got DELETING/,
    ],
    [
      'whose key of KMS is disabled',
      () => change({ TableStatus: 'INACCESSIBLE_ENCRYPTION_CREDENTIALS' }),
      'Etl.Configuration',
      /cannot use its KMS key/,
    ],
    ['that is still being created', () => change({ TableStatus: 'CREATING' }), 'Etl.Transient', /still being created/],
    [
      'that it may not describe',
      () => aws.failBefore.set('DescribeTable', awsError('AccessDeniedException', 400)),
      'Etl.Configuration',
      /must be allowed to describe the table orders/,
    ],
    [
      'while DynamoDB throttles',
      () => aws.failBefore.set('DescribeTable', awsError('ThrottlingException', 400)),
      'Etl.Transient',
      /ThrottlingException/,
    ],
  ])('%s', async (_, arrange, name, message) => {
    arrange();
    await expect(launch()).rejects.toThrow(expect.objectContaining({ name, message: expect.stringMatching(message) }));
    expect(aws.count('RunJobFlow')).toBe(0);
  });
});

test('a table that is being changed takes writes', async () => {
  change({ TableStatus: 'UPDATING' });
  await launch();
  expect(aws.count('RunJobFlow')).toBe(1);
});

test('a run whose list of files is gone starts no cluster', async () => {
  aws.objects.delete(`runs/${RUN}/staged.json`);
  await expect(launch()).rejects.toThrow(
    expect.objectContaining({
      name: 'Etl.Configuration',
      message: expect.stringMatching(/staged\.json is missing, .* lifecycle rules/),
    }),
  );
  expect(aws.count('RunJobFlow')).toBe(0);
});
