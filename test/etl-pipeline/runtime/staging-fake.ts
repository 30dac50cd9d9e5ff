import {
  CopyObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import type { DatasetDefinition } from '../../../src/dataset/contract';
import type { StageFilesEvent, StageFilesStatus } from '../../../src/etl-pipeline/contract';
import { stageFiles } from '../../../src/etl-pipeline/runtime/stage-files';
import type { LedgerFile } from '../../../src/file-ledger/contract';

const dataset: DatasetDefinition = {
  name: 'orders',
  format: { type: 'csv', delimiter: ',', header: true },
  columns: [{ name: 'order_id', header: 'order_id', type: 'string', required: true }],
  key: ['order_id'],
};
const event: StageFilesEvent = {
  contract: 1,
  runId: 'r1',
  attempt: 1,
  dataset,
  nextChunk: 0,
  files: { bucket: 'work', key: 'runs/r1/files.json', count: 1, bytes: 1 },
};

/** A small file that can be loaded. */
export const CONTENT = 'order_id\n1\n';

const s3 = mockClient(S3Client);

export const failure = (name: string, status: number, message = `message of ${name}`): S3ServiceException =>
  new S3ServiceException({
    name,
    message,
    $fault: status < 500 ? 'client' : 'server',
    $metadata: { httpStatusCode: status },
  });

/** A run whose files are to be staged, with the two buckets at the SDK's client. Any other call fails the test. */
export class StagingFake {
  public readonly s3 = s3;
  /** The work bucket, by key. */
  public readonly work = new Map<string, string>();
  /** The landing bucket, by key: content, or what S3 answers to whoever reads it. */
  public readonly landing = new Map<string, string | Error>();

  constructor() {
    s3.reset();
    s3.onAnyCommand().rejects(new Error('unexpected call'));
    s3.on(GetObjectCommand).callsFake(({ Bucket, Key }) => {
      const content = Bucket === 'work' ? this.work.get(Key) : this.landing.get(Key);
      if (content === undefined) throw failure('NoSuchKey', 404);
      if (content instanceof Error) throw content;
      return {
        Body: { transformToString: async () => content, transformToByteArray: async () => Buffer.from(content) },
      };
    });
    s3.on(PutObjectCommand).callsFake(({ Bucket, Key, Body, IfNoneMatch }) => {
      if (Bucket !== 'work') throw new Error(`a write into ${Bucket}`);
      if (IfNoneMatch && this.work.has(Key)) throw failure('PreconditionFailed', 412);
      this.work.set(Key, Body);
      return {};
    });
    s3.on(CopyObjectCommand).callsFake(({ Bucket, Key, CopySource }) => {
      if (Bucket !== 'work') throw new Error(`a copy into ${Bucket}`);
      this.work.set(Key, `copy of ${CopySource}`);
      return {};
    });
  }

  /** Files of the run; each is in the landing bucket with its content. */
  public arrive(...files: (Partial<LedgerFile> & { content?: string | Error })[]): void {
    const list = files.map(({ content = CONTENT, ...file }, index): LedgerFile => {
      const key = file.key ?? `in/${index}.csv`;
      this.landing.set(key, content);
      return {
        id: `id-${index}`,
        bucket: 'landing',
        key,
        versionId: `v${index}`,
        etag: `e${index}`,
        size: typeof content === 'string' ? content.length : 10,
        ...file,
      };
    });
    this.work.set('runs/r1/files.json', JSON.stringify(list));
  }

  public async stage(
    more: Partial<StageFilesEvent> = {},
    remainingMilliseconds = () => 15 * 60_000,
  ): Promise<StageFilesStatus> {
    return stageFiles({ ...event, ...more }, { workBucket: 'work', remainingMilliseconds });
  }
}
