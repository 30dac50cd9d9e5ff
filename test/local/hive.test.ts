// The local Hive with its DynamoDB connector: what it makes of a table's billing mode, and what it tells while a script
// runs.
import { readFileSync, rmSync } from 'fs';
import * as path from 'path';
import { setTimeout as pause } from 'timers/promises';
import { CloudFormationClient, CreateStackCommand, waitUntilStackCreateComplete } from '@aws-sdk/client-cloudformation';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { type HiveProgress, type RunningHive, startHive } from '../../local/hive';
import { type RunningMiniStack, startMiniStack } from '../../local/ministack';
import { createRunFolder } from '../../local/processes';

jest.setTimeout(180_000); // a busy machine is no failure

/** What the connector writes a second to a table with 10 units, at its own 50 percent. */
const SLOW = 5;
const ROWS = 20;

let runFolder: string;
let miniStack: RunningMiniStack;
let hive: RunningHive;

beforeAll(async () => {
  runFolder = createRunFolder();
  miniStack = await startMiniStack({ runFolder });
  hive = await startHive({ runFolder, awsEndpoint: miniStack.endpoint });
  const configuration = {
    endpoint: miniStack.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };

  // by CloudFormation, as an app makes its tables: MiniStack then gives one that is billed on demand 5 units
  const table = (properties: object) => ({
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      ...properties,
    },
  });
  const cloudFormation = new CloudFormationClient(configuration);
  await cloudFormation.send(
    new CreateStackCommand({
      StackName: 'Tables',
      TemplateBody: JSON.stringify({
        Resources: {
          OnDemand: table({ TableName: 'on-demand', BillingMode: 'PAY_PER_REQUEST' }),
          Provisioned: table({
            TableName: 'provisioned',
            ProvisionedThroughput: { ReadCapacityUnits: 10, WriteCapacityUnits: 2 * SLOW },
          }),
        },
      }),
    }),
  );
  await waitUntilStackCreateComplete(
    { client: cloudFormation, maxWaitTime: 60, minDelay: 1, maxDelay: 1 },
    { StackName: 'Tables' },
  );
  cloudFormation.destroy();

  const s3 = new S3Client({ ...configuration, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: 'work' }));
  await s3.send(
    new PutObjectCommand({
      Bucket: 'work',
      Key: 'in/ids.txt',
      Body: Array.from({ length: ROWS }, (_, index) => `id-${index}\n`).join(''),
    }),
  );
  s3.destroy();
});

afterAll(async () => {
  await Promise.all([hive?.stop(), miniStack?.stop()]);
  rmSync(runFolder, { recursive: true });
});

function load(table: string): Promise<{ exitCode: number; stderr: string }> {
  return hive.run(`
CREATE TEMPORARY EXTERNAL TABLE ids (id STRING) STORED AS TEXTFILE LOCATION 's3://work/in/';
CREATE TEMPORARY EXTERNAL TABLE items (id STRING) STORED BY 'org.apache.hadoop.hive.dynamodb.DynamoDBStorageHandler'
TBLPROPERTIES ('dynamodb.table.name' = '${table}', 'dynamodb.column.mapping' = 'id:id');
INSERT INTO TABLE items SELECT id FROM ids;
`);
}

test('the connector writes as fast as the billing mode lets it, and says so', async () => {
  for (const table of ['provisioned', 'on-demand']) expect(await load(table)).toMatchObject({ exitCode: 0 });
  const rates = [
    ...readFileSync(path.join(runFolder, 'hive.log'), 'utf8').matchAll(/Throughput per task for table (\S+) : (\d+)/g),
  ];
  expect(Object.fromEntries(rates.map(([, table, rate]) => [table, rate]))).toEqual({
    provisioned: String(SLOW),
    'on-demand': '20000',
  });
});

test('rows read and written are told while a script runs', async () => {
  const seen: HiveProgress[] = [];
  let running = true;
  const run = load('provisioned').finally(() => {
    running = false;
  });
  while (running) {
    seen.push(await hive.progress());
    await pause(100);
  }
  expect(await run).toMatchObject({ exitCode: 0 });
  expect(seen.some(({ rowsWritten }) => rowsWritten > 0 && rowsWritten < ROWS)).toBe(true);
  expect(await hive.progress()).toEqual({ rowsRead: ROWS, rowsWritten: ROWS }); // not those of the scripts before
});
