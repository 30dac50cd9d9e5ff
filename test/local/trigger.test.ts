// The trigger as it is deployed: its real queue, functions and state machine, with keys that break naive code, events
// that come twice, and functions that are killed at their work.
import { execFileSync } from 'child_process';
import { rmSync } from 'fs';
import * as path from 'path';
import { setTimeout as sleep } from 'timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';
import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import pMap from 'p-map';
import { deployApp } from './deploy-app';
import { objectCreatedMessage, Queue } from '../../local/demo/queue';
import { RunningMiniStack, startMiniStack } from '../../local/ministack';
import { createRunFolder } from '../../local/processes';
import { Column, DataFormat, Dataset, EtlPipeline, EtlStep, S3QueueTrigger } from '../../src';
import type { StagedFiles } from '../../src/etl-pipeline/contract';
import { stagedFilesKey } from '../../src/etl-step/contract';
import { SLOTS_ID, type FileItem } from '../../src/file-ledger/contract';

jest.setTimeout(900_000);

const FILES = 2_000;
const KILLS = 8;
/** Messages of a function that was killed come back so soon; on AWS it takes the queue's visibility time-out. */
const VISIBILITY_SECONDS = 10;

const TROUBLE = [
  'a+b',
  '100%',
  'a%20b%2Bc',
  'a  b ',
  '"a"\'b\'`c`',
  'a\nb\r\nc',
  'ü/№/日本/\u{1f4c4}',
  '${env:HOME}/$(id)/{{x}}',
  '<a>&amp;\\b|c^d~#e?f=g;h,i:j@k',
  '\u00e9 is e\u0301',
];

/** A key of its own for each number; some have 1,024 bytes, the most that S3 takes. */
function hostileKey(number: number): string {
  const key = `in/${TROUBLE[number % TROUBLE.length]}/${number}`;
  return number % 50 === 49 ? key + 'x'.repeat(1_024 - Buffer.byteLength(key)) : key;
}

const contentOf = (number: number) => `order_id\n${number}\n`;

let miniStack: RunningMiniStack;
let runFolder: string;
let outputs: { Landing: string; Work: string; Machine: string; Table: string; Queue: string };
let s3Client: S3Client;
let sfnClient: SFNClient;
let dynamo: DynamoDBDocumentClient;
let queue: Queue;

beforeAll(async () => {
  runFolder = createRunFolder();
  miniStack = await startMiniStack({ runFolder });
  outputs = await deploy();
  const configuration = {
    endpoint: miniStack.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  s3Client = new S3Client(configuration);
  sfnClient = new SFNClient(configuration);
  queue = new Queue(miniStack.endpoint, outputs.Queue);
  dynamo = DynamoDBDocumentClient.from(new DynamoDBClient(configuration));
});

afterAll(async () => {
  for (const client of [s3Client, sfnClient, dynamo]) client?.destroy();
  await miniStack?.stop();
  rmSync(runFolder, { recursive: true });
});

async function deploy(): Promise<typeof outputs> {
  const app = new App({ outdir: path.join(runFolder, 'cdk.out') });
  const stack = new Stack(app, 'Files', { env: { account: '000000000000', region: 'us-east-1' } });
  const landing = new s3.Bucket(stack, 'Landing', { versioned: true });
  const trigger = new S3QueueTrigger(stack, 'Trigger', {
    bucket: landing,
    prefix: 'in/',
    batchingWindow: Duration.seconds(1),
    maxFilesPerExecution: 400,
    maxConcurrentExecutions: 2,
    maxAttempts: 10, // a killed function costs an attempt here: MiniStack does not call that what AWS does
    removalPolicy: RemovalPolicy.DESTROY,
  });
  (trigger.queue.node.defaultChild as sqs.CfnQueue).visibilityTimeout = VISIBILITY_SECONDS;
  const pipeline = new EtlPipeline(stack, 'Pipeline', {
    dataset: new Dataset({ name: 'orders', format: DataFormat.csv(), columns: [Column.string('order_id')] }),
    trigger,
    steps: [EtlStep.fromChainable('Load', new sfn.Pass(stack, 'Pretend'))],
  });
  new CfnOutput(stack, 'LandingName', { key: 'Landing', value: landing.bucketName });
  new CfnOutput(stack, 'WorkName', { key: 'Work', value: trigger.workBucket.bucketName });
  new CfnOutput(stack, 'MachineArn', { key: 'Machine', value: pipeline.stateMachine.stateMachineArn });
  new CfnOutput(stack, 'TableName', { key: 'Table', value: trigger.ledgerTable.tableName });
  new CfnOutput(stack, 'QueueName', { key: 'Queue', value: trigger.queue.queueName });
  return (await deployApp(app, miniStack, runFolder)).Files as typeof outputs;
}

async function ledgerItems(): Promise<Record<string, any>[]> {
  const items: Record<string, any>[] = [];
  for await (const { Items = [] } of paginateScan(
    { client: dynamo },
    { TableName: outputs.Table, ConsistentRead: true },
  )) {
    items.push(...Items);
  }
  return items;
}

/** All files have arrived, none waits or is under way, and no run holds a slot. */
function isDone(items: Record<string, any>[]): boolean {
  const files = filesOf(items);
  const slots = items.find(({ id }) => id === SLOTS_ID);
  return (
    files.length === FILES &&
    files.every(({ waiting, status }) => waiting === undefined && status !== 'CLAIMED') &&
    !slots?.live
  );
}

const filesOf = (items: Record<string, any>[]) => items.filter(({ key }) => key !== undefined);

/** Ends the processes that functions run in, as an instance does that loses its power. */
function killFunctions(): number {
  const rows = execFileSync('ps', ['-Ao', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  const workers = rows
    .map(row => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(row))
    .filter(row => Number(row?.[2]) === miniStack.pid && /\bnode\b/.test(row![3]));
  for (const worker of workers) process.kill(Number(worker![1]), 'SIGKILL');
  return workers.length;
}

test('files with hostile keys, announced twice to functions that are killed, are staged and loaded once each', async () => {
  const upload = async (number: number) =>
    s3Client.send(new PutObjectCommand({ Bucket: outputs.Landing, Key: hostileKey(number), Body: contentOf(number) }));
  const numbers = Array.from({ length: FILES }, (_, number) => number);
  await pMap(numbers, upload, { concurrency: 20 });

  let killed = 0;
  let items: Record<string, any>[] = [];
  const again = new Set<string>();
  for (let round = 0; !isDone(items); round++) {
    if (round % 2 === 1 && round / 2 < KILLS) killed += killFunctions();
    await sleep(2_000);
    items = await ledgerItems();
    for (const file of filesOf(items).filter(({ id }) => !again.has(id))) {
      again.add(file.id);
      await queue.send(objectCreatedMessage(file as FileItem));
    }
  }

  while ((await queue.messages()) > 0) await sleep(500);
  items = await ledgerItems();

  expect(killed).toBeGreaterThan(0);
  expect(filesOf(items).map(({ status }) => status)).toEqual(Array(FILES).fill('LOADED'));
  expect(
    filesOf(items)
      .map(({ key }) => key)
      .sort(),
  ).toEqual(numbers.map(hostileKey).sort());
  const runs = items.filter(({ attempt }) => attempt !== undefined);
  const staged: Record<string, string> = {};
  for (const run of runs) {
    const { files, rejected } = await json<StagedFiles>(stagedFilesKey(run.id));
    expect(rejected).toEqual([]);
    for (const { id, key } of files) {
      expect(staged).not.toHaveProperty(id);
      staged[id] = key;
    }
  }
  const idOf = new Map(filesOf(items).map(({ key, id }) => [key, id]));
  await pMap(
    numbers,
    async number => expect(await text(staged[idOf.get(hostileKey(number))])).toBe(contentOf(number)),
    { concurrency: 20 },
  );
  const { executions = [] } = await sfnClient.send(new ListExecutionsCommand({ stateMachineArn: outputs.Machine }));
  expect(executions.filter(({ status }) => status === 'SUCCEEDED')).toHaveLength(runs.length);
});

async function text(key: string): Promise<string> {
  const { Body } = await s3Client.send(new GetObjectCommand({ Bucket: outputs.Work, Key: key }));
  return Body!.transformToString();
}

async function json<T>(key: string): Promise<T> {
  return JSON.parse(await text(key)) as T;
}
