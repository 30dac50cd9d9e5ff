import type { Readable } from 'stream';
import { createGunzip } from 'zlib';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { s3 } from '../../../../runtime/clients/s3';

export interface StoredObject {
  readonly bucket: string;
  readonly key: string;
  readonly bytes: number;
  readonly gzip: boolean;
}

/** Behind its end a range is read on in pieces of this size, until the line is complete. */
const READ_ON_BYTES = 256 * 1024;

/** Decompressed bytes come in pieces of this size. */
const GUNZIP_BYTES = 256 * 1024;

/** The decompressed bytes of an object. */
export async function* readAll(object: StoredObject, signal: AbortSignal): AsyncGenerator<Buffer> {
  const stored = await open(object, undefined, signal);
  const stream = object.gzip ? stored.pipe(createGunzip({ chunkSize: GUNZIP_BYTES })) : stored;
  if (object.gzip) stored.once('error', error => stream.destroy(error)); // pipe() does not hand errors on
  try {
    yield* stream as AsyncIterable<Buffer>;
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code?.startsWith('Z_') ? new BrokenGzipError(object.key, error) : error;
  } finally {
    stream.destroy();
    stored.destroy();
  }
}

/** The bytes of a plain object from `start` to `end`, and those behind, for as long as they are asked for. */
export async function* readFrom(
  object: StoredObject,
  start: number,
  end: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  for (
    let from = start, to = Math.min(end, object.bytes);
    from < object.bytes;
    from = to, to = Math.min(to + READ_ON_BYTES, object.bytes)
  ) {
    const stored = await open(object, `bytes=${from}-${to - 1}`, signal);
    try {
      yield* stored as AsyncIterable<Buffer>;
    } finally {
      stored.destroy();
    }
  }
}

async function open(
  { bucket, key }: StoredObject,
  Range: string | undefined,
  abortSignal: AbortSignal,
): Promise<Readable> {
  const { Body } = await s3().send(new GetObjectCommand({ Bucket: bucket, Key: key, Range }), { abortSignal });
  const stored = Body as Readable;
  const abort = (): void => {
    stored.destroy(new Error('The load was stopped.'));
  };
  abortSignal.addEventListener('abort', abort, { once: true });
  stored.once('close', () => abortSignal.removeEventListener('abort', abort));
  return stored;
}

/** An object that begins like gzip and then does not decompress. */
export class BrokenGzipError extends Error {
  constructor(
    readonly key: string,
    cause: unknown,
  ) {
    super(`${key} does not decompress: ${(cause as Error).message}`, { cause });
    this.name = 'BrokenGzipError';
  }
}
