import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  type CompletedPart,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  paginateListParts,
  S3ServiceException,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import pMap from 'p-map';
import { s3 } from '../../runtime/clients/s3';
import { getJson, putJson, putJsonOnce } from '../../runtime/work-bucket';

const MIB = 1024 ** 2;

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MOST_PARTS = 10_000;

/** Some seconds of copying: little is lost when a call ends. */
const PART_BYTES = 512 * MIB;

/** S3 copies parts on its own side: a few at a time fill what it gives one object. */
const CONCURRENT_PARTS = 16;

export interface MultipartCopyOptions {
  readonly source: {
    readonly CopySource: string;
    readonly CopySourceIfMatch?: string;
  };
  readonly bytes: number;
  readonly bucket: string;
  readonly key: string;
  readonly contentType: string;
  /** Where the upload is remembered: whoever goes on with the copy finds there what is done. */
  readonly stateKey: string;
  /** False when too little of the function's time is left to begin another part. */
  readonly mayContinue: () => boolean;
}

interface UploadState {
  readonly uploadId: string;
}

/**
 * Copies an object that is too large for CopyObject, part by part. It may be called any number of times, also in
 * parallel: every call goes on with what is not copied yet.
 * @returns whether the copy is complete; if not, the time was up
 */
export async function multipartCopy(options: MultipartCopyOptions): Promise<boolean> {
  const { bucket, key, mayContinue } = options;
  try {
    const UploadId = await uploadOf(options);
    const copied = await copiedParts(options, UploadId);
    const missing = partsOf(options).filter(part => !copied.has(part.number));
    await pMap(
      missing,
      async part => {
        if (mayContinue()) copied.set(part.number, await copyPart(options, UploadId, part));
      },
      { concurrency: CONCURRENT_PARTS },
    );
    if (copied.size < partsOf(options).length) return false;
    await s3().send(
      new CompleteMultipartUploadCommand({
        Bucket: bucket,
        Key: key,
        UploadId,
        MultipartUpload: { Parts: [...copied.values()].sort((a, b) => a.PartNumber! - b.PartNumber!) },
      }),
    );
    return true;
  } catch (error) {
    if ((error as Error).name !== 'NoSuchUpload') throw error;
    return afterUploadIsGone(options);
  }
}

/** Somebody has completed the upload, or a lifecycle rule has ended it after days. */
async function afterUploadIsGone(options: MultipartCopyOptions): Promise<boolean> {
  if (await isComplete(options)) return true;
  await putJson(options.bucket, options.stateKey, { uploadId: await createUpload(options) } satisfies UploadState);
  return false;
}

async function isComplete({ bucket, key, bytes }: MultipartCopyOptions): Promise<boolean> {
  try {
    const { ContentLength } = await s3().send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return ContentLength === bytes;
  } catch (error) {
    if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return false;
    throw error;
  }
}

/** The upload that all calls share: the one that was remembered first. */
async function uploadOf(options: MultipartCopyOptions): Promise<string> {
  const { bucket, key, stateKey } = options;
  const before = await getJson<UploadState>(bucket, stateKey);
  if (before) return before.uploadId;
  const uploadId = await createUpload(options);
  if (await putJsonOnce(bucket, stateKey, { uploadId } satisfies UploadState)) return uploadId;
  await s3().send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId }));
  return (await getJson<UploadState>(bucket, stateKey))!.uploadId;
}

async function createUpload({ bucket, key, contentType }: MultipartCopyOptions): Promise<string> {
  const { UploadId } = await s3().send(
    new CreateMultipartUploadCommand({ Bucket: bucket, Key: key, ContentType: contentType }),
  );
  return UploadId!;
}

interface Part {
  readonly number: number;
  readonly first: number;
  readonly last: number;
}

function partsOf({ bytes }: MultipartCopyOptions): Part[] {
  const size = Math.max(PART_BYTES, Math.ceil(bytes / MOST_PARTS / MIB) * MIB);
  return Array.from({ length: Math.ceil(bytes / size) }, (_, index) => ({
    number: index + 1,
    first: index * size,
    last: Math.min((index + 1) * size, bytes) - 1,
  }));
}

async function copiedParts(
  { bucket, key }: MultipartCopyOptions,
  UploadId: string,
): Promise<Map<number, CompletedPart>> {
  const parts = new Map<number, CompletedPart>();
  for await (const page of paginateListParts({ client: s3() }, { Bucket: bucket, Key: key, UploadId })) {
    for (const { PartNumber, ETag } of page.Parts ?? []) parts.set(PartNumber!, { PartNumber, ETag });
  }
  return parts;
}

async function copyPart(
  { bucket, key, source }: MultipartCopyOptions,
  UploadId: string,
  { number, first, last }: Part,
): Promise<CompletedPart> {
  const { CopyPartResult } = await s3().send(
    new UploadPartCopyCommand({
      Bucket: bucket,
      Key: key,
      UploadId,
      PartNumber: number,
      ...source,
      CopySourceRange: `bytes=${first}-${last}`,
    }),
  );
  return { PartNumber: number, ETag: CopyPartResult!.ETag };
}
