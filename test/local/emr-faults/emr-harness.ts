import { randomUUID } from 'crypto';
import { rmSync } from 'fs';
import * as path from 'path';
import { setTimeout as pause } from 'timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EMRClient, type RunJobFlowInput, TerminateJobFlowsCommand } from '@aws-sdk/client-emr';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  type ExecutionStatus,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { type LedgerContent, readLedger } from '../../../local/demo/ledger';
import { type EmrChange, type EmrFaults, type RunningEmr, startEmr } from '../../../local/emr';
import { type RunningMiniStack, startMiniStack } from '../../../local/ministack';
import { createRunFolder, freePort } from '../../../local/processes';
import {
  Column,
  DataFormat,
  Dataset,
  EmrCompute,
  EmrHiveDynamoStep,
  type EmrInstanceFleetsOptions,
  EtlPipeline,
  S3QueueTrigger,
} from '../../../src';
import type { LedgerFile } from '../../../src/file-ledger/contract';
import { deployApp } from '../deploy-app';

const CONTENT = 'order_id\n1\n';

/** How an execution has ended. */
export interface Ended {
  readonly runId: string;
  readonly status: ExecutionStatus;
  /** Name of the error. */
  readonly error?: string;
  /** What the user reads. */
  readonly message?: string;
  /** Of the step ToDynamo. */
  readonly result?: unknown;
}

/** A cluster that the local EMR has made. */
export interface MadeCluster {
  readonly name: string;
  readonly request: RunJobFlowInput;
  state: string;
  /** States of its steps, the oldest first. */
  readonly steps: Map<string, string>;
}

/**
 * A pipeline with an EmrHiveDynamoStep as it is deployed, on a local EMR that fails as it is told. Hive only says that
 * it has loaded a row.
 */
export class EmrHarness {
  /**
   * @param options of the clusters, beside their network
   */
  public static async start(options: Omit<EmrInstanceFleetsOptions, 'vpc'> = {}): Promise<EmrHarness> {
    const harness = new EmrHarness(options);
    try {
      await harness.deploy();
    } catch (error) {
      await harness.stop();
      throw error;
    }
    return harness;
  }

  /** Of the test that runs. */
  public faults: EmrFaults = {};
  public clusters = new Map<string, MadeCluster>();
  /** Most clusters at one time since the last reset. */
  public mostAlive = 0;

  private readonly runFolder = createRunFolder();
  private readonly requests: RunJobFlowInput[] = [];
  private miniStack!: RunningMiniStack;
  private emr!: RunningEmr;
  private s3!: S3Client;
  private sfn!: SFNClient;
  private documents!: DynamoDBDocumentClient;
  private outputs!: Record<'Landing' | 'Work' | 'Ledger' | 'Machine', string>;

  private constructor(private readonly options: Omit<EmrInstanceFleetsOptions, 'vpc'>) {}

  /** Awaited by the script of each step. */
  public hive: () => Promise<void> = async () => {};
  /** Told of each change, as it happens. */
  public onChange: (change: EmrChange) => void = () => {};

  public async stop(): Promise<void> {
    await Promise.all([this.emr?.stop(), this.miniStack?.stop()]);
    rmSync(this.runFolder, { recursive: true });
  }

  /** Ends every cluster, as a person would, and waits until they have ended. */
  public async endClusters(): Promise<void> {
    const client = new EMRClient({
      endpoint: this.emr.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    await client.send(new TerminateJobFlowsCommand({ JobFlowIds: [...this.clusters.keys()] }));
    while ([...this.clusters.values()].some(({ state }) => !/^TERMINATED/.test(state))) await pause(20);
  }

  /** All goes well again, and nothing has happened yet. */
  public reset(): void {
    this.faults = {};
    this.hive = async () => {};
    this.onChange = () => {};
    this.clusters.clear();
    this.mostAlive = 0;
  }

  /** Clusters that are not on their way to their end. */
  public get alive(): MadeCluster[] {
    return [...this.clusters.values()].filter(({ state }) => !state.startsWith('TERMINAT'));
  }

  /**
   * Runs an execution for one file to its end. The ledger knows nothing of the run: what is left of it, the state
   * machine has left.
   */
  public async run(): Promise<Ended> {
    const runId = `run-${randomUUID()}`;
    const key = `elsewhere/${runId}.csv`;
    const { VersionId, ETag } = await this.s3.send(
      new PutObjectCommand({ Bucket: this.outputs.Landing, Key: key, Body: CONTENT }),
    );
    const file: LedgerFile = {
      id: 'id-0',
      bucket: this.outputs.Landing,
      key,
      versionId: VersionId,
      etag: ETag!,
      size: CONTENT.length,
    };
    const files = { bucket: this.outputs.Work, key: `runs/${runId}/files.json`, count: 1, bytes: CONTENT.length };
    await this.s3.send(new PutObjectCommand({ Bucket: files.bucket, Key: files.key, Body: JSON.stringify([file]) }));
    const { executionArn } = await this.sfn.send(
      new StartExecutionCommand({
        stateMachineArn: this.outputs.Machine,
        name: `${runId}-1`,
        input: JSON.stringify({ runId, attempt: 1, files }),
      }),
    );
    for (;;) {
      const { status, error, cause, output } = await this.sfn.send(new DescribeExecutionCommand({ executionArn }));
      if (status !== 'RUNNING') {
        return {
          runId,
          status: status!,
          error,
          message: messageOf(cause),
          result: JSON.parse(output ?? '{}').results?.ToDynamo,
        };
      }
      await pause(50);
    }
  }

  /** Uploads a file where the trigger sees it; the ledger starts the execution. */
  public async upload(): Promise<string> {
    const key = `orders/${randomUUID()}.csv`;
    await this.s3.send(new PutObjectCommand({ Bucket: this.outputs.Landing, Key: key, Body: CONTENT }));
    return key;
  }

  /** Stops the only execution that runs, as an operator does. */
  public async abort(): Promise<void> {
    const executionArn = await this.runningExecution();
    await this.sfn.send(new StopExecutionCommand({ executionArn, cause: 'stopped by an operator' }));
  }

  /**
   * Until the execution that runs has entered a state. MiniStack's history does not show those inside of a Parallel.
   */
  public async inState(name: string): Promise<void> {
    const executionArn = await this.runningExecution();
    for (;;) {
      const { events = [] } = await this.sfn.send(new GetExecutionHistoryCommand({ executionArn }));
      if (events.some(({ stateEnteredEventDetails: entered }) => entered?.name === name)) return;
      await pause(5);
    }
  }

  /** Until no file waits and no run is live. */
  public async settled(): Promise<LedgerContent> {
    for (;;) {
      const content = await readLedger(this.documents, this.outputs.Ledger);
      if (
        content.live.length === 0 &&
        content.files.length > 0 &&
        content.files.every(({ status }) => status !== 'PENDING' && status !== 'CLAIMED')
      ) {
        return content;
      }
      await pause(100);
    }
  }

  private async runningExecution(): Promise<string> {
    for (;;) {
      const { executions = [] } = await this.sfn.send(
        new ListExecutionsCommand({ stateMachineArn: this.outputs.Machine, statusFilter: 'RUNNING' }),
      );
      if (executions.length > 1) throw new Error(`${executions.length} executions run`);
      if (executions.length === 1) return executions[0].executionArn!;
      await pause(10);
    }
  }

  private async deploy(): Promise<void> {
    const port = await freePort();
    const awsEndpoint = `http://127.0.0.1:${port}`;
    this.emr = await startEmr({
      awsEndpoint,
      speed: 600,
      faults: {
        call: operation => this.faults.call?.(operation),
        cluster: request => {
          this.requests.push(request);
          return this.faults.cluster?.(request);
        },
        step: step => this.faults.step?.(step),
      },
      hive: { run: async script => this.load(script) },
      onChange: change => this.note(change),
    });
    // waits take a fiftieth of their time
    this.miniStack = await startMiniStack({
      runFolder: this.runFolder,
      port,
      emrEndpoint: this.emr.endpoint,
      timeScale: 0.02,
    });
    const configuration = {
      endpoint: awsEndpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    };
    this.s3 = new S3Client({ ...configuration, forcePathStyle: true });
    this.sfn = new SFNClient(configuration);
    this.documents = DynamoDBDocumentClient.from(new DynamoDBClient(configuration));
    this.outputs = (await deployApp(this.app(), this.miniStack, this.runFolder)).Faults as typeof this.outputs;
  }

  private app(): App {
    const app = new App({ outdir: path.join(this.runFolder, 'cdk.out') });
    const stack = new Stack(app, 'Faults', { env: { account: '000000000000', region: 'us-east-1' } });
    const landing = new s3.Bucket(stack, 'Landing', { versioned: true });
    const trigger = new S3QueueTrigger(stack, 'Trigger', {
      bucket: landing,
      prefix: 'orders/',
      batchingWindow: Duration.seconds(0),
      maxAttempts: 1,
    });
    const table = new dynamodb.Table(stack, 'Table', {
      partitionKey: { name: 'order_id', type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
    });
    const pipeline = new EtlPipeline(stack, 'Pipeline', {
      dataset: new Dataset({
        name: 'orders',
        format: DataFormat.csv(),
        columns: [Column.string('order_id')],
        key: ['order_id'],
      }),
      trigger,
      steps: [
        new EmrHiveDynamoStep(stack, 'ToDynamo', {
          table,
          compute: EmrCompute.instanceFleets({ ...this.options, vpc: new ec2.Vpc(stack, 'Vpc', { natGateways: 1 }) }),
        }),
      ],
    });
    const outputs = {
      Landing: landing.bucketName,
      Work: trigger.workBucket.bucketName,
      Ledger: trigger.ledgerTable.tableName,
      Machine: pipeline.stateMachine.stateMachineArn,
    };
    for (const [key, value] of Object.entries(outputs)) new CfnOutput(stack, `${key}Output`, { key, value });
    return app;
  }

  private async load(script: string): Promise<{ exitCode: number; stdout: string; stderr: string }> {
    await this.hive();
    const [, Bucket, folder] = /s3:\/\/([^/']+)\/(runs\/[^']*\/counts\/)/.exec(script)!;
    const counts = { rowsRead: 1, rowsWritten: 1, rowsRejected: 0, duplicatesDropped: 0, bytesWritten: 20 };
    await this.s3.send(new PutObjectCommand({ Bucket, Key: `${folder}000000_0`, Body: `${JSON.stringify(counts)}\n` }));
    return { exitCode: 0, stdout: '', stderr: 'OK\n' };
  }

  private note(change: EmrChange): void {
    const { clusterId, clusterName: name, stepId, state } = change;
    if (stepId === undefined) {
      const known = this.clusters.get(clusterId);
      if (known) {
        known.state = state;
      } else if (state === 'STARTING') {
        const request = this.requests.find(({ Name }) => Name === name)!;
        this.clusters.set(clusterId, { name, state, request, steps: new Map() });
      }
      this.mostAlive = Math.max(this.mostAlive, this.alive.length);
    } else {
      this.clusters.get(clusterId)?.steps.set(stepId, state);
    }
    this.onChange(change);
  }
}

/**
 * The text of an error that a function has thrown, which Lambda wraps in JSON, or of one that the state machine has
 * raised.
 */
function messageOf(cause: string | undefined): string | undefined {
  try {
    return JSON.parse(cause!).errorMessage;
  } catch {
    return cause;
  }
}
