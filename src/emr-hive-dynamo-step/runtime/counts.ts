import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { ERROR, type StepResult } from '../../etl-step/contract';
import { s3 } from '../../runtime/clients/s3';
import { ConfigurationError, EtlError } from '../../runtime/errors';
import { countsFolder } from '../contract';

export type Counts = Omit<StepResult, 'seconds' | 'rejectedRows'>;

const OF_EVERY_LOAD = ['rowsRead', 'rowsRejected', 'rowsWritten', 'duplicatesDropped', 'bytesWritten'] as const;

/**
 * With a transform: rows that it yielded, and those of them that were rejected. Its rejected rows then do not count
 * among rowsRejected.
 */
const OF_A_TRANSFORM = ['rowsTransformed', 'transformedRowsRejected'] as const;

type Name = (typeof OF_EVERY_LOAD)[number] | (typeof OF_A_TRANSFORM)[number];

/** Hive's own temporary files, and marks such as _SUCCESS. */
const HIDDEN = /\/[._][^/]*/;

/**
 * What the load has counted.
 * @throws EtlError `Etl.LoadFailed` if a count is missing, or there twice; `Etl.Configuration` if a transform has made
 * more of the rows
 */
export async function readCounts(workBucket: string, runId: string, stepId: string): Promise<Counts> {
  const folder = countsFolder(runId, stepId);
  const lines = await readLines(workBucket, folder);
  const counts: Partial<Record<Name, number>> = {};
  for (const line of lines) {
    for (const [name, count] of Object.entries(JSON.parse(line) as Record<Name, number>)) {
      if (counts[name as Name] !== undefined) throw countsError(`${name} twice`);
      counts[name as Name] = count;
    }
  }
  const names: readonly Name[] = OF_A_TRANSFORM.some(name => counts[name] !== undefined)
    ? [...OF_EVERY_LOAD, ...OF_A_TRANSFORM]
    : OF_EVERY_LOAD;
  const missing = names.filter(name => counts[name] === undefined);
  if (missing.length > 0) throw countsError(`no ${missing.join(', ')}`);
  return withTransform(runId, counts as Record<Name, number>);

  function countsError(found: string): EtlError {
    return new EtlError(
      ERROR.loadFailed,
      `Run ${runId}: the load has ended, but s3://${workBucket}/${folder} must hold each of ` +
        `${OF_EVERY_LOAD.join(', ')} once, and holds ` +
        `${found}: ${lines.join(' ')}. Did something else write there? Loading the run again is safe.`,
    );
  }
}

function withTransform(
  runId: string,
  { rowsTransformed, transformedRowsRejected, ...counts }: Record<Name, number>,
): Counts {
  if (rowsTransformed === undefined) return counts;
  const rowsValid = counts.rowsRead - counts.rowsRejected;
  if (rowsTransformed > rowsValid) {
    throw new ConfigurationError(
      `Run ${runId}: the step's \`transform\` must yield no more rows than it reads, got ${rowsTransformed} of ` +
        `${rowsValid}, so the rows ` +
        'cannot be accounted for. They have been written. Change the SELECT (a join or an explode() that repeats ' +
        'rows), or load a dataset that has them as rows.',
    );
  }
  return {
    ...counts,
    rowsRejected: counts.rowsRejected + transformedRowsRejected,
    rowsFiltered: rowsValid - rowsTransformed,
  };
}

async function readLines(Bucket: string, Prefix: string): Promise<string[]> {
  // Hive writes one object for each task: one page holds them all
  const { Contents = [] } = await s3().send(new ListObjectsV2Command({ Bucket, Prefix }));
  const keys = Contents.map(({ Key }) => Key!).filter(key => !HIDDEN.test(key.slice(Prefix.length - 1)));
  const texts = await Promise.all(
    keys.map(async Key => {
      const { Body } = await s3().send(new GetObjectCommand({ Bucket, Key }));
      return Body!.transformToString();
    }),
  );
  return texts.flatMap(text => text.split('\n')).filter(line => line.trim() !== '');
}
