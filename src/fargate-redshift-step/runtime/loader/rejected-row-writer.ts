import { PutObjectCommand } from '@aws-sdk/client-s3';
import { s3 } from '../../../runtime/clients/s3';
import type { LoaderInput } from '../../contract';

/** An object is written when it has grown to about this size. */
const OBJECT_CHARACTERS = 8_000_000;

/**
 * Keeps rejected rows as CSV, `<name>-00000.csv` and so on below the step's folder for them, and writes nothing if there are none.
 * An attempt that repeats the load writes the same objects again.
 */
export class RejectedRowWriter {
  private text = '';
  private objects = 0;

  constructor(private readonly input: LoaderInput, private readonly name: string, private readonly header: string[]) {}

  async add(fields: string[]): Promise<void> {
    this.text += csvLine(fields);
    if (this.text.length >= OBJECT_CHARACTERS) await this.end();
  }

  async end(): Promise<void> {
    if (this.text === '') return;
    const { workBucket, rejectedRowsFolder } = this.input;
    await s3().send(new PutObjectCommand({
      Bucket: workBucket,
      Key: `${rejectedRowsFolder}${this.name}-${String(this.objects++).padStart(5, '0')}.csv`,
      Body: csvLine(this.header) + this.text,
      ContentType: 'text/csv; charset=utf-8',
    }));
    this.text = '';
  }
}

function csvLine(fields: string[]): string {
  return `${fields.map(field => /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field).join(',')}\n`;
}
