import { literal, qualified } from './quoting';
import type { StepResult } from '../../../../etl-step/contract';
import { HISTORY_TABLE, type LoaderInput } from '../../../contract';
import type { Session } from '../session';

// The table, in the target's schema, that remembers which runs have been loaded: a run is in it exactly if its rows are
// in the target.

const COLUMNS = [
  'run_id VARCHAR(128) NOT NULL',
  'step_id VARCHAR(128) NOT NULL',
  'table_name VARCHAR(127) NOT NULL',
  'rows_read BIGINT NOT NULL',
  'rows_written BIGINT NOT NULL',
  'rows_rejected BIGINT NOT NULL',
  'duplicates_dropped BIGINT NOT NULL',
  'seconds BIGINT NOT NULL',
  'rejected_rows VARCHAR(2048)',
  'loaded_at TIMESTAMP NOT NULL',
  'PRIMARY KEY (run_id, step_id)',
];

export function createHistory(schema: string): string {
  return `CREATE TABLE IF NOT EXISTS ${qualified(schema, HISTORY_TABLE)} (${COLUMNS.join(', ')})`;
}

/** The result of the run, if it has been loaded. The table must exist. */
export async function findRecord(
  session: Session,
  schema: string,
  { runId, stepId }: LoaderInput,
): Promise<StepResult | undefined> {
  const { rows } = await session.query(
    'SELECT rows_read, rows_written, rows_rejected, duplicates_dropped, seconds, rejected_rows ' +
      `FROM ${qualified(schema, HISTORY_TABLE)} WHERE run_id = ${literal(runId)} AND step_id = ${literal(stepId)}`,
  );
  if (rows.length === 0) return undefined;
  const [rowsRead, rowsWritten, rowsRejected, duplicatesDropped, seconds] = rows[0].map(Number);
  const rejectedRows = rows[0][5];
  return { rowsRead, rowsWritten, rowsRejected, duplicatesDropped, seconds, ...(rejectedRows ? { rejectedRows } : {}) };
}

export function insertRecord(schema: string, { table, runId, stepId }: LoaderInput, result: StepResult): string {
  const { rowsRead, rowsWritten, rowsRejected, duplicatesDropped, seconds, rejectedRows } = result;
  return `INSERT INTO ${qualified(schema, HISTORY_TABLE)}
    (run_id, step_id, table_name, rows_read, rows_written, rows_rejected, duplicates_dropped, seconds, rejected_rows, loaded_at)
    VALUES (${literal(runId)}, ${literal(stepId)}, ${literal(table)}, ${rowsRead}, ${rowsWritten}, ${rowsRejected}, ${duplicatesDropped}, ${seconds},
      ${rejectedRows ? literal(rejectedRows) : 'NULL'}, GETDATE())`;
}
