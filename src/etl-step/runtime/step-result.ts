import { EtlError } from '../../runtime/errors';
import { record } from '../../runtime/metrics';
import { getJson, putJsonOnce } from '../../runtime/work-bucket';
import { resultKey, type StepResult } from '../contract';

/** The result of the step, if an attempt of the run has finished it. */
export function findResult(workBucket: string, runId: string, stepId: string): Promise<StepResult | undefined> {
  return getJson<StepResult>(workBucket, resultKey(runId, stepId));
}

/**
 * Records that the step is done; returns what is recorded, which is the first result if there is one already.
 * @throws EtlError as checkRows
 */
export async function writeResultOnce(
  workBucket: string,
  runId: string,
  stepId: string,
  result: StepResult,
): Promise<StepResult> {
  checkRows(runId, stepId, result);
  if (await putJsonOnce(workBucket, resultKey(runId, stepId), result)) {
    recordResult(result);
    return result;
  }
  return (await findResult(workBucket, runId, stepId))!;
}

/**
 * Every row that was read is written, rejected, dropped as a duplicate or filtered.
 * @throws EtlError `Etl.RowsLost` if the counts say otherwise
 */
export function checkRows(runId: string, stepId: string, result: StepResult): void {
  const { rowsRead, rowsWritten, rowsRejected, duplicatesDropped, rowsFiltered = 0 } = result;
  const accounted = rowsWritten + rowsRejected + duplicatesDropped + rowsFiltered;
  if (rowsRead === accounted) return;
  throw new EtlError(
    'Etl.RowsLost',
    `Run ${runId}, step '${stepId}': ${rowsRead} rows were read, but ${rowsWritten} written, ${rowsRejected} ` +
      'rejected, ' +
      `${duplicatesDropped} dropped as duplicates and ${rowsFiltered} filtered make ${accounted}. The target may ` +
      'hold some of the rows; ' +
      'loading the files again is safe. Please report this with the logs of the step.',
  );
}

/**
 * Counts what a step has loaded. A check that is repeated may count it again: the result in the work bucket is what is
 * right.
 */
export function recordResult({ rowsRead, rowsWritten, rowsRejected, duplicatesDropped, seconds }: StepResult): void {
  record('step', {
    RowsRead: rowsRead,
    RowsWritten: rowsWritten,
    RowsRejected: rowsRejected,
    DuplicatesDropped: duplicatesDropped,
    LoadDuration: seconds,
  });
}
