import { gunzipSync } from 'zlib';
import { GetObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { parse } from 'csv-parse/sync';
import type { LedgerContent } from './ledger';
import type { StagedFile, StagedFiles } from '../../src/etl-pipeline/contract';
import { stagedFilesKey } from '../../src/etl-step/contract';

/** Rows shown of each object; the object holds all of them. */
const MOST_ROWS = 20;

/** Larger files are not searched for the line of a row. */
const MOST_SEARCHED_BYTES = 50_000_000;

/** A rejected row, as far as its step says where it comes from. */
interface RejectedRow {
  readonly reason: string;
  /** S3 URI of the staged file. */
  readonly file: string;
  readonly line?: number;
  readonly text: string;
}

/**
 * The rows that each step of each run has rejected, one line each: the file by the name that it arrived under, the line
 * in it, the reason and the row. Steps keep them in forms of their own.
 */
export async function rejectedRows(s3: S3Client, { runs, files }: LedgerContent): Promise<string[]> {
  const keys = new Map(files.map(file => [file.id, file.key]));
  const lines: string[] = [];
  for (const run of runs) {
    for (const [stepId, result] of Object.entries(run.results ?? {})) {
      if (!result.rejectedRows) continue;
      const [, bucket, prefix] = /^s3:\/\/([^/]+)\/(.*)$/.exec(result.rejectedRows)!;
      const staged: StagedFiles = JSON.parse((await bytesOf(s3, bucket, stagedFilesKey(run.id))).toString());
      const byUri = new Map(staged.files.map(file => [`s3://${bucket}/${file.key}`, file]));
      lines.push(`${stepId}: ${result.rowsRejected} rejected in run ${run.id}, kept in ${result.rejectedRows}`);
      for (const row of await keptBelow(s3, bucket, prefix)) {
        if (typeof row === 'string') {
          lines.push(`    ${row}`);
          continue;
        }
        const file = byUri.get(row.file);
        const line = row.line ?? (file && (await lineOf(s3, bucket, file, row.text)));
        const name = (file && keys.get(file.id)) ?? row.file;
        lines.push(`    ${name}${line === undefined ? '' : `, line ${line}`}: ${row.reason}: ${row.text}`);
      }
    }
  }
  return lines;
}

/** The first rows of every object, and a line about those that are left out. */
async function keptBelow(s3: S3Client, bucket: string, prefix: string): Promise<(RejectedRow | string)[]> {
  const kept: (RejectedRow | string)[] = [];
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: prefix })) {
    for (const { Key } of page.Contents ?? []) {
      const rows = rowsOf((await bytesOf(s3, bucket, Key!)).toString());
      kept.push(...rows.slice(0, MOST_ROWS));
      if (rows.length > MOST_ROWS) kept.push(`… and ${rows.length - MOST_ROWS} more rows in s3://${bucket}/${Key}`);
    }
  }
  return kept;
}

/** The loader keeps CSV with a header, Hive lines of reason, file and row; anything else is shown as it is. */
function rowsOf(content: string): (RejectedRow | string)[] {
  if (content.startsWith('file,line,reason,raw_line\n')) {
    const records: Record<'file' | 'line' | 'reason' | 'raw_line', string>[] = parse(content, { columns: true });
    return records.map(({ file, line, reason, raw_line: text }) => ({ file, line: Number(line), reason, text }));
  }
  return content
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const [reason, file, ...text] = line.split('\t');
      return file?.startsWith('s3://') ? { reason, file, text: text.join('\t') } : line.replaceAll('\t', '  ');
    });
}

/** Hive does not know the lines of a file. */
async function lineOf(s3: S3Client, bucket: string, file: StagedFile, text: string): Promise<number | undefined> {
  if (file.bytes > MOST_SEARCHED_BYTES) return undefined;
  const bytes = await bytesOf(s3, bucket, file.key);
  const lines = (file.gzip ? gunzipSync(bytes) : bytes).toString().split(/\r?\n/);
  const index = lines.indexOf(text);
  return index < 0 ? undefined : index + 1;
}

async function bytesOf(s3: S3Client, bucket: string, key: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return Buffer.from(await Body!.transformToByteArray());
}
