import { setTimeout as pause } from 'timers/promises';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3ServiceException } from '@aws-sdk/client-s3';
import { s3 } from './clients/s3';
import { TransientError } from './errors';

// S3 answers 409 while another write of the key is under way; it says neither that this one nor that the other one has
// won.
const CONFLICT_RETRIES = 5;
const CONFLICT_PAUSE_MILLISECONDS = 200;

const status = (error: unknown): number | undefined =>
  error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;

// The caller needs s3:ListBucket: without it S3 answers 403 for a missing key, which is not taken for "missing" here.
const missing = (error: unknown): boolean =>
  error instanceof S3ServiceException &&
  (error.name === 'NoSuchKey' || error.name === 'NotFound' || (status(error) === 404 && error.name !== 'NoSuchBucket'));

/** The JSON value of an object, or undefined if there is no such object. */
export async function getJson<T>(bucket: string, key: string): Promise<T | undefined> {
  return (await getJsonVersion<T>(bucket, key)).value;
}

/**
 * A JSON value with the version of its object, for putJsonIfUnchanged(). Both are undefined if there is no such object.
 */
export interface JsonVersion<T> {
  readonly value?: T;
  readonly version?: string;
}

export async function getJsonVersion<T>(bucket: string, key: string): Promise<JsonVersion<T>> {
  let text: string;
  let version: string | undefined;
  try {
    const { Body, ETag } = await s3().send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    text = await Body!.transformToString();
    version = ETag;
  } catch (error) {
    if (missing(error)) return {};
    throw error;
  }
  try {
    return { value: JSON.parse(text) as T, version };
  } catch (error) {
    throw new Error(`s3://${bucket}/${key} must hold JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** Writes an object, whatever was there before. */
export async function putJson(bucket: string, key: string, value: unknown): Promise<void> {
  await s3().send(
    new PutObjectCommand({ Bucket: bucket, Key: key, Body: JSON.stringify(value), ContentType: 'application/json' }),
  );
}

/**
 * Writes an object unless there is one; true if this call wrote it. What is there already stays, whoever wrote it.
 * @throws TransientError if other writes of the key do not come to an end
 */
export async function putJsonOnce(bucket: string, key: string, value: unknown): Promise<boolean> {
  for (let attempt = 0; attempt <= CONFLICT_RETRIES; attempt++) {
    try {
      await s3().send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: JSON.stringify(value),
          ContentType: 'application/json',
          IfNoneMatch: '*',
        }),
      );
      return true;
    } catch (error) {
      if (status(error) === 412) return false;
      if (status(error) !== 409) throw error;
      await pause(CONFLICT_PAUSE_MILLISECONDS * Math.random());
    }
  }
  throw new TransientError(
    `s3://${bucket}/${key} is being written by others: ${CONFLICT_RETRIES + 1} conditional writes were refused ` +
      'with 409.',
  );
}

/**
 * Writes an object unless it has changed since it was read, or come into being; the version written, or undefined if it
 * has. Another write of the key that is under way counts as a change.
 */
export async function putJsonIfUnchanged(
  bucket: string,
  key: string,
  value: unknown,
  version: string | undefined,
): Promise<string | undefined> {
  try {
    const { ETag } = await s3().send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: JSON.stringify(value),
        ContentType: 'application/json',
        ...(version === undefined ? { IfNoneMatch: '*' } : { IfMatch: version }),
      }),
    );
    return ETag!;
  } catch (error) {
    // 404: S3's answer to a condition on an object that has been deleted
    if (missing(error) || status(error) === 409 || status(error) === 412) return undefined;
    throw error;
  }
}

/** Whether there is an object with this key. */
export async function exists(bucket: string, key: string): Promise<boolean> {
  try {
    await s3().send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return true;
  } catch (error) {
    if (missing(error)) return false;
    throw error;
  }
}
