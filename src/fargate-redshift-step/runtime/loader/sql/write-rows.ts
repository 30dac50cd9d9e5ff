import { identifier, qualified } from './quoting';
import type { RunRows } from './run-rows';
import type { TargetTable } from './target-table';
import type { DatasetDefinition } from '../../../../dataset/contract';
import type { LoaderInput } from '../../../contract';
import type { Session } from '../session';

// How the rows of a run get into the table, in each mode. All of it happens in the load's one transaction. None of it
// touches a column that the dataset does not have: those keep what they have, and get their default or their next
// identity in a new row.

export interface RowsAndTarget {
  readonly target: TargetTable;
  readonly rows: RunRows;
}

type Work = RowsAndTarget & { readonly input: LoaderInput };

/** Writes the rows, and returns how many of them were older than the table's and so were dropped. */
export async function writeRows(session: Session, work: Work): Promise<number> {
  switch (work.input.mode) {
    case 'upsert':
      return upsert(session, work);
    case 'append':
      await session.query(insert(work));
      return 0;
    case 'replace':
      await replace(session, work);
      return 0;
  }
}

async function upsert(session: Session, work: Work): Promise<number> {
  const { dataset } = work.input;
  const older = dataset.latestBy ? (await session.query(dropOlderRows(work, dataset.latestBy))).rowCount : 0;
  await session.query(merge(work));
  return older;
}

/** DELETE and no TRUNCATE, which would commit: https://docs.aws.amazon.com/redshift/latest/dg/r_TRUNCATE.html */
async function replace(session: Session, work: Work): Promise<void> {
  const { input, target, rows } = work;
  // the table is worth more than an extract without a row
  if (rows.count === 0) return;
  const deleted = `DELETE FROM ${qualified(target.schema, target.table)}`;
  if (input.partitionColumn === undefined) {
    await session.query(deleted);
  } else {
    const index = indexOf(input.dataset, input.partitionColumn);
    const [partition, value] = [identifier(target.columns[index].name), rows.values[index]];
    await session.query(
      `${deleted} WHERE ${partition} IN (SELECT ${value} FROM ${rows.table} WHERE ${value} IS NOT NULL)`,
    );
    const nulls = await session.value(`SELECT COUNT(*) FROM ${rows.table} WHERE ${value} IS NULL`);
    if (nulls !== '0') await session.query(`${deleted} WHERE ${partition} IS NULL`);
  }
  await session.query(insert(work));
}

const indexOf = ({ columns }: DatasetDefinition, name: string): number =>
  columns.findIndex(column => column.name === name);

/** Rows whose target row is later by `latestBy`; a null is earlier than any value. */
function dropOlderRows({ input: { dataset }, target, rows }: Work, latestBy: string): string {
  const index = indexOf(dataset, latestBy);
  const [by, value] = [`target.${identifier(target.columns[index].name)}`, rows.values[index]];
  return `DELETE FROM ${rows.table} USING ${qualified(target.schema, target.table)} AS target
    WHERE ${sameKey('target', { dataset, target, rows })}
      AND ${by} IS NOT NULL AND (${value} IS NULL OR ${by} > ${value})`;
}

function merge({ input: { dataset }, target, rows }: Work): string {
  const names = target.columns.map(({ name }) => identifier(name));
  const values = dataset.columns.flatMap(({ name }, index) => (dataset.key.includes(name) ? [] : [index]));
  // MERGE wants an UPDATE even if there is nothing but the key
  const updated = values.length > 0 ? values : [indexOf(dataset, dataset.key[0])];
  return `MERGE INTO ${qualified(target.schema, target.table)} USING ${rows.table}
    ON ${sameKey(identifier(target.table), { dataset, target, rows })}
    WHEN MATCHED THEN UPDATE SET ${updated.map(index => `${names[index]} = ${rows.values[index]}`).join(', ')}
    WHEN NOT MATCHED THEN INSERT (${names.join(', ')}) VALUES (${rows.values.join(', ')})`;
}

function insert({ target, rows }: RowsAndTarget): string {
  const names = target.columns.map(({ name }) => identifier(name));
  return (
    `INSERT INTO ${qualified(target.schema, target.table)} (${names.join(', ')}) ` +
    `SELECT ${rows.values.join(', ')} FROM ${rows.table}`
  );
}

/** @param table name of the target in the statement */
function sameKey(table: string, { dataset, target, rows }: RowsAndTarget & { dataset: DatasetDefinition }): string {
  return dataset.key
    .map(name => indexOf(dataset, name))
    .map(index => `${table}.${identifier(target.columns[index].name)} = ${rows.values[index]}`)
    .join(' AND ');
}
