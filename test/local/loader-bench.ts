import { ChildProcess, spawn } from 'child_process';
import { rmSync } from 'fs';
import * as path from 'path';
import { gzipSync } from 'zlib';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { buildSync } from 'esbuild';
import { RunningMiniStack, startMiniStack } from '../../local/ministack';
import { createRunFolder } from '../../local/processes';
import { RedshiftOptions, RunningRedshift, startRedshift } from '../../local/redshift';
import type { DatasetDefinition } from '../../src/dataset/contract';
import {
  CONTRACT_VERSION,
  rejectedRowsFolder,
  resultKey,
  stagedFilesKey,
  stepFolder,
  StepResult,
} from '../../src/etl-step/contract';
import {
  LOADER_INPUT_ENV,
  LoaderFailure,
  LoaderInput,
  WarehouseConnection,
} from '../../src/fargate-redshift-step/contract';
import { type LoaderDocument, schemaErrors } from '../fargate-redshift-step/loader-schemas';

export const COPY_ROLE = 'arn:aws:iam::123456789012:role/copy';
export const STEP_ID = 'ToRedshift';
const WORK_BUCKET = 'work';
const USER = 'loader';
const PASSWORD = "pass'word\\";

/** The documents of the contract keep to their published schemas. */
function expectDocuments(documents: { [name in LoaderDocument]?: unknown }): void {
  const errors = Object.entries(documents)
    .filter(([, document]) => document !== undefined)
    .flatMap(([name, document]) => schemaErrors(name as LoaderDocument, document));
  if (errors.length > 0) throw new Error(`Documents of the loader break their schemas: ${errors.join('; ')}`);
}

export interface InputFile {
  readonly content: string | Buffer;
  readonly gzip?: boolean;
}

export interface LoaderRun {
  readonly exitCode: number | null;
  readonly result?: StepResult;
  readonly failure?: LoaderFailure;
  /** What the program wrote to standard output. */
  readonly log: string;
  /** What it wrote to standard error. */
  readonly errors: string;
}

/** The container's program, bundled as for the image, with the engines that it needs around it. */
export class LoaderBench {
  static async start(options: Partial<RedshiftOptions> = {}): Promise<LoaderBench> {
    const runFolder = createRunFolder();
    const program = path.join(runFolder, 'loader', 'index.js');
    buildSync({
      entryPoints: [path.join(__dirname, '../../src/fargate-redshift-step/runtime/loader/main.ts')],
      outfile: program,
      bundle: true,
      platform: 'node',
      target: 'node20',
      keepNames: true,
      minify: true,
      mainFields: ['module', 'main'],
    });
    const ministack = await startMiniStack({ runFolder });
    const redshift = await startRedshift({
      runFolder,
      awsEndpoint: ministack.endpoint,
      user: USER,
      password: PASSWORD,
      database: 'dev',
      copyRoles: [COPY_ROLE],
      ...options,
    });
    const client = {
      endpoint: ministack.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    };
    const s3 = new S3Client({ ...client, forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: WORK_BUCKET }));
    const secrets = new SecretsManagerClient(client);
    const secret = await secrets.send(
      new CreateSecretCommand({
        Name: 'warehouse',
        SecretString: JSON.stringify({ username: USER, password: PASSWORD }),
      }),
    );
    const wrong = await secrets.send(
      new CreateSecretCommand({ Name: 'wrong', SecretString: JSON.stringify({ username: USER, password: 'wrong' }) }),
    );
    secrets.destroy();
    return new LoaderBench(runFolder, program, ministack, redshift, s3, secret.ARN!, wrong.ARN!);
  }

  readonly login = { user: USER, password: PASSWORD };
  private runs = 0;

  private constructor(
    private readonly runFolder: string,
    private readonly program: string,
    private readonly ministack: RunningMiniStack,
    readonly redshift: RunningRedshift,
    private readonly s3: S3Client,
    private readonly secretArn: string,
    readonly wrongSecretArn: string,
  ) {}

  async stop(): Promise<void> {
    this.s3.destroy();
    await this.redshift.stop();
    await this.ministack.stop();
    rmSync(this.runFolder, { recursive: true });
  }

  /** Stages files as a new run; returns the loader's work. */
  async stage(
    dataset: DatasetDefinition,
    files: InputFile[],
    work: Partial<LoaderInput> = {},
    warehouse: Partial<WarehouseConnection> = {},
  ): Promise<LoaderInput> {
    const runId = work.runId ?? `20260101T000000Z-${String(++this.runs).padStart(16, '0')}`;
    const staged = await Promise.all(
      files.map(async ({ content, gzip = false }, index) => {
        const key = `runs/${runId}/input/part-${String(index).padStart(5, '0')}.csv${gzip ? '.gz' : ''}`;
        const body = gzip ? gzipSync(content) : Buffer.from(content as string);
        await this.put(key, body);
        return { id: `file-${index}`, key, bytes: body.length, gzip };
      }),
    );
    await this.put(stagedFilesKey(runId), JSON.stringify({ files: staged, rejected: [] }));
    return {
      contract: CONTRACT_VERSION,
      runId,
      attempt: 1,
      stepId: STEP_ID,
      workBucket: WORK_BUCKET,
      stagedFilesKey: stagedFilesKey(runId),
      resultKey: resultKey(runId, STEP_ID),
      failureKey: `${stepFolder(runId, STEP_ID)}failure.json`,
      rejectedRowsFolder: rejectedRowsFolder(runId, STEP_ID),
      dataset,
      warehouse: {
        database: 'dev',
        copyRoleArn: COPY_ROLE,
        region: 'us-east-1',
        host: this.redshift.host,
        port: this.redshift.port,
        secretArn: this.secretArn,
        ...warehouse,
      },
      schema: 'analytics',
      table: dataset.name,
      mode: 'upsert',
      maxRejectedRows: 1_000,
      maxRuntimeSeconds: 300,
      ...work,
    };
  }

  /** Writes a manifest of the staged files of a run, for a COPY by hand; returns its URI. */
  async putManifest({ stagedFilesKey: key, runId }: LoaderInput): Promise<string> {
    const { files } = JSON.parse((await this.get(key))!) as { files: { key: string }[] };
    const entries = files.map(file => ({ url: `s3://${WORK_BUCKET}/${file.key}`, mandatory: true }));
    await this.put(`runs/${runId}/manifest.json`, JSON.stringify({ entries }));
    return `s3://${WORK_BUCKET}/runs/${runId}/manifest.json`;
  }

  get awsEndpoint(): string {
    return this.ministack.endpoint;
  }

  /** Runs the program; `started` gets the process. */
  async run(
    input: LoaderInput,
    started: (child: ChildProcess) => void = () => undefined,
    environment: NodeJS.ProcessEnv = {},
  ): Promise<LoaderRun> {
    const inputKey = `${stepFolder(input.runId, input.stepId)}input.json`;
    await this.put(inputKey, JSON.stringify(input));
    const child = spawn(process.execPath, [this.program], {
      env: {
        ...this.ministack.environment,
        NODE_EXTRA_CA_CERTS: this.redshift.caFile,
        [LOADER_INPUT_ENV]: `s3://${input.workBucket}/${inputKey}`,
        ...environment,
      },
    });
    started(child);
    let log = '';
    let errors = '';
    child.stdout.on('data', text => {
      log += text;
    });
    child.stderr.on('data', text => {
      errors += text;
    });
    const exitCode = await new Promise<number | null>(resolve => child.once('close', resolve));
    const [result, failure] = await Promise.all(
      [input.resultKey, input.failureKey].map(async key => JSON.parse((await this.get(key)) ?? 'null') ?? undefined),
    );
    expectDocuments({ 'loader-input': input, 'loader-result': result, 'loader-failure': failure });
    return { exitCode, log, errors, result, failure };
  }

  /** Stages and loads; fails with the program's output if that does. */
  async load(dataset: DatasetDefinition, files: InputFile[], work: Partial<LoaderInput> = {}): Promise<StepResult> {
    const { exitCode, result, log, errors } = await this.run(await this.stage(dataset, files, work));
    if (exitCode !== 0 || !result) throw new Error(`exit code ${exitCode}\n${log}${errors}`);
    return result;
  }

  async put(key: string, body: string | Buffer): Promise<void> {
    await this.s3.send(new PutObjectCommand({ Bucket: WORK_BUCKET, Key: key, Body: body }));
  }

  async remove(key: string): Promise<void> {
    await this.s3.send(new DeleteObjectCommand({ Bucket: WORK_BUCKET, Key: key }));
  }

  async get(key: string): Promise<string | undefined> {
    try {
      return await (
        await this.s3.send(new GetObjectCommand({ Bucket: WORK_BUCKET, Key: key }))
      ).Body!.transformToString();
    } catch (error) {
      if ((error as Error).name === 'NoSuchKey') return undefined;
      throw error;
    }
  }

  /** Lines of the kept rows, without the objects' headers. */
  async rejectedRows(input: LoaderInput): Promise<string[]> {
    const { Contents = [] } = await this.s3.send(
      new ListObjectsV2Command({ Bucket: WORK_BUCKET, Prefix: input.rejectedRowsFolder }),
    );
    const texts = await Promise.all(Contents.map(object => this.get(object.Key!)));
    return texts.flatMap(text => text!.trimEnd().split('\n').slice(1));
  }
}
