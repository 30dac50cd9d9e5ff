import type { StepResult } from '../../src/etl-step/contract';

/** What a step returns whose rows are counted: numbers, all of them. */
const COUNTS = ['rowsRead', 'rowsWritten', 'rowsRejected', 'duplicatesDropped', 'seconds'] as const;

export function isStepResult(result: unknown): result is StepResult {
  return typeof result === 'object' && result !== null && missingCounts(result).length === 0;
}

/** One line about what a step has returned; for another shape than that of counts, with the shape that is wanted. */
export function resultLine(stepId: string, result: unknown): string {
  if (isStepResult(result)) {
    const { rowsRead, rowsWritten, rowsRejected, duplicatesDropped, seconds } = result;
    return (
      `${stepId} is done: ${rowsRead} rows read, ${rowsWritten} written, ${rowsRejected} rejected, ` +
      `${duplicatesDropped} duplicates dropped, in ${seconds.toFixed(1)} s`
    );
  }
  const missing = typeof result === 'object' && result !== null ? missingCounts(result) : COUNTS;
  return (
    `${stepId} is done. It returned ${JSON.stringify(result)}; to have its rows counted, return ` +
    `{ ${COUNTS.join(', ')} }, all of them numbers: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} ` +
    'missing'
  );
}

function missingCounts(result: object): string[] {
  return COUNTS.filter(name => typeof (result as Record<string, unknown>)[name] !== 'number');
}
