import { createHistory } from './load-history';
import { isAlike, meantBy, newName } from './names';
import { identifier, literal, qualified } from './quoting';
import { columnType, fitOf, TargetColumn } from './target-types';
import type { DatasetDefinition } from '../../../../dataset/contract';
import { ConfigurationError } from '../../../../runtime/errors';
import { HISTORY_TABLE, type LoaderInput } from '../../../contract';
import type { Log } from '../log';
import type { Session } from '../session';

/** Where the rows go, by the names that the catalogue has. */
export interface TargetTable {
  readonly schema: string;
  readonly table: string;
  /** Those that the dataset fills, in the dataset's order. */
  readonly columns: TargetColumn[];
}

/**
 * Makes sure of schema, target table and load history; a table that exists is used as it is.
 * @throws ConfigurationError if the table cannot take the dataset's columns
 */
export async function prepareTarget(session: Session, input: LoaderInput, log: Log): Promise<TargetTable> {
  // CREATE … IF NOT EXISTS asks for the right to create even where there is nothing to create: look first
  const schema = (await findSchema(session, input.schema)) ?? (await createSchema(session, input.schema, log));
  if (!(await findTable(session, schema, HISTORY_TABLE))) {
    log('creating the load history', { schema, table: HISTORY_TABLE });
    await session.query(createHistory(schema));
  }
  let found = await findTable(session, schema, input.table);
  if (!found) {
    log('creating the table', { schema, table: newName(input.table) });
    await session.query(createTable(schema, input));
    found = (await findTable(session, schema, input.table))!;
  }
  return { schema, table: found.table, columns: matchColumns(schema, found, input.dataset) };
}

/** The schema, if loads into it have been recorded. */
export async function findHistory(session: Session, wanted: string): Promise<string | undefined> {
  const schema = await findSchema(session, wanted);
  return schema !== undefined && (await findTable(session, schema, HISTORY_TABLE)) ? schema : undefined;
}

async function findSchema(session: Session, wanted: string): Promise<string | undefined> {
  const { rows } = await session.query(`SELECT nspname FROM pg_namespace WHERE ${isAlike('nspname', wanted)}`);
  return meantBy(
    'schema',
    wanted,
    rows.map(([name]) => name!),
  );
}

async function createSchema(session: Session, wanted: string, log: Log): Promise<string> {
  const schema = newName(wanted);
  log('creating the schema', { schema });
  await session.query(`CREATE SCHEMA IF NOT EXISTS ${identifier(schema)}`);
  return schema;
}

function createTable(schema: string, { table, dataset, createTable: layout = {} }: LoaderInput): string {
  const columns = dataset.columns.map(
    column =>
      `${identifier(newName(column.name))} ${columnType(column)}` +
      (column.required || dataset.key.includes(column.name) ? ' NOT NULL' : ''),
  );
  const list = (names: readonly string[]): string => names.map(name => identifier(newName(name))).join(', ');
  // Redshift enforces no primary key: it tells the query planner, and readers, what the loader sees to
  const key = dataset.key.length > 0 ? [`PRIMARY KEY (${list(dataset.key)})`] : [];
  const { distributionStyle, distributionKey, sortKeys = [] } = layout;
  const attributes = [
    ...(distributionStyle ? [` DISTSTYLE ${distributionStyle}`] : []),
    ...(distributionKey ? [` DISTSTYLE KEY DISTKEY (${list([distributionKey])})`] : []),
    ...(sortKeys.length > 0 ? [` COMPOUND SORTKEY (${list(sortKeys)})`] : []),
  ];
  return (
    `CREATE TABLE IF NOT EXISTS ${qualified(schema, newName(table))} ` +
    `(${[...columns, ...key].join(', ')})${attributes.join('')}`
  );
}

interface FoundTable {
  readonly table: string;
  readonly columns: TargetColumn[];
}

async function findTable(session: Session, schema: string, wanted: string): Promise<FoundTable | undefined> {
  const { rows } = await session.query(
    `SELECT c.relname, c.relkind, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull FROM pg_class c
     JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE n.nspname = ${literal(schema)} AND ${isAlike('c.relname', wanted)} AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY c.relname, a.attnum`,
  );
  const table = meantBy('table', wanted, [...new Set(rows.map(([name]) => name!))]);
  if (table === undefined) return undefined;
  const own = rows.filter(([name]) => name === table);
  const kind = own[0][1];
  if (kind !== 'r') {
    throw new ConfigurationError(
      `${schema}.${table} must be a table, but the catalogue says that its kind is '${kind}' (v stands for a view). ` +
        'Name a table, or drop it: the loader creates a missing table.',
    );
  }
  const columns = own.map(([, , name, type, notNull]) => ({ name: name!, type: type!, notNull: notNull === 't' }));
  return { table, columns };
}

function matchColumns(schema: string, { table, columns }: FoundTable, dataset: DatasetDefinition): TargetColumn[] {
  const byName = new Map(columns.map(column => [column.name, column]));
  const names = [...byName.keys()];
  const matches = dataset.columns.map(column => {
    const name = meantBy(`column of the table ${schema}.${table} for`, column.name, names);
    return { column, target: name === undefined ? undefined : byName.get(name) };
  });
  const missing = matches.filter(({ target }) => !target);
  if (missing.length > 0) {
    const statements = missing.map(
      ({ column }) =>
        `ALTER TABLE ${qualified(schema, table)} ` +
        `ADD COLUMN ${identifier(newName(column.name))} ${columnType(column)};`,
    );
    throw new ConfigurationError(
      `The table ${schema}.${table} lacks columns of the dataset '${dataset.name}': ` +
        `${missing.map(({ column }) => column.name).join(', ')}. Run: ${statements.join(' ')}`,
    );
  }
  return matches.map(({ column, target }) => {
    if (!fitOf(column, target!)) {
      throw new ConfigurationError(
        `The column ${column.name} of the table ${schema}.${table} is ${target!.type}, which cannot hold every ` +
          `value of the dataset's type ${column.type} exactly. Change the table's column to ${columnType(column)}, ` +
          "or the dataset's column.",
      );
    }
    return target!;
  });
}
