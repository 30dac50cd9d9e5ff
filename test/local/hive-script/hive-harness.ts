import { randomUUID } from 'crypto';
import { rmSync } from 'fs';
import {
  AttributeValue,
  CreateTableCommand,
  DynamoDBClient,
  KeySchemaElement,
  paginateScan,
} from '@aws-sdk/client-dynamodb';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { HiveOutcome, RunningHive, startHive } from '../../../local/hive';
import { RunningMiniStack, startMiniStack } from '../../../local/ministack';
import { createRunFolder } from '../../../local/processes';
import { Dataset, HiveTransform } from '../../../src';
import { fillHiveScript } from '../../../src/emr-hive-dynamo-step/contract';
import { hiveScript } from '../../../src/emr-hive-dynamo-step/hive-script';
import { Counts, readCounts } from '../../../src/emr-hive-dynamo-step/runtime/counts';
import { inputFolder, rejectedRowsFolder } from '../../../src/etl-step/contract';

const BUCKET = 'work-bucket';
const STEP = 'ToDynamo-1';

export interface RejectedLine {
  readonly reason: string;
  /** Name of the staged file. */
  readonly file: string;
  readonly line: string;
}

export interface Loaded {
  readonly runId: string;
  readonly items: Record<string, AttributeValue>[];
  readonly rejected: RejectedLine[];
  readonly counts: Counts;
}

export interface LoadOptions {
  readonly dataset: Dataset;
  readonly files: Record<string, Buffer>;
  readonly attributeNames?: Record<string, string>;
  readonly epochSeconds?: string[];
  readonly transform?: HiveTransform;
  /** Attributes of the table's key, with their types. */
  readonly tableKey?: Record<string, 'S' | 'N'>;
  /** Changes the script before it runs. */
  readonly edit?: (script: string) => string;
}

/** The real Hive and its DynamoDB connector, on MiniStack's S3 and DynamoDB. */
export class HiveHarness {
  public static async start(): Promise<HiveHarness> {
    const runFolder = createRunFolder();
    const miniStack = await startMiniStack({ runFolder });
    // for the functions under test, which make their clients themselves
    Object.assign(process.env, miniStack.environment);
    const hive = await startHive({ runFolder, awsEndpoint: miniStack.endpoint });
    const harness = new HiveHarness(runFolder, miniStack, hive);
    await harness.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    return harness;
  }

  private readonly s3 = new S3Client({});
  private readonly dynamo = new DynamoDBClient({});

  private constructor(
    private readonly runFolder: string,
    private readonly miniStack: RunningMiniStack,
    private readonly hive: RunningHive,
  ) {}

  public async stop(): Promise<void> {
    await Promise.all([this.hive.stop(), this.miniStack.stop()]);
    rmSync(this.runFolder, { recursive: true });
  }

  /** Runs the script over staged files; throws what Hive has printed if it fails. */
  public async load(options: LoadOptions): Promise<Loaded> {
    const runId = `20260131T120000Z-${randomUUID().replaceAll('-', '').slice(0, 16)}`;
    const tableName = `table.${randomUUID()}`;
    await this.createTable(tableName, options.tableKey ?? { id: 'S' });
    for (const [name, Body] of Object.entries(options.files)) {
      await this.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: `${inputFolder(runId)}${name}`, Body }));
    }
    const { dataset, attributeNames = {}, epochSeconds = [], transform, edit = script => script } = options;
    const rendered = hiveScript({
      dataset: dataset._definition,
      tableName,
      attributeNames,
      epochSeconds,
      transform: transform?._definition,
    });
    const { exitCode, stderr } = await this.run(
      fillHiveScript(edit(rendered), {
        workBucket: BUCKET,
        runId,
        stepId: STEP,
        reducers: 2,
        writeRate: { units: 2_000, percent: 100 },
      }),
    );
    if (exitCode !== 0) throw new Error(`Hive ended with exit code ${exitCode}:\n${stderr}`);
    return {
      runId,
      items: await this.items(tableName),
      rejected: await this.rejected(runId),
      counts: await readCounts(BUCKET, runId, STEP),
    };
  }

  public async run(script: string): Promise<HiveOutcome> {
    return this.hive.run(script);
  }

  /** Names of the files that are in the input folder of a run. */
  public async stagedFiles(runId: string): Promise<string[]> {
    const { Contents = [] } = await this.s3.send(
      new ListObjectsV2Command({ Bucket: BUCKET, Prefix: inputFolder(runId) }),
    );
    return Contents.map(({ Key }) => Key!.slice(inputFolder(runId).length));
  }

  private async createTable(TableName: string, tableKey: Record<string, 'S' | 'N'>): Promise<void> {
    const names = Object.keys(tableKey);
    await this.dynamo.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: names.map((AttributeName, index): KeySchemaElement => ({
          AttributeName,
          KeyType: index === 0 ? 'HASH' : 'RANGE',
        })),
        AttributeDefinitions: names.map(AttributeName => ({ AttributeName, AttributeType: tableKey[AttributeName] })),
      }),
    );
  }

  private async items(TableName: string): Promise<Record<string, AttributeValue>[]> {
    const items: Record<string, AttributeValue>[] = [];
    for await (const page of paginateScan({ client: this.dynamo }, { TableName })) items.push(...(page.Items ?? []));
    return items;
  }

  private async rejected(runId: string): Promise<RejectedLine[]> {
    const { Contents = [] } = await this.s3.send(
      new ListObjectsV2Command({ Bucket: BUCKET, Prefix: rejectedRowsFolder(runId, STEP) }),
    );
    const texts = await Promise.all(
      Contents.map(async ({ Key }) => {
        const { Body } = await this.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
        return Body!.transformToString();
      }),
    );
    return texts
      .flatMap(text => text.split('\n'))
      .filter(text => text !== '')
      .map(text => {
        const [reason, uri, ...line] = text.split('\t');
        if (uri === 'transform') return { reason, file: uri, line: line.join('\t') };
        const folder = `s3://${BUCKET}/${inputFolder(runId)}`;
        if (!uri.startsWith(folder)) throw new Error(`a rejected row names ${uri}, which is not in ${folder}`);
        return { reason, file: uri.slice(folder.length), line: line.join('\t') };
      });
  }
}
