import { findRecord, insertRecord } from './load-history';
import { qualified } from './quoting';
import { type RowsAndTarget, writeRows } from './write-rows';
import type { StepResult } from '../../../../etl-step/contract';
import { HISTORY_TABLE, type LoaderInput } from '../../../contract';
import type { Log } from '../log';
import type { Session } from '../session';

// The one transaction. It is right under SNAPSHOT and under SERIALIZABLE isolation: LOCK comes first, and the snapshot
// starts at the first read behind it, so what another load has committed meanwhile is seen. Loads into one schema queue
// here, for the short time that the writing takes.

/** Rows of the run as counted before the transaction. */
export interface CountedRows {
  readonly read: number;
  readonly rejected: number;
  /** S3 URI of the folder that keeps the rejected rows. */
  readonly rejectedRows?: string;
  /** How long the load has taken so far. */
  seconds(): number;
}

/**
 * Writes the rows into the target and records the run, or finds the record of the task that did. After an error the
 * transaction may be tried again, once it is rolled back.
 */
export async function writeOnce(
  session: Session,
  input: LoaderInput,
  work: RowsAndTarget,
  counted: CountedRows,
  log: Log,
): Promise<StepResult> {
  const { target, rows } = work;
  await session.query('BEGIN');
  // the same order everywhere, or two loads could wait for each other
  await session.query(
    `LOCK TABLE ${qualified(target.schema, HISTORY_TABLE)}, ${qualified(target.schema, target.table)}`,
  );
  const recorded = await findRecord(session, target.schema, input);
  if (recorded) {
    await session.query('ROLLBACK');
    log('the run was loaded before, nothing changed');
    return recorded;
  }
  const older = await writeRows(session, { ...work, input });
  const written = Number(await session.value(`SELECT COUNT(*) FROM ${rows.table}`));
  if (written !== rows.count - older) {
    throw new Error(
      `Of ${rows.count} rows ${older} are older than the table's, so ${rows.count - older} must be left, ` +
        `and it is ${written}.`,
    );
  }
  const result: StepResult = {
    rowsRead: counted.read,
    rowsWritten: written,
    rowsRejected: counted.rejected,
    duplicatesDropped: counted.read - counted.rejected - written,
    seconds: counted.seconds(),
    ...(counted.rejectedRows ? { rejectedRows: counted.rejectedRows } : {}),
  };
  await session.query(insertRecord(target.schema, input, result));
  await session.query('COMMIT');
  log('rows written', { written, older });
  return result;
}
