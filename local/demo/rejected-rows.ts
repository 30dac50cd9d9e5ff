import { GetObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import type { LedgerContent } from './ledger';
import type { StagedFiles } from '../../src/etl-pipeline/contract';
import { stagedFilesKey } from '../../src/etl-step/contract';

/** Lines shown of each object; the object holds all of them. */
const MOST_LINES = 20;

/**
 * What each step of each run keeps of the rows that it rejected, with its reasons: as the step wrote it, but files by
 * the names that they arrived under.
 */
export async function rejectedRows(s3: S3Client, { runs, files }: LedgerContent): Promise<string[]> {
  const keys = new Map(files.map(file => [file.id, file.key]));
  const lines: string[] = [];
  for (const run of runs) {
    for (const [stepId, result] of Object.entries(run.results ?? {})) {
      if (!result.rejectedRows) continue;
      const [, bucket, prefix] = /^s3:\/\/([^/]+)\/(.*)$/.exec(result.rejectedRows)!;
      const staged: StagedFiles = JSON.parse(await textOf(s3, bucket, stagedFilesKey(run.id)));
      const kept = await linesBelow(s3, bucket, prefix);
      lines.push(`${stepId}: ${result.rowsRejected} rejected in run ${run.id}, kept in ${result.rejectedRows}`);
      lines.push(
        ...kept.map(
          line =>
            '    ' +
            `${staged.files.reduce((text, { id, key }) => text.replaceAll(`s3://${bucket}/${key}`, keys.get(id)!), line)}`,
        ),
      );
    }
  }
  return lines;
}

async function linesBelow(s3: S3Client, bucket: string, prefix: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: prefix })) {
    for (const { Key } of page.Contents ?? []) {
      const kept = (await textOf(s3, bucket, Key!)).split('\n').filter(line => line !== '');
      lines.push(...kept.slice(0, MOST_LINES).map(line => line.replaceAll('\t', '  ')));
      if (kept.length > MOST_LINES) lines.push(`… and ${kept.length - MOST_LINES} more lines in s3://${bucket}/${Key}`);
    }
  }
  return lines;
}

async function textOf(s3: S3Client, bucket: string, key: string): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return Body!.transformToString();
}
