// A loader of one's own, in Java, as `image` of the step: built by Maven, deployed by the CDK CLI, run by the local ECS
// against the stand-in for Redshift.
import { ChildProcess, spawn } from 'child_process';
import { rmSync } from 'fs';
import * as path from 'path';
import { setTimeout as sleep } from 'timers/promises';
import { gzipSync } from 'zlib';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DescribeExecutionCommand, ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { deployApp } from './deploy-app';
import { buildJavaLoader } from './redshift-loader-java/build-image';
import { RunningDockerEngine, startDockerEngine } from '../../local/containers';
import { RunningMiniStack, startMiniStack } from '../../local/ministack';
import { createRunFolder, freePort } from '../../local/processes';
import { RunningRedshift, startRedshift } from '../../local/redshift';
import {
  Column,
  DataFormat,
  Dataset,
  EtlPipeline,
  FargateRedshiftStep,
  RedshiftWarehouse,
  S3QueueTrigger,
} from '../../src';
import { schemaErrors } from '../fargate-redshift-step/loader-schemas';

jest.setTimeout(600_000);

const LOGIN = { username: 'loader', password: "pass'word" };

let runFolder: string;
let redshift: RunningRedshift;
let engine: RunningDockerEngine;
let miniStack: RunningMiniStack;
let s3Client: S3Client;
let sfn: SFNClient;
let outputs: Record<string, string>;
let image: string;
let secretArn: string;

const DATASET = new Dataset({
  name: 'orders',
  format: DataFormat.csv(),
  columns: [Column.string('order_id'), Column.decimal('amount', 12, 2), Column.timestamp('updated_at')],
  key: ['order_id'],
  latestBy: 'updated_at',
});

beforeAll(async () => {
  image = await buildJavaLoader();
  runFolder = createRunFolder();
  const port = await freePort();
  const awsEndpoint = `http://127.0.0.1:${port}`;
  redshift = await startRedshift({
    runFolder,
    awsEndpoint,
    user: LOGIN.username,
    password: LOGIN.password,
    passwordDigest: 'sha256',
    database: 'dev',
  });
  const app = new App({ outdir: path.join(runFolder, 'cdk.out') });
  engine = await startDockerEngine({
    runFolder,
    cdkOut: app.outdir,
    environment: { WAREHOUSE_CA_FILE: redshift.caFile },
  });
  miniStack = await startMiniStack({ runFolder, port, dockerHost: engine.dockerHost, timeScale: 0.1 });
  const client = {
    endpoint: miniStack.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  s3Client = new S3Client({ ...client, forcePathStyle: true });
  sfn = new SFNClient(client);
  const secrets = new SecretsManagerClient(client);
  const { ARN } = await secrets.send(
    new CreateSecretCommand({ Name: 'warehouse', SecretString: JSON.stringify(LOGIN) }),
  );
  secrets.destroy();
  secretArn = ARN!;
  declareStack(app);
  outputs = (await deployApp(app, miniStack, runFolder)).Java;
  await redshift.query(
    'CREATE SCHEMA analytics; ALTER SCHEMA analytics OWNER TO loader; ' +
      "CREATE TABLE analytics.orders (order_id varchar(50), amount numeric(12,2), updated_at timestamp, loaded_by varchar(10) DEFAULT 'java'); " +
      'ALTER TABLE analytics.orders OWNER TO loader',
  );
});

afterAll(async () => {
  s3Client?.destroy();
  sfn?.destroy();
  await miniStack?.stop();
  await engine?.stop();
  await redshift?.stop();
  rmSync(runFolder, { recursive: true });
});

function declareStack(app: App): void {
  const stack = new Stack(app, 'Java');
  const landing = new s3.Bucket(stack, 'Landing', { versioned: true });
  const trigger = new S3QueueTrigger(stack, 'Uploads', {
    bucket: landing,
    batchingWindow: Duration.seconds(1),
    maxAttempts: 1,
  });
  const pipeline = new EtlPipeline(stack, 'Orders', {
    trigger,
    dataset: DATASET,
    steps: [
      new FargateRedshiftStep(stack, 'ToRedshift', {
        vpc: new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 }),
        warehouse: RedshiftWarehouse.endpoint({
          host: redshift.host,
          port: redshift.port,
          database: 'dev',
          secret: secretsmanager.Secret.fromSecretCompleteArn(stack, 'Login', secretArn),
          copyRole: new iam.Role(stack, 'Copy', { assumedBy: new iam.ServicePrincipal('redshift.amazonaws.com') }),
        }),
        schema: 'analytics',
        table: 'orders',
        image: ecs.ContainerImage.fromAsset(image),
      }),
    ],
  });
  new CfnOutput(stack, 'LandingBucket', { value: landing.bucketName });
  new CfnOutput(stack, 'WorkBucket', { value: trigger.workBucket.bucketName });
  new CfnOutput(stack, 'StateMachineArn', { value: pipeline.stateMachine.stateMachineArn });
}

let executionsSeen = 0;

/** Uploads files and waits for the executions that load them; tells how the last one ended. */
async function load(
  files: Record<string, string | Buffer>,
  executionsExpected = 1,
): Promise<{ status: string; output: any; cause: string }> {
  for (const [Key, Body] of Object.entries(files)) {
    await s3Client.send(new PutObjectCommand({ Bucket: outputs.LandingBucket, Key, Body }));
  }
  for (;;) {
    const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn: outputs.StateMachineArn }));
    if (
      executions.length === executionsSeen + executionsExpected &&
      executions.every(({ status }) => status !== 'RUNNING')
    ) {
      executionsSeen = executions.length;
      const newest = executions.reduce((latest, next) => (next.startDate! > latest.startDate! ? next : latest));
      const { status, output, cause, error } = await sfn.send(
        new DescribeExecutionCommand({ executionArn: newest.executionArn }),
      );
      return { status: status!, output: output && JSON.parse(output), cause: `${error}: ${cause}` };
    }
    await sleep(500);
  }
}

/** Errors of the executions that ended so. */
async function failures(): Promise<string[]> {
  const stateMachineArn = outputs.StateMachineArn;
  const { executions: found = [] } = await sfn.send(
    new ListExecutionsCommand({ stateMachineArn, statusFilter: 'FAILED' }),
  );
  const described = await Promise.all(
    found.map(({ executionArn }) => sfn.send(new DescribeExecutionCommand({ executionArn }))),
  );
  return described.map(({ error, cause }) => `${error}: ${cause}`);
}

async function rejectedRows(uri: string): Promise<string> {
  const [, Bucket, Prefix] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri)!;
  const { Contents = [] } = await s3Client.send(new ListObjectsV2Command({ Bucket, Prefix }));
  const objects = await Promise.all(Contents.map(({ Key }) => s3Client.send(new GetObjectCommand({ Bucket, Key }))));
  return (await Promise.all(objects.map(({ Body }) => Body!.transformToString()))).join('');
}

const HEADER = 'order_id,amount,updated_at\n';

test('loads plain and gzip files, keeps what it rejects, and the newest row of a key wins', async () => {
  const { status, output, cause } = await load({
    'one.csv': `${HEADER}o-1,10.5,2026-01-01T10:00:00Z\no-2,1e,2026-01-01T10:00:00Z\n"o,3",,2026-01-01 12:00:00+02:00\n`,
    'two.csv.gz': gzipSync(`${HEADER}o-1,11.00,2026-01-02T10:00:00Z\n`),
  });
  expect({ status, cause }).toEqual({ status: 'SUCCEEDED', cause: 'undefined: undefined' });
  const result = output.results.ToRedshift;
  expect(result).toEqual({
    rowsRead: 4,
    rowsWritten: 2,
    rowsRejected: 1,
    duplicatesDropped: 1,
    seconds: expect.any(Number),
    rejectedRows: expect.any(String),
  });
  expect(await rejectedRows(result.rejectedRows)).toContain(
    'amount: not a valid decimal,"o-2,1e,2026-01-01T10:00:00Z"',
  );
  expect(await redshift.query('SELECT * FROM analytics.orders ORDER BY order_id')).toEqual([
    { order_id: 'o,3', amount: null, updated_at: '2026-01-01 10:00:00', loaded_by: 'java' },
    { order_id: 'o-1', amount: '11.00', updated_at: '2026-01-02 10:00:00', loaded_by: 'java' },
  ]);
});

test('replaces rows by key, and sets a file aside that cannot be read to its end, without the others', async () => {
  const { status, output, cause } = await load(
    {
      'three.csv': `${HEADER}o-1,12.00,2026-01-03T10:00:00Z\n`,
      'torn.csv': `${HEADER}o-9,"1,2026-01-03T10:00:00Z\n`,
    },
    2,
  ); // the second one is without the torn file
  expect({ status, cause }).toEqual({ status: 'SUCCEEDED', cause: 'undefined: undefined' });
  expect(output.results.ToRedshift).toMatchObject({ rowsRead: 1, rowsWritten: 1, rowsRejected: 0 });
  expect(await redshift.query('SELECT order_id, amount FROM analytics.orders ORDER BY order_id')).toEqual([
    { order_id: 'o,3', amount: null },
    { order_id: 'o-1', amount: '12.00' },
  ]);
  const failed = await failures();
  expect(failed).toEqual([expect.stringMatching(/^Etl\.Data: .*cannot be read as CSV/s)]);
});

describe('as a program', () => {
  /** Starts the program with an input document of its own. */
  async function start(runId: string, more: object): Promise<{ child: ChildProcess; ended: () => Promise<object> }> {
    const folder = `runs/${runId}/ToRedshift/`;
    const put = async (Key: string, body: unknown) =>
      s3Client.send(new PutObjectCommand({ Bucket: outputs.WorkBucket, Key, Body: JSON.stringify(body) }));
    await put(`runs/${runId}/staged.json`, { files: [], rejected: [] });
    await put(`${folder}input.json`, { ...inputFor(runId, folder), ...more });
    const child = spawn('java', ['-jar', 'loader.jar'], {
      cwd: image,
      env: {
        PATH: process.env.PATH,
        ...miniStack.environment,
        WAREHOUSE_CA_FILE: redshift.caFile,
        ETL_LOADER_INPUT: `s3://${outputs.WorkBucket}/${folder}input.json`,
      },
    });
    const exited = new Promise<number | null>(resolve => child.once('close', resolve));
    const ended = async () => {
      const exitCode = await exited;
      const { Body } = await s3Client.send(
        new GetObjectCommand({ Bucket: outputs.WorkBucket, Key: `${folder}failure.json` }),
      );
      return { exitCode, failure: JSON.parse(await Body!.transformToString()) };
    };
    return { child, ended };
  }

  const waitsForTable = async (): Promise<void> => {
    const waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    while ((await redshift.query(waiting)).length === 0) await sleep(100);
  };

  const inputFor = (runId: string, folder: string) => ({
    contract: 1,
    runId,
    attempt: 1,
    stepId: 'ToRedshift',
    workBucket: outputs.WorkBucket,
    stagedFilesKey: `runs/${runId}/staged.json`,
    resultKey: `${folder}result.json`,
    failureKey: `${folder}failure.json`,
    rejectedRowsFolder: `${folder}rejected/`,
    dataset: DATASET._definition,
    warehouse: {
      database: 'dev',
      copyRoleArn: 'arn:aws:iam::123456789012:role/copy',
      region: 'us-east-1',
      host: redshift.host,
      port: redshift.port,
      secretArn,
    },
    schema: 'analytics',
    table: 'orders',
    mode: 'upsert',
    maxRejectedRows: 0,
    maxRuntimeSeconds: 300,
  });

  test.each<[string, number, (child: ChildProcess) => void, string]>([
    ['by SIGTERM', 300, child => child.kill('SIGTERM'), 'The task was stopped.'],
    ['by its maxRuntime', 5, () => undefined, 'maxRuntime is over.'],
  ])('%s it cancels its statement, says why and exits with 10', async (how, maxRuntimeSeconds, end, message) => {
    const release = await redshift.hold('LOCK TABLE analytics.orders IN ACCESS EXCLUSIVE MODE');
    try {
      const { child, ended } = await start(how.replace(/\W/g, '-'), { maxRuntimeSeconds });
      await waitsForTable();
      end(child);
      const failure = { error: 'Etl.Transient', message };
      expect(await ended()).toEqual({ exitCode: 10, failure });
      expect(schemaErrors('loader-failure', failure)).toEqual([]);
    } finally {
      await release();
    }
  });

  test('a mode that it does not know is refused, instead of loaded in another way', async () => {
    const { ended } = await start('append', { mode: 'append' });
    expect(await ended()).toEqual({
      exitCode: 12,
      failure: {
        error: 'Etl.Configuration',
        message: expect.stringContaining('The mode is append, and this program knows upsert only.'),
      },
    });
  });
});
