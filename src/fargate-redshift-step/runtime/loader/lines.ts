import { Readable } from 'stream';
import { createGunzip } from 'zlib';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { s3 } from '../../../runtime/clients/s3';

const LINE_FEED = 0x0a;

export interface TextObject {
  readonly key: string;
  readonly gzip: boolean;
}

export interface Line {
  /** From 1. */
  readonly number: number;
  /** Without the LF. */
  readonly bytes: Buffer;
}

/** The lines of an object, some at a time; an end of the object without LF ends a line too. */
export async function* linesOf(bucket: string, { key, gzip }: TextObject): AsyncGenerator<Line[]> {
  const { Body } = await s3().send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  const object = Body as Readable;
  const stream = gzip ? object.pipe(createGunzip()) : object;
  if (gzip) object.once('error', error => stream.destroy(error)); // pipe() does not hand errors on
  let number = 1;
  let begun: Buffer[] = [];
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const lines: Line[] = [];
      let start = 0;
      for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
        const rest = chunk.subarray(start, end);
        lines.push({ number: number++, bytes: begun.length > 0 ? Buffer.concat([...begun, rest]) : rest });
        begun = [];
        start = end + 1;
      }
      if (start < chunk.length) begun.push(chunk.subarray(start));
      yield lines;
    }
    if (begun.length > 0) yield [{ number, bytes: Buffer.concat(begun) }];
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code?.startsWith('Z_') ? new BrokenGzipError(key, error) : error;
  } finally {
    object.destroy();
  }
}

/** An object that begins like gzip and then does not decompress. */
export class BrokenGzipError extends Error {
  constructor(readonly key: string, cause: unknown) {
    super(`${key} does not decompress: ${(cause as Error).message}`, { cause });
    this.name = 'BrokenGzipError';
  }
}

/** The lines with these numbers. */
export async function readLines(bucket: string, object: TextObject, numbers: ReadonlySet<number>): Promise<Map<number, Buffer>> {
  const found = new Map<number, Buffer>();
  const last = Math.max(...numbers);
  for await (const lines of linesOf(bucket, object)) {
    for (const { number, bytes } of lines) {
      if (numbers.has(number)) found.set(number, bytes);
      if (number >= last) return found;
    }
  }
  return found;
}
