import { PutObjectCommand } from '@aws-sdk/client-s3';
import { LINE_FEED } from './row-judge';
import { s3 } from '../../../../runtime/clients/s3';

/** Size of the objects: COPY reads them in parallel, and the task holds one in memory for each part that it writes. */
const OBJECT_BYTES = 16 * 1024 * 1024;

const FIRST_BYTES = 64 * 1024;

export interface WrittenObject {
  readonly key: string;
  readonly bytes: number;
}

/**
 * Writes rows into objects `<prefix>00000.csv` and so on. An attempt that repeats the load writes the same objects
 * again.
 */
export class RowWriter {
  readonly objects: WrittenObject[] = [];
  private bytes = Buffer.allocUnsafe(FIRST_BYTES);
  private length = 0;

  constructor(
    private readonly bucket: string,
    private readonly prefix: string,
  ) {}

  add(bytes: Buffer, start: number, end: number): void {
    const length = this.length + end - start + 1;
    if (length > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, this.bytes.length * 2));
      this.bytes.copy(larger, 0, 0, this.length);
      this.bytes = larger;
    }
    bytes.copy(this.bytes, this.length, start, end);
    this.bytes[length - 1] = LINE_FEED;
    this.length = length;
  }

  /** Writes an object, if there is enough for one. */
  async flush(): Promise<void> {
    if (this.length >= OBJECT_BYTES) await this.end();
  }

  async end(): Promise<void> {
    if (this.length === 0) return;
    const key = `${this.prefix}${String(this.objects.length).padStart(5, '0')}.csv`;
    await s3().send(new PutObjectCommand({ Bucket: this.bucket, Key: key, Body: this.bytes.subarray(0, this.length) }));
    this.objects.push({ key, bytes: this.length });
    this.length = 0;
  }
}
