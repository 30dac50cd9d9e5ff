import { findRecord, insertRecord } from './load-history';
import { identifier, qualified } from './quoting';
import type { DatasetDefinition } from '../../../../dataset/contract';
import type { StepResult } from '../../../../etl-step/contract';
import { HISTORY_TABLE, type LoaderInput } from '../../../contract';
import { retryConflicts } from '../conflicts';
import type { Log } from '../log';
import type { Session } from '../session';

// The one transaction. It is right under SNAPSHOT and under SERIALIZABLE isolation: LOCK comes first, and the snapshot
// starts at the first read behind it, so what another load has committed meanwhile is seen. Loads into one schema queue
// here, for the short time that the merge takes.

/** Rows of the run as counted before the transaction. */
export interface CountedRows {
  readonly read: number;
  readonly rejected: number;
  /** Rows of the table of latest rows. */
  readonly latest: number;
  /** S3 URI of the folder that keeps the rejected rows. */
  readonly rejectedRows?: string;
}

/**
 * Merges the latest rows, of a temporary table, into the target and records the run, or finds the record of the task
 * that did. A transaction that loses against another one is tried again, as a whole.
 */
export async function upsert(
  session: Session,
  input: LoaderInput,
  latest: string,
  counted: CountedRows,
  seconds: () => number,
  log: Log,
): Promise<StepResult> {
  return retryConflicts(session, log, () => transaction(session, input, latest, counted, seconds, log));
}

async function transaction(
  session: Session,
  input: LoaderInput,
  latest: string,
  counted: CountedRows,
  seconds: () => number,
  log: Log,
): Promise<StepResult> {
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
  const older = dataset.latestBy ? (await session.query(dropOlderRows(schema, table, latest, dataset))).rowCount : 0;
  const written = Number(await session.value(`SELECT COUNT(*) FROM ${latest}`));
  if (written !== counted.latest - older) {
    throw new Error(
      `Of ${counted.latest} rows ${older} are older than the table's, so ${counted.latest - older} must be left, ` +
        `and it is ${written}.`,
    );
  }
  await session.query(merge(schema, table, latest, dataset));
  const result: StepResult = {
    rowsRead: counted.read,
    rowsWritten: written,
    rowsRejected: counted.rejected,
    duplicatesDropped: counted.read - counted.rejected - written,
    seconds: seconds(),
    ...(counted.rejectedRows ? { rejectedRows: counted.rejectedRows } : {}),
  };
  await session.query(insertRecord(input, result));
  await session.query('COMMIT');
  log('rows merged', { written, older });
  return result;
}

/** Rows whose target row is later by `latestBy`; a null is earlier than any value. */
function dropOlderRows(schema: string, table: string, latest: string, { key, latestBy }: DatasetDefinition): string {
  const by = identifier(latestBy!);
  return `DELETE FROM ${latest} USING ${qualified(schema, table)} AS target
    WHERE ${key.map(name => `target.${identifier(name)} = ${latest}.${identifier(name)}`).join(' AND ')}
      AND target.${by} IS NOT NULL AND (${latest}.${by} IS NULL OR target.${by} > ${latest}.${by})`;
}

/** Touches the dataset's columns only: others keep what they have, and get their default in a new row. */
function merge(schema: string, table: string, latest: string, { columns, key }: DatasetDefinition): string {
  const names = columns.map(column => identifier(column.name));
  const values = columns.filter(column => !key.includes(column.name)).map(column => identifier(column.name));
  // MERGE wants an UPDATE even if there is nothing but the key
  const updated = values.length > 0 ? values : [identifier(key[0])];
  return `MERGE INTO ${qualified(schema, table)} USING ${latest}
    ON ${key.map(name => `${identifier(table)}.${identifier(name)} = ${latest}.${identifier(name)}`).join(' AND ')}
    WHEN MATCHED THEN UPDATE SET ${updated.map(name => `${name} = ${latest}.${name}`).join(', ')}
    WHEN NOT MATCHED THEN INSERT (${names.join(', ')}) VALUES (${names.map(name => `${latest}.${name}`).join(', ')})`;
}
