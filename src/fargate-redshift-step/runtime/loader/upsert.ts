import { setTimeout as pause } from 'timers/promises';
import { LATEST_ROWS } from './checked-rows';
import { isSerializationFailure } from './failure';
import type { Log } from './log';
import type { Session } from './session';
import { identifier, literal, qualified } from './sql';
import type { DatasetDefinition } from '../../../dataset/contract';
import type { StepResult } from '../../../etl-step/contract';
import { HISTORY_TABLE, type LoaderInput } from '../../contract';

// The one transaction. It is right under SNAPSHOT and under SERIALIZABLE isolation: LOCK comes first, and the snapshot starts at the first read
// behind it, so what another load has committed meanwhile is seen. Loads into one schema queue here, for the short time that the merge takes.

const ATTEMPTS = 6;
const FIRST_PAUSE_MILLISECONDS = 500;

/** Rows of the run as counted before the transaction. */
export interface CountedRows {
  readonly read: number;
  readonly rejected: number;
  /** Rows of LATEST_ROWS. */
  readonly latest: number;
  /** S3 URI of the folder that keeps the rejected rows. */
  readonly rejectedRows?: string;
}

/** Merges LATEST_ROWS into the target and records the run, or finds the record of the task that did. Error 1023 is tried again, as a whole. */
export async function upsert(session: Session, input: LoaderInput, counted: CountedRows, seconds: () => number, log: Log): Promise<StepResult> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction(session, input, counted, seconds, log);
    } catch (error) {
      if (!isSerializationFailure(error) || attempt === ATTEMPTS) throw error; // the transaction ends with the session
      await session.query('ROLLBACK');
      log('another transaction won, trying again', { attempt });
      await pause(FIRST_PAUSE_MILLISECONDS * 2 ** (attempt - 1) * (0.5 + Math.random()));
    }
  }
}

async function transaction(session: Session, input: LoaderInput, counted: CountedRows, seconds: () => number, log: Log): Promise<StepResult> {
  const { schema, table, dataset } = input;
  await session.query('BEGIN');
  // the same order everywhere, or two loads could wait for each other
  await session.query(`LOCK TABLE ${qualified(schema, HISTORY_TABLE)}, ${qualified(schema, table)}`);
  const recorded = await findRecord(session, input);
  if (recorded) {
    await session.query('ROLLBACK');
    log('the run was loaded before, nothing changed');
    return recorded;
  }
  const older = dataset.latestBy ? (await session.query(dropOlderRows(schema, table, dataset))).rowCount : 0;
  const written = Number(await session.value(`SELECT COUNT(*) FROM ${LATEST_ROWS}`));
  if (written !== counted.latest - older) {
    throw new Error(`Of ${counted.latest} rows ${older} are older than the table's, so ${counted.latest - older} must be left, and it is ${written}.`);
  }
  await session.query(merge(schema, table, dataset));
  const result: StepResult = {
    rowsRead: counted.read,
    rowsWritten: written,
    rowsRejected: counted.rejected,
    duplicatesDropped: counted.read - counted.rejected - written,
    seconds: seconds(),
    ...counted.rejectedRows ? { rejectedRows: counted.rejectedRows } : {},
  };
  await session.query(insertRecord(input, result));
  await session.query('COMMIT');
  log('rows merged', { written, older });
  return result;
}

/** Rows whose target row is later by `latestBy`; a null is earlier than any value. */
function dropOlderRows(schema: string, table: string, { key, latestBy }: DatasetDefinition): string {
  const by = identifier(latestBy!);
  return `DELETE FROM ${LATEST_ROWS} USING ${qualified(schema, table)} AS target
    WHERE ${key.map(name => `target.${identifier(name)} = ${LATEST_ROWS}.${identifier(name)}`).join(' AND ')}
      AND target.${by} IS NOT NULL AND (${LATEST_ROWS}.${by} IS NULL OR target.${by} > ${LATEST_ROWS}.${by})`;
}

/** Touches the dataset's columns only: others keep what they have, and get their default in a new row. */
function merge(schema: string, table: string, { columns, key }: DatasetDefinition): string {
  const names = columns.map(column => identifier(column.name));
  const values = columns.filter(column => !key.includes(column.name)).map(column => identifier(column.name));
  // MERGE wants an UPDATE even if there is nothing but the key
  const updated = values.length > 0 ? values : [identifier(key[0])];
  return `MERGE INTO ${qualified(schema, table)} USING ${LATEST_ROWS}
    ON ${key.map(name => `${identifier(table)}.${identifier(name)} = ${LATEST_ROWS}.${identifier(name)}`).join(' AND ')}
    WHEN MATCHED THEN UPDATE SET ${updated.map(name => `${name} = ${LATEST_ROWS}.${name}`).join(', ')}
    WHEN NOT MATCHED THEN INSERT (${names.join(', ')}) VALUES (${names.map(name => `${LATEST_ROWS}.${name}`).join(', ')})`;
}

async function findRecord(session: Session, { schema, runId, stepId }: LoaderInput): Promise<StepResult | undefined> {
  const { rows } = await session.query('SELECT rows_read, rows_written, rows_rejected, duplicates_dropped, seconds, rejected_rows '
    + `FROM ${qualified(schema, HISTORY_TABLE)} WHERE run_id = ${literal(runId)} AND step_id = ${literal(stepId)}`);
  if (rows.length === 0) return undefined;
  const [rowsRead, rowsWritten, rowsRejected, duplicatesDropped, seconds] = rows[0].map(Number);
  const rejectedRows = rows[0][5];
  return { rowsRead, rowsWritten, rowsRejected, duplicatesDropped, seconds, ...rejectedRows ? { rejectedRows } : {} };
}

function insertRecord({ schema, table, runId, stepId }: LoaderInput, result: StepResult): string {
  const { rowsRead, rowsWritten, rowsRejected, duplicatesDropped, seconds, rejectedRows } = result;
  return `INSERT INTO ${qualified(schema, HISTORY_TABLE)}
    (run_id, step_id, table_name, rows_read, rows_written, rows_rejected, duplicates_dropped, seconds, rejected_rows, loaded_at)
    VALUES (${literal(runId)}, ${literal(stepId)}, ${literal(table)}, ${rowsRead}, ${rowsWritten}, ${rowsRejected}, ${duplicatesDropped}, ${seconds},
      ${rejectedRows ? literal(rejectedRows) : 'NULL'}, GETDATE())`;
}
