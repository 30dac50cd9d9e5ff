import { createHistory } from './load-history';
import { identifier, literal, qualified } from './quoting';
import { columnType, fitOf, TargetColumn } from './target-types';
import type { DatasetDefinition } from '../../../../dataset/contract';
import { ConfigurationError } from '../../../../runtime/errors';
import { HISTORY_TABLE } from '../../../contract';
import type { Log } from '../log';
import type { Session } from '../session';

export interface TargetNames {
  readonly schema: string;
  readonly table: string;
}

/**
 * Makes sure of schema, target table and load history; a table that exists is used as it is.
 * @returns the target's columns that the dataset fills, in the dataset's order
 * @throws ConfigurationError if the table cannot take the dataset's columns
 */
export async function prepareTarget(
  session: Session,
  names: TargetNames,
  dataset: DatasetDefinition,
  log: Log,
): Promise<TargetColumn[]> {
  const { schema, table } = names;
  // CREATE … IF NOT EXISTS asks for the right to create even where there is nothing to create: look first
  const schemas = await session.query(
    `SELECT nspname FROM pg_namespace WHERE nspname = ${literal(schema.toLowerCase())}`,
  );
  if (schemas.rows.length === 0) {
    log('creating the schema', { schema });
    await session.query(`CREATE SCHEMA IF NOT EXISTS ${identifier(schema)}`);
  }
  if (!(await historyExists(session, schema))) {
    log('creating the load history', { schema, table: HISTORY_TABLE });
    await session.query(createHistory(schema));
  }
  let columns = await columnsOf(session, schema, table);
  if (columns.length === 0) {
    log('creating the table', { schema, table });
    await session.query(createTable(names, dataset));
    columns = await columnsOf(session, schema, table);
  }
  return matchColumns(names, dataset, columns);
}

function createTable({ schema, table }: TargetNames, dataset: DatasetDefinition): string {
  const columns = dataset.columns.map(
    column =>
      `${identifier(column.name)} ` +
      `${columnType(column)}${column.required || dataset.key.includes(column.name) ? ' NOT NULL' : ''}`,
  );
  // Redshift enforces no primary key: it tells the query planner, and readers, what the loader sees to
  return (
    `CREATE TABLE IF NOT EXISTS ${qualified(schema, table)} (${columns.join(', ')}, PRIMARY KEY ` +
    `(${dataset.key.map(identifier).join(', ')}))`
  );
}

/** Whether loads into the schema have been recorded. */
export async function historyExists(session: Session, schema: string): Promise<boolean> {
  return (await columnsOf(session, schema, HISTORY_TABLE)).length > 0;
}

async function columnsOf(session: Session, schema: string, table: string): Promise<TargetColumn[]> {
  const { rows } = await session.query(
    `SELECT c.relkind, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull FROM pg_class c
     JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE n.nspname = ${literal(schema.toLowerCase())} AND c.relname = ${literal(table.toLowerCase())} AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY a.attnum`,
  );
  const other = rows.find(([kind]) => kind !== 'r');
  if (other) {
    throw new ConfigurationError(
      `${schema}.${table} must be a table, but the catalogue says that its kind is '${other[0]}' (v stands for a ` +
        'view). ' +
        'Name a table, or drop it: the loader creates a missing table.',
    );
  }
  return rows.map(([, name, type, notNull]) => ({ name: name!, type: type!, notNull: notNull === 't' }));
}

function matchColumns(
  { schema, table }: TargetNames,
  dataset: DatasetDefinition,
  columns: TargetColumn[],
): TargetColumn[] {
  const byName = new Map(columns.map(column => [column.name, column]));
  const missing = dataset.columns.filter(column => !byName.has(column.name.toLowerCase()));
  if (missing.length > 0) {
    const statements = missing.map(
      column => `ALTER TABLE ${qualified(schema, table)} ADD COLUMN ${identifier(column.name)} ${columnType(column)};`,
    );
    throw new ConfigurationError(
      `The table ${schema}.${table} lacks columns of the dataset '${dataset.name}': ` +
        `${missing.map(column => column.name).join(', ')}. Run: ${statements.join(' ')}`,
    );
  }
  return dataset.columns.map(column => {
    const target = byName.get(column.name.toLowerCase())!;
    if (!fitOf(column, target)) {
      throw new ConfigurationError(
        `The column ${column.name} of the table ${schema}.${table} is ${target.type}, which cannot hold every ` +
          'value of the ' +
          `dataset's type ${column.type} exactly. Change the table's column to ${columnType(column)}, or the ` +
          `dataset's column.`,
      );
    }
    return target;
  });
}
