import { CopyObjectCommand, GetObjectCommand } from '@aws-sdk/client-s3';
import { LARGEST_COPY_BYTES } from './chunks';
import { FIRST_BLOCK_BYTES, inspectFirstBlock } from './first-block';
import { multipartCopy } from './multipart-copy';
import { refusalOf } from './s3-refusal';
import type { DatasetDefinition } from '../../dataset/contract';
import { inputFolder } from '../../etl-step/contract';
import { isTransient } from '../../etl-step/runtime/aws-errors';
import type { LedgerFile } from '../../file-ledger/contract';
import { s3 } from '../../runtime/clients/s3';
import { ConfigurationError, TransientError } from '../../runtime/errors';
import { multipartStateKey, type RejectedFile, type StagedFile } from '../contract';

export interface StageFileOptions {
  readonly runId: string;
  readonly file: LedgerFile;
  /** The file's place in the run's list: names the copy, the same one whenever it is made. */
  readonly index: number;
  readonly workBucket: string;
  readonly dataset: DatasetDefinition;
  /** False when too little of the function's time is left to begin another part of a large copy. */
  readonly mayContinue: () => boolean;
}

/** A copy or a reason; neither of them if the time was up before a large file was copied. */
export interface StagedOrRejected {
  readonly staged?: StagedFile;
  readonly rejected?: RejectedFile;
  /** Rejected because it may not be read. */
  readonly accessDenied?: boolean;
}

/** Looks at a file's first block and, if it can be loaded, copies the file. */
export async function stageFile(options: StageFileOptions): Promise<StagedOrRejected> {
  const { file, dataset } = options;
  const reject = (reason: string): StagedOrRejected => ({ rejected: { id: file.id, reason } });
  try {
    const block = file.size === 0 ? Buffer.alloc(0) : await firstBlock(file);
    const { gzip, problem } = await inspectFirstBlock(block, block.length >= file.size, dataset);
    if (problem) return reject(problem);
    const staged = stagedFile(options, gzip);
    return (await copy(options, staged)) ? { staged } : {};
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal) return { ...reject(refusal.reason), accessDenied: refusal.accessDenied };
    if (isTransient(error)) {
      throw new TransientError(
        `Run ${options.runId}: S3 did not serve s3://${file.bucket}/${file.key}: ${(error as Error).message}`,
        { cause: error },
      );
    }
    throw error;
  }
}

async function firstBlock({ bucket, key, versionId, etag }: LedgerFile): Promise<Buffer> {
  const { Body } = await s3().send(
    new GetObjectCommand({
      Bucket: bucket,
      Key: key,
      Range: `bytes=0-${FIRST_BLOCK_BYTES - 1}`,
      ...(versionId ? { VersionId: versionId } : { IfMatch: quoted(etag) }),
    }),
  );
  return Buffer.from(await Body!.transformToByteArray());
}

function stagedFile({ runId, file: { id, size }, index }: StageFileOptions, gzip: boolean): StagedFile {
  const key = `${inputFolder(runId)}part-${String(index).padStart(5, '0')}.csv${gzip ? '.gz' : ''}`;
  return { id, key, bytes: size, gzip };
}

/** Whether the copy is complete. */
async function copy(options: StageFileOptions, staged: StagedFile): Promise<boolean> {
  const {
    runId,
    file: { bucket, key, versionId, etag, size },
    index,
    workBucket,
    mayContinue,
  } = options;
  const path = `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
  const source = versionId
    ? { CopySource: `${path}?versionId=${encodeURIComponent(versionId)}` }
    : { CopySource: path, CopySourceIfMatch: quoted(etag) };
  const contentType = staged.gzip ? 'application/gzip' : 'text/csv';
  try {
    if (size > LARGEST_COPY_BYTES) {
      return await multipartCopy({
        source,
        bytes: size,
        bucket: workBucket,
        key: staged.key,
        contentType,
        stateKey: multipartStateKey(runId, index),
        mayContinue,
      });
    }
    await s3().send(
      new CopyObjectCommand({
        Bucket: workBucket,
        Key: staged.key,
        ...source,
        // else the copy would need rights on the object's tags, and would carry names and headers that others chose
        TaggingDirective: 'REPLACE',
        MetadataDirective: 'REPLACE',
        ContentType: contentType,
      }),
    );
    return true;
  } catch (error) {
    // the file was read a moment ago: what is denied now is writing the copy
    if (!refusalOf(error)?.accessDenied) throw error;
    throw new ConfigurationError(
      `Run ${runId}: s3://${bucket}/${key} can be read but not copied to s3://${workBucket}/${staged.key}: ` +
        `${(error as Error).message}. Allow the role of the ` +
        'staging function s3:PutObject there and, if the work bucket has a KMS key, kms:GenerateDataKey and ' +
        'kms:Decrypt on it.',
      { cause: error },
    );
  }
}

/** Events give an etag without quotes, S3 with them. */
function quoted(etag: string): string {
  return `"${etag.replaceAll('"', '')}"`;
}
