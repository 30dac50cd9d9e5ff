import { PutObjectCommand } from '@aws-sdk/client-s3';
import { s3 } from '../../../../runtime/clients/s3';

/** An object is written when it has grown to about this size. */
const OBJECT_BYTES = 4 * 1024 * 1024;

const HEADER = 'file,line,reason,raw_line\n';

/**
 * Keeps rejected rows as CSV, `<prefix>00000.csv` and so on, and writes nothing if there are none. An attempt that
 * repeats the load writes the same objects again.
 */
export class RejectedRowWriter {
  // one character for each byte: raw lines keep their bytes, whatever those are
  private text = '';
  private objects = 0;

  constructor(
    private readonly bucket: string,
    private readonly prefix: string,
  ) {}

  /** @param file S3 URI */
  add(file: string, line: number, reason: string, rawLine: Buffer): void {
    this.text += csvLine([latin1(file), String(line), latin1(reason), rawLine.toString('latin1')]);
  }

  /** Writes an object, if there is enough for one. */
  async flush(): Promise<void> {
    if (this.text.length >= OBJECT_BYTES) await this.end();
  }

  async end(): Promise<void> {
    if (this.text === '') return;
    await s3().send(
      new PutObjectCommand({
        Bucket: this.bucket,
        Key: `${this.prefix}${String(this.objects++).padStart(5, '0')}.csv`,
        Body: Buffer.from(HEADER + this.text, 'latin1'),
        ContentType: 'text/csv; charset=utf-8',
      }),
    );
    this.text = '';
  }
}

const latin1 = (text: string): string => Buffer.from(text).toString('latin1');

function csvLine(fields: string[]): string {
  return `${fields.map(field => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',')}\n`;
}
