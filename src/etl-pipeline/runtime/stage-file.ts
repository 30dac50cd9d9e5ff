import { CopyObjectCommand, GetObjectCommand } from '@aws-sdk/client-s3';
import { FIRST_BLOCK_BYTES, inspectFirstBlock } from './first-block';
import { refusalOf } from './s3-refusal';
import type { DatasetDefinition } from '../../dataset/contract';
import { inputFolder } from '../../etl-step/contract';
import { isTransient } from '../../etl-step/runtime/aws-errors';
import type { LedgerFile } from '../../file-ledger/contract';
import { s3 } from '../../runtime/clients/s3';
import { ConfigurationError, TransientError } from '../../runtime/errors';
import type { RejectedFile, StagedFile } from '../contract';

/** Largest object that CopyObject copies: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
const LARGEST_COPY_BYTES = 5 * 1024 ** 3;

export interface StageFileOptions {
  readonly runId: string;
  readonly file: LedgerFile;
  /** The file's place in the run's list: names the copy, the same one whenever it is made. */
  readonly index: number;
  readonly workBucket: string;
  readonly dataset: DatasetDefinition;
}

/** Either a copy or a reason. */
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
  if (file.size > LARGEST_COPY_BYTES) {
    return reject(`has ${file.size} bytes: S3's CopyObject copies at most 5 GB (${LARGEST_COPY_BYTES} bytes). Split the file.`);
  }
  try {
    const block = file.size === 0 ? Buffer.alloc(0) : await firstBlock(file);
    const { gzip, problem } = await inspectFirstBlock(block, block.length >= file.size, dataset);
    if (problem) return reject(problem);
    return { staged: await copy(options, gzip) };
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal) return { ...reject(refusal.reason), accessDenied: refusal.accessDenied };
    if (isTransient(error)) {
      throw new TransientError(`Run ${options.runId}: S3 did not serve s3://${file.bucket}/${file.key}: ${(error as Error).message}`, { cause: error });
    }
    throw error;
  }
}

async function firstBlock({ bucket, key, versionId, etag }: LedgerFile): Promise<Buffer> {
  const { Body } = await s3().send(new GetObjectCommand({
    Bucket: bucket,
    Key: key,
    Range: `bytes=0-${FIRST_BLOCK_BYTES - 1}`,
    ...versionId ? { VersionId: versionId } : { IfMatch: quoted(etag) },
  }));
  return Buffer.from(await Body!.transformToByteArray());
}

async function copy({ runId, file, index, workBucket }: StageFileOptions, gzip: boolean): Promise<StagedFile> {
  const { id, bucket, key, versionId, etag, size } = file;
  const copyKey = `${inputFolder(runId)}part-${String(index).padStart(5, '0')}.csv${gzip ? '.gz' : ''}`;
  const source = `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
  try {
    await s3().send(new CopyObjectCommand({
      Bucket: workBucket,
      Key: copyKey,
      ...versionId ? { CopySource: `${source}?versionId=${encodeURIComponent(versionId)}` } : { CopySource: source, CopySourceIfMatch: quoted(etag) },
      // else the copy would need rights on the object's tags, and would carry names and headers that others chose
      TaggingDirective: 'REPLACE',
      MetadataDirective: 'REPLACE',
      ContentType: gzip ? 'application/gzip' : 'text/csv',
    }));
  } catch (error) {
    // the file was read a moment ago: what is denied now is writing the copy
    if (!refusalOf(error)?.accessDenied) throw error;
    throw new ConfigurationError(`Run ${runId}: s3://${bucket}/${key} can be read but not copied to s3://${workBucket}/${copyKey}: ${(error as Error).message}. Allow the role of the `
      + 'staging function s3:PutObject there and, if the work bucket has a KMS key, kms:GenerateDataKey and kms:Decrypt on it.', { cause: error });
  }
  return { id, key: copyKey, bytes: size, gzip };
}

/** Events give an etag without quotes, S3 with them. */
function quoted(etag: string): string {
  return `"${etag.replaceAll('"', '')}"`;
}
