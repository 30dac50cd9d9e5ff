// A stack is deleted while a run goes on: the whole way, with the CDK CLI, the bundled functions and CloudFormation's
// order.
import { mkdirSync, rmSync, writeFileSync } from 'fs';
import * as path from 'path';
import { setTimeout as sleep } from 'timers/promises';
import {
  CloudFormationClient,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  waitUntilStackDeleteComplete,
} from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DescribeExecutionCommand, ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { deploy } from '../../local/deploy';
import { RunningMiniStack, startMiniStack } from '../../local/ministack';
import { createRunFolder } from '../../local/processes';

jest.setTimeout(400_000);

let runFolder: string;
let miniStack: RunningMiniStack;
let cloudFormation: CloudFormationClient;
let s3: S3Client;
let sfn: SFNClient;
let dynamo: DynamoDBDocumentClient;

beforeAll(async () => {
  runFolder = createRunFolder();
  miniStack = await startMiniStack({ runFolder });
  const configuration = {
    endpoint: miniStack.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  cloudFormation = new CloudFormationClient(configuration);
  s3 = new S3Client(configuration);
  sfn = new SFNClient(configuration);
  dynamo = DynamoDBDocumentClient.from(new DynamoDBClient(configuration));
});

afterAll(async () => {
  for (const client of [cloudFormation, s3, sfn, dynamo]) client?.destroy();
  await miniStack?.stop();
  rmSync(runFolder, { recursive: true });
});

async function deployApp(): Promise<Record<string, string>> {
  const appFolder = path.join(runFolder, 'app');
  mkdirSync(appFolder);
  const app = path.join(__dirname, 'teardown', 'app.ts');
  const tsconfig = path.join(__dirname, '..', '..', 'tsconfig.dev.json');
  writeFileSync(path.join(appFolder, 'cdk.json'), JSON.stringify({ app: `tsx --tsconfig ${tsconfig} ${app}` }));
  const outputs = await deploy({
    appFolder,
    environment: miniStack.environment,
    runFolder,
    outputFolder: path.join(runFolder, 'app.out'),
  });
  return outputs.Loading;
}

async function eventually<Value>(ask: () => Promise<Value | undefined>): Promise<Value> {
  for (;;) {
    const value = await ask();
    if (value !== undefined) return value;
    await sleep(200);
  }
}

async function resourceEvents(StackName: string): Promise<string[]> {
  const { StackEvents } = await cloudFormation.send(new DescribeStackEventsCommand({ StackName }));
  return StackEvents!.map(({ ResourceType, ResourceStatus }) => `${ResourceType} ${ResourceStatus}`).reverse();
}

test('deleting a stack ends the run that goes on, waits for its compute, and lets its file wait', async () => {
  const outputs = await deployApp();
  const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: 'Loading' }));
  const stackId = Stacks![0].StackId!;
  await s3.send(new PutObjectCommand({ Bucket: outputs.LandingBucket, Key: 'a.csv', Body: '1' }));
  const executionArn = await eventually(async () => {
    const { executions } = await sfn.send(
      new ListExecutionsCommand({ stateMachineArn: outputs.StateMachineArn, statusFilter: 'RUNNING' }),
    );
    return executions?.[0]?.executionArn;
  });

  await cloudFormation.send(new DeleteStackCommand({ StackName: 'Loading' }));
  await waitUntilStackDeleteComplete(
    { client: cloudFormation, maxWaitTime: 240, minDelay: 1, maxDelay: 1 },
    { StackName: stackId },
  );

  expect(await sfn.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({
    status: 'ABORTED',
    error: 'Etl.Stopped',
  });
  const runId = executionArn.split(':').at(-1)!.slice(0, -2);
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: outputs.AskedBucket }));
  expect(Contents.length).toBeGreaterThanOrEqual(3); // the function says "ended" at the third question
  const asked = await s3.send(new GetObjectCommand({ Bucket: outputs.AskedBucket, Key: Contents[0].Key }));
  expect(JSON.parse(await asked.Body!.transformToString())).toEqual({ contract: 1, action: 'stop', runId, attempt: 1 });

  const { Items = [] } = await dynamo.send(new ScanCommand({ TableName: outputs.LedgerTable, ConsistentRead: true }));
  expect(Items).toContainEqual(expect.objectContaining({ key: 'a.csv', status: 'PENDING', runId }));
  expect(Items).toContainEqual(expect.objectContaining({ id: runId, status: 'ABORTED', error: 'Etl.Stopped' }));
  const slots = Items.find(({ id }) => id === 'slots')!;
  expect(slots.paused).toEqual({ reason: expect.stringContaining('Loading') });
  for (const set of ['live', 'failed', 'stopping']) expect(slots).not.toHaveProperty(set);

  const events = await resourceEvents(stackId);
  const position = (event: string) => {
    expect(events).toContain(event);
    return events.indexOf(event);
  };
  const stopped = position('Custom::StopRuns DELETE_COMPLETE');
  expect(position('AWS::Lambda::EventSourceMapping DELETE_COMPLETE')).toBeLessThan(
    position('Custom::StopRuns DELETE_IN_PROGRESS'),
  );
  for (const type of [
    'AWS::StepFunctions::StateMachine',
    'AWS::SQS::Queue',
    'AWS::IAM::Policy',
    'AWS::Lambda::Function',
  ]) {
    expect(position(`${type} DELETE_IN_PROGRESS`)).toBeGreaterThan(stopped);
  }
});
