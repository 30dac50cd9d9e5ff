// The state machine as it is deployed, with the real staging function; the steps' functions only pretend to have
// compute.
import { randomUUID } from 'crypto';
import { rmSync } from 'fs';
import * as path from 'path';
import { setTimeout as sleep } from 'timers/promises';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  type DescribeExecutionOutput,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { deployApp } from './deploy-app';
import { RunningMiniStack, startMiniStack } from '../../local/ministack';
import { createRunFolder } from '../../local/processes';
import {
  Column,
  DataFormat,
  Dataset,
  EtlPipeline,
  EtlStep,
  type EtlStepBindOptions,
  type EtlStepConfig,
  type IEtlStep,
  S3QueueTrigger,
} from '../../src';
import { jobLoop } from '../../src/etl-step/job-loop';
import type { LedgerFile } from '../../src/file-ledger/contract';

jest.setTimeout(180_000);

/** Does what the run's id asks for, and leaves every call in the work bucket. */
const JOB_FUNCTION = `
const { S3Client, PutObjectCommand, ListObjectsV2Command } = require('@aws-sdk/client-s3');
const fail = (name, message) => { throw Object.assign(new Error(message), { name }); };
exports.handler = async event => {
  const s3 = new S3Client({});
  const { WORK_BUCKET: Bucket, STEP_ID: stepId } = process.env;
  const { action, runId, relaunch } = event;
  const folder = 'calls/' + runId + '/' + stepId + '/';
  await s3.send(new PutObjectCommand({ Bucket, Key: folder + Date.now() + '-' + action, Body: JSON.stringify(event) }));
  const behaves = kind => stepId === 'First' && runId.startsWith(kind);
  if (action === 'stop') {
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: folder }));
    const asked = Contents.filter(({ Key }) => Key.endsWith('-stop')).length;
    return asked === 1 ? { status: 'stopping', waitSeconds: 5 } : { status: 'ended' };
  }
  if (behaves('full') || behaves('crowded') && relaunch === 0) fail('Etl.Capacity', 'no room');
  if (action === 'launch') return { status: 'running', waitSeconds: 5, job: { of: stepId, polls: 0 } };
  if (behaves('bad')) fail('Etl.Data', JSON.stringify({ message: 'bad file', files: ['id-0'] }));
  const job = { ...event.job, polls: event.job.polls + 1 };
  if (job.polls < 2 || behaves('slow')) return { status: 'running', waitSeconds: 5, job };
  return { status: 'done', result: { of: job.of, relaunch, rowsRead: 1, text: event.arguments.text } };
};`;

const TEXT = '{% "not" & evaluated\n$x %}';

class JobStep extends Construct implements IEtlStep {
  public readonly stepId: string;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.stepId = id;
  }

  public bind(scope: Construct, { workBucket }: EtlStepBindOptions): EtlStepConfig {
    const handler = new lambda.Function(this, 'Function', {
      runtime: lambda.Runtime.NODEJS_22_X,
      handler: 'index.handler',
      code: lambda.Code.fromInline(JOB_FUNCTION),
      timeout: Duration.seconds(30),
      environment: { STEP_ID: this.stepId, WORK_BUCKET: workBucket.bucketName },
    });
    return {
      chain: jobLoop(scope, {
        stepId: this.stepId,
        handler: handler.currentVersion,
        maxRuntime: Duration.seconds(20),
        arguments: { text: TEXT },
      }),
    };
  }
}

let miniStack: RunningMiniStack;
let runFolder: string;
let outputs: { Landing: string; Work: string; Machine: string };
let s3Client: S3Client;
let sfnClient: SFNClient;

beforeAll(async () => {
  runFolder = createRunFolder();
  miniStack = await startMiniStack({ runFolder, timeScale: 0.02 });
  await deploy();
  const configuration = {
    endpoint: miniStack.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  s3Client = new S3Client(configuration);
  sfnClient = new SFNClient(configuration);
});

afterAll(async () => {
  await miniStack?.stop();
  rmSync(runFolder, { recursive: true });
});

async function deploy(): Promise<void> {
  const app = new App({ outdir: path.join(runFolder, 'cdk.out') });
  const stack = new Stack(app, 'Machine', { env: { account: '000000000000', region: 'us-east-1' } });
  const landing = new s3.Bucket(stack, 'Landing', { versioned: true });
  // the executions are started by the tests: what they upload is not below this prefix
  const trigger = new S3QueueTrigger(stack, 'Trigger', { bucket: landing, prefix: 'untouched/' });
  const pipeline = new EtlPipeline(stack, 'Pipeline', {
    dataset: new Dataset({ name: 'orders', format: DataFormat.csv(), columns: [Column.string('order_id')] }),
    trigger,
    steps: [
      new JobStep(stack, 'First'),
      EtlStep.parallel('Both', [new JobStep(stack, 'left-one'), new JobStep(stack, 'right-one')]),
      EtlStep.fromChainable(
        'Last',
        sfn.Pass.jsonata(stack, 'Look', { outputs: { sees: '{% $keys($states.input.results) %}' } }),
      ),
    ],
  });
  new CfnOutput(stack, 'LandingName', { key: 'Landing', value: landing.bucketName });
  new CfnOutput(stack, 'WorkName', { key: 'Work', value: trigger.workBucket.bucketName });
  new CfnOutput(stack, 'MachineArn', { key: 'Machine', value: pipeline.stateMachine.stateMachineArn });
  outputs = (await deployApp(app, miniStack, runFolder)).Machine as typeof outputs;
}

/** Runs an execution for one file with this content, to its end. */
async function run(
  kind: string,
  content = 'order_id\n1\n',
): Promise<{ runId: string; execution: DescribeExecutionOutput; output: any }> {
  const runId = `${kind}-${randomUUID()}`;
  const key = `in/a b+${runId}.csv`;
  const { VersionId, ETag } = await s3Client.send(
    new PutObjectCommand({ Bucket: outputs.Landing, Key: key, Body: content }),
  );
  await s3Client.send(new PutObjectCommand({ Bucket: outputs.Landing, Key: key, Body: 'a newer object' }));
  const file: LedgerFile = {
    id: 'id-0',
    bucket: outputs.Landing,
    key,
    versionId: VersionId,
    etag: ETag!,
    size: content.length,
  };
  const files = { bucket: outputs.Work, key: `runs/${runId}/files.json`, count: 1, bytes: content.length };
  await s3Client.send(new PutObjectCommand({ Bucket: outputs.Work, Key: files.key, Body: JSON.stringify([file]) }));
  return { runId, ...(await execute(runId, 1, files)) };
}

async function execute(
  runId: string,
  attempt: number,
  files: object,
): Promise<{ execution: DescribeExecutionOutput; output: any }> {
  const { executionArn } = await sfnClient.send(
    new StartExecutionCommand({
      stateMachineArn: outputs.Machine,
      name: `${runId}-${attempt}`,
      input: JSON.stringify({ runId, attempt, files }),
    }),
  );
  for (;;) {
    const execution = await sfnClient.send(new DescribeExecutionCommand({ executionArn }));
    if (execution.status !== 'RUNNING') {
      return { execution: execution as DescribeExecutionOutput, output: JSON.parse(execution.output ?? 'null') };
    }
    await sleep(200);
  }
}

/** What the function of a step was asked, in order. */
async function calls(runId: string, stepId: string): Promise<any[]> {
  const { Contents = [] } = await s3Client.send(
    new ListObjectsV2Command({ Bucket: outputs.Work, Prefix: `calls/${runId}/${stepId}/` }),
  );
  return Promise.all(Contents.map(async ({ Key }) => JSON.parse(await stored(Key!))));
}

async function stored(key: string): Promise<string> {
  const { Body } = await s3Client.send(new GetObjectCommand({ Bucket: outputs.Work, Key: key }));
  return Body!.transformToString();
}

const actions = async (runId: string, stepId = 'First') => (await calls(runId, stepId)).map(({ action }) => action);

test('stages the files, takes every step and returns what each returned', async () => {
  const { runId, execution, output } = await run('good');
  expect(execution.status).toBe('SUCCEEDED');
  const result = (of: string) => ({ of, relaunch: 0, rowsRead: 1, text: TEXT });
  expect(output).toEqual({
    ...JSON.parse(execution.input!),
    staged: { files: 1, bytes: 11, rejectedFiles: 0 },
    results: {
      First: result('First'),
      'left-one': result('left-one'),
      'right-one': result('right-one'),
      Last: { sees: ['First', 'left-one', 'right-one'] },
    },
  });
  expect(await stored(`runs/${runId}/input/part-00000.csv`)).toBe('order_id\n1\n');
  expect(await actions(runId)).toEqual(['launch', 'check', 'check']);
  const [launch, firstCheck, secondCheck] = await calls(runId, 'First');
  expect(launch).toEqual({
    contract: 1,
    runId,
    attempt: 1,
    action: 'launch',
    executionArn: execution.executionArn,
    relaunch: 0,
    arguments: { text: TEXT },
  });
  expect(firstCheck).toEqual({ ...launch, action: 'check', job: { of: 'First', polls: 0 } });
  expect(secondCheck.job).toEqual({ of: 'First', polls: 1 });
});

test('another attempt takes what is staged', async () => {
  const { runId, execution } = await run('good');
  const { files } = JSON.parse(execution.input!);
  await s3Client.send(new PutObjectCommand({ Bucket: outputs.Work, Key: files.key, Body: '[]' }));
  const { output } = await execute(runId, 2, files);
  expect(output).toMatchObject({ attempt: 2, staged: { files: 1, bytes: 11, rejectedFiles: 0 } });
});

test('a run without a file that can be loaded ends well and launches nothing', async () => {
  const { runId, execution, output } = await run('good', 'another header\n');
  expect(execution.status).toBe('SUCCEEDED');
  expect(output).toEqual({ ...JSON.parse(execution.input!), staged: { files: 0, bytes: 0, rejectedFiles: 1 } });
  expect(JSON.parse(await stored(`runs/${runId}/staged.json`)).rejected).toEqual([
    { id: 'id-0', reason: expect.stringMatching(/^has no header/) },
  ]);
  expect(await actions(runId)).toEqual([]);
});

test('a failure passes with its name and its text, after the compute was stopped', async () => {
  const { runId, execution } = await run('bad');
  expect(execution).toMatchObject({ status: 'FAILED', error: 'Etl.Data' });
  expect(JSON.parse(JSON.parse(execution.cause!).errorMessage)).toEqual({ message: 'bad file', files: ['id-0'] });
  expect(await actions(runId)).toEqual(['launch', 'check', 'stop', 'stop']);
  expect((await calls(runId, 'First')).at(-1)).toEqual({ contract: 1, runId, attempt: 1, action: 'stop' });
  expect(await actions(runId, 'left-one')).toEqual([]);
});

test('missing capacity leads to another launch', async () => {
  const { runId, output } = await run('crowded');
  expect(output.results.First).toMatchObject({ relaunch: 1 });
  expect((await calls(runId, 'First')).map(({ action, relaunch }) => `${action} ${relaunch}`)).toEqual([
    'launch 0',
    'launch 1',
    'check 1',
    'check 1',
  ]);
});

test('missing capacity is given up after two more launches', async () => {
  const { runId, execution } = await run('full');
  expect(execution).toMatchObject({ status: 'FAILED', error: 'Etl.Capacity' });
  expect(await actions(runId)).toEqual(['launch', 'launch', 'launch', 'stop', 'stop']);
});

test('a step that takes longer than its maxRuntime is stopped', async () => {
  const { runId, execution } = await run('slow');
  expect(execution).toMatchObject({
    status: 'FAILED',
    error: 'Etl.Timeout',
    cause: expect.stringMatching(/^The step 'First' was not done after 20 seconds/),
  });
  expect((await actions(runId)).slice(-3)).toEqual(['check', 'stop', 'stop']);
});
