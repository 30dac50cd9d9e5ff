// The ledger's functions against a DynamoDB, S3 and Step Functions that are not of our own making: conditions,
// transactions and names of executions must mean there what docs/ledger.md leans on.
import { rmSync } from 'fs';
import { setTimeout as sleep } from 'timers/promises';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as s3cdk from 'aws-cdk-lib/aws-s3';
import { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Context, SQSEvent } from 'aws-lambda';
import { startMiniStack, type RunningMiniStack } from '../../local/ministack';
import { createRunFolder } from '../../local/processes';
import { S3QueueTrigger } from '../../src';
import { LEDGER_ENV } from '../../src/file-ledger/contract';
import { METRIC_SOURCE } from '../../src/metrics/contract';
import { OPERATOR_ENV } from '../../src/operator/contract';
import { handler as operator } from '../../src/operator/runtime/operator.lambda';
import { dynamo } from '../../src/runtime/clients/dynamodb';
import { s3 } from '../../src/runtime/clients/s3';
import { sfn } from '../../src/runtime/clients/sfn';
import { handler as arrivals } from '../../src/s3-queue-trigger/runtime/arrivals.lambda';
import { handler as sweep } from '../../src/s3-queue-trigger/runtime/sweep.lambda';

jest.setTimeout(120_000);

const CONTEXT = { getRemainingTimeInMillis: () => 180_000 } as Context;

/**
 * Fails for a run of three small files, first with what passes, then with Data that names nobody; loads two of them;
 * finds that one alone is bad. Loads large files, however many.
 */
const DEFINITION = {
  StartAt: 'Which',
  States: {
    Which: {
      Type: 'Choice',
      Choices: [
        { Variable: '$.files.bytes', NumericGreaterThan: 1_000, Next: 'Loaded' },
        {
          And: [
            { Variable: '$.files.count', NumericEquals: 3 },
            { Variable: '$.attempt', NumericEquals: 1 },
          ],
          Next: 'Passing',
        },
        { Variable: '$.files.count', NumericEquals: 2, Next: 'Loaded' },
      ],
      Default: 'Bad',
    },
    Passing: { Type: 'Fail', Error: 'Etl.Transient', Cause: 'no answer' },
    Bad: { Type: 'Fail', Error: 'Etl.Data', Cause: '{"errorType":"Etl.Data","errorMessage":"cannot convert"}' },
    Loaded: { Type: 'Succeed' },
  },
};

let miniStack: RunningMiniStack;
let runFolder: string;
let outputs: Record<string, string>;
const before = { ...process.env };

beforeAll(async () => {
  runFolder = createRunFolder();
  miniStack = await startMiniStack({ runFolder });
  Object.assign(process.env, miniStack.environment);
  const cloudFormation = new CloudFormationClient({});
  await cloudFormation.send(new CreateStackCommand({ StackName: 'Ledger', TemplateBody: JSON.stringify(template()) }));
  await waitUntilStackCreateComplete(
    { client: cloudFormation, maxWaitTime: 60, minDelay: 1, maxDelay: 1 },
    { StackName: 'Ledger' },
  );
  const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: 'Ledger' }));
  outputs = Object.fromEntries(Stacks![0].Outputs!.map(output => [output.OutputKey!, output.OutputValue!]));
  Object.assign(process.env, {
    [LEDGER_ENV.table]: outputs.Table,
    [LEDGER_ENV.workBucket]: outputs.Work,
    [LEDGER_ENV.stateMachine]: outputs.Machine,
    [OPERATOR_ENV.bucket]: outputs.Landing,
    [METRIC_SOURCE.trigger.env]: 'Stack-Trigger',
    [LEDGER_ENV.maxFiles]: '1000',
    [LEDGER_ENV.maxExecutions]: '1',
    [LEDGER_ENV.maxAttempts]: '3',
    [LEDGER_ENV.pauseAfter]: '5',
  });
  cloudFormation.destroy();
});

afterAll(async () => {
  for (const client of [dynamo(), s3(), sfn()]) client.destroy();
  process.env = before;
  await miniStack?.stop();
  rmSync(runFolder, { recursive: true });
});

/** The trigger's own table, as it is synthesized, with the plainest of everything else. */
function template(): object {
  const stack = new Stack(new App(), 'Stack');
  const trigger = new S3QueueTrigger(stack, 'Trigger', { bucket: new s3cdk.Bucket(stack, 'Landing') });
  trigger.startExecutionsOf(StateMachine.fromStateMachineName(stack, 'Machine', 'machine'));
  const [table] = Object.values(Template.fromStack(stack).findResources('AWS::DynamoDB::Table'));
  const service = { Effect: 'Allow', Principal: { Service: 'states.amazonaws.com' }, Action: 'sts:AssumeRole' };
  return {
    Resources: {
      Table: { Type: table.Type, Properties: { ...table.Properties, DeletionProtectionEnabled: false } },
      Landing: { Type: 'AWS::S3::Bucket', Properties: { VersioningConfiguration: { Status: 'Enabled' } } },
      Work: { Type: 'AWS::S3::Bucket' },
      Role: {
        Type: 'AWS::IAM::Role',
        Properties: { AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [service] } },
      },
      Machine: {
        Type: 'AWS::StepFunctions::StateMachine',
        Properties: { RoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] }, DefinitionString: JSON.stringify(DEFINITION) },
      },
    },
    Outputs: Object.fromEntries(['Table', 'Landing', 'Work', 'Machine'].map(id => [id, { Value: { Ref: id } }])),
  };
}

/** Puts an object; returns the message that announces it. */
async function upload(key: string, body = key): Promise<string> {
  const { VersionId, ETag } = await s3().send(
    new PutObjectCommand({ Bucket: outputs.Landing, Key: key, Body: body, Metadata: { origin: 'shop' } }),
  );
  return JSON.stringify({
    Records: [
      {
        eventName: 'ObjectCreated:Put',
        eventTime: new Date().toISOString(),
        s3: {
          bucket: { name: outputs.Landing },
          object: { key: encodeURIComponent(key), eTag: ETag!.replaceAll('"', ''), versionId: VersionId },
        },
      },
    ],
  });
}

async function receive(messages: string[]): Promise<void> {
  const event = { Records: messages.map((body, index) => ({ messageId: String(index), body })) } as SQSEvent;
  expect(await arrivals(event, CONTEXT)).toEqual({ batchItemFailures: [] });
}

async function items(): Promise<Record<string, any>[]> {
  const { Items } = await dynamo().send(new ScanCommand({ TableName: outputs.Table, ConsistentRead: true }));
  return Items!;
}

const statuses = async () =>
  Object.fromEntries(
    (await items())
      .filter(item => item.key)
      .map(({ key, status, reason }) => [key, [status, reason].filter(Boolean).join(' ')]),
  );

/** Sweeps, several at once, until no file waits or belongs to a run. */
async function sweepUntilSettled(): Promise<void> {
  while (Object.values(await statuses()).some(status => status === 'PENDING' || status === 'CLAIMED')) {
    await Promise.all([sweep({}, CONTEXT), sweep({}, CONTEXT), sweep({}, CONTEXT)]);
    await sleep(100);
  }
}

test('a run that fails is tried again as itself, then halved, and each file is settled once', async () => {
  const messages = [await upload('in/a b.csv'), await upload('in/b.csv'), await upload('in/ü.csv')];
  await Promise.all([receive(messages), receive(messages)]);
  await receive(messages);
  await sweepUntilSettled();

  expect(await statuses()).toEqual({
    'in/a b.csv': 'LOADED',
    'in/b.csv': 'LOADED',
    'in/ü.csv': 'REJECTED Etl.Data: cannot convert',
  });
  const all = await items();
  const runs = all.filter(item => item.attempt).sort((one, other) => other.count - one.count);
  expect(runs.map(({ status, attempt, count, error }) => ({ status, attempt, count, error }))).toEqual([
    { status: 'FAILED', attempt: 2, count: 3, error: 'Etl.Data' },
    { status: 'SUCCEEDED', attempt: 1, count: 2, error: undefined },
    { status: 'FAILED', attempt: 1, count: 1, error: 'Etl.Data' },
  ]);
  expect(all.find(item => item.id === 'slots')).toEqual({
    id: 'slots',
    begun: expect.any(String),
    failed: new Set([runs[2].id]),
  });
  expect(all.find(item => item.key === 'in/a b.csv')).toMatchObject({
    size: 10,
    contentType: 'application/octet-stream',
    metadata: { origin: 'shop' },
    limit: 2,
    runId: runs[1].id,
  });
  const { executions } = await sfn().send(new ListExecutionsCommand({ stateMachineArn: outputs.Machine }));
  expect(executions!.map(({ name }) => name).sort()).toEqual(
    [`${runs[0].id}-1`, `${runs[0].id}-2`, `${runs[1].id}-1`, `${runs[2].id}-1`].sort(),
  );
});

test('more files than a transaction holds, claimed by many hands at once, go each into one run', async () => {
  process.env[LEDGER_ENV.maxExecutions] = '4';
  const messages = await Promise.all(
    Array.from({ length: 150 }, (_, number) => upload(`many/${number}.csv`, '.'.repeat(2_000))),
  );
  await Promise.all([
    receive(messages.slice(0, 100)),
    receive(messages.slice(60)),
    receive(messages.slice(30, 120)),
    sweep({}, CONTEXT),
  ]);
  await sweepUntilSettled();
  const all = await items();
  const files = all.filter(item => item.key?.startsWith('many/'));
  expect(files.map(file => file.status)).toEqual(Array.from({ length: 150 }, () => 'LOADED'));
  const runs = all.filter(item => item.attempt && item.bytes >= 2_000);
  expect(runs.reduce((sum, run) => sum + run.count, 0)).toBe(150);
  expect(runs.map(run => run.count).sort()).toEqual(
    runs.map(run => files.filter(file => file.runId === run.id).length).sort(),
  );
  expect(all.find(item => item.id === 'slots')).toEqual({ id: 'slots', begun: expect.any(String) });
});

test('an operator backfills, pauses, sets aside, puts back and asks', async () => {
  const operate = (payload: object): Promise<any> => operator(payload, CONTEXT);
  const large = (key: string) => upload(key, 'x'.repeat(1_001));
  await Promise.all(Array.from({ length: 130 }, (_, number) => large(`old/${String(number).padStart(3, '0')} +ü.csv`)));

  await operate({ operation: 'pause', reason: 'an operator is at work' });
  expect(await operate({ operation: 'backfill', prefix: 'old/' })).toMatchObject({
    entered: 130,
    knownBefore: 0,
    failed: 0,
  });
  expect(await operate({ operation: 'backfill', prefix: 'old/' })).toMatchObject({ entered: 0, knownBefore: 130 });
  const waiting = await operate({ operation: 'showWaiting', prefix: 'old/' });
  expect(waiting).toMatchObject({ paused: 'an operator is at work', next: expect.any(String) });
  expect(await operate({ operation: 'showWaiting', prefix: 'old/', next: waiting.next })).toMatchObject({
    files: { length: 30 },
  });
  expect(await operate({ operation: 'setAside', key: 'old/000 +ü.csv', reason: 'a test' })).toMatchObject({
    setAside: 1,
  });

  const lines: string[] = [];
  const write = jest.spyOn(process.stdout, 'write').mockImplementation(line => lines.push(String(line)) > 0);
  await sweep({}, CONTEXT);
  write.mockRestore();
  const recorded = lines.map(line => JSON.parse(line));
  expect(recorded).toContainEqual(
    expect.objectContaining({ FilesWaiting: 129, Paused: 1, OldestFileAge: expect.any(Number) }),
  );

  await operate({ operation: 'resume' });
  await sweepUntilSettled();
  expect(await operate({ operation: 'putBack', prefix: 'old/' })).toMatchObject({ putBack: 1, leftAsTheyAre: {} });
  await sweepUntilSettled();
  expect((await operate({ operation: 'showFile', key: 'old/000 +ü.csv' })).answer).toMatch(/was loaded by run/);
  const {
    file: { runId },
  } = await operate({ operation: 'showFile', key: 'old/001 +ü.csv' });
  expect(await operate({ operation: 'putBack', runId, status: 'LOADED', alone: true })).toMatchObject({ putBack: 129 });
  expect(await operate({ operation: 'setAside', prefix: 'old/', reason: 'enough' })).toMatchObject({ setAside: 129 });
  const failures = await operate({ operation: 'showFailures' });
  expect([...failures.files, ...failures.runs]).toHaveLength(100);
});
