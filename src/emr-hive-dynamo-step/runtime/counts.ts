import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { ERROR, type StepResult } from '../../etl-step/contract';
import { s3 } from '../../runtime/clients/s3';
import { EtlError } from '../../runtime/errors';
import { countsFolder } from '../contract';

export type Counts = Pick<StepResult, 'rowsRead' | 'rowsWritten' | 'rowsRejected' | 'duplicatesDropped'>;

const NAMES = ['rowsRead', 'rowsWritten', 'rowsRejected', 'duplicatesDropped'] as const;

/** Hive's own temporary files, and marks such as _SUCCESS. */
const HIDDEN = /\/[._][^/]*/;

/**
 * What the load has counted.
 * @throws EtlError `Etl.LoadFailed` if a count is missing, or there twice
 */
export async function readCounts(workBucket: string, runId: string, stepId: string): Promise<Counts> {
  const folder = countsFolder(runId, stepId);
  const lines = await readLines(workBucket, folder);
  const counts: Partial<Record<keyof Counts, number>> = {};
  for (const line of lines) {
    for (const [name, count] of Object.entries(JSON.parse(line) as Counts)) {
      if (counts[name as keyof Counts] !== undefined) throw countsError(`${name} twice`);
      counts[name as keyof Counts] = count;
    }
  }
  const missing = NAMES.filter(name => counts[name] === undefined);
  if (missing.length > 0) throw countsError(`no ${missing.join(', ')}`);
  return counts as Counts;

  function countsError(found: string): EtlError {
    return new EtlError(ERROR.loadFailed, `Run ${runId}: the load has ended, but s3://${workBucket}/${folder} must hold each of ${NAMES.join(', ')} once, and holds `
      + `${found}: ${lines.join(' ')}. Did something else write there? Loading the run again is safe.`);
  }
}

async function readLines(Bucket: string, Prefix: string): Promise<string[]> {
  // Hive writes one object for each task: one page holds them all
  const { Contents = [] } = await s3().send(new ListObjectsV2Command({ Bucket, Prefix }));
  const keys = Contents.map(({ Key }) => Key!).filter(key => !HIDDEN.test(key.slice(Prefix.length - 1)));
  const texts = await Promise.all(keys.map(async Key => {
    const { Body } = await s3().send(new GetObjectCommand({ Bucket, Key }));
    return Body!.transformToString();
  }));
  return texts.flatMap(text => text.split('\n')).filter(line => line.trim() !== '');
}
