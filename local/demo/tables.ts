import { paginateScan, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { sortByKey, type Row } from './compare';
import type { DatasetDefinition } from '../../src/dataset/contract';

/** What a query answers: each value as the warehouse's own text. */
export type QueryRows = (statement: string) => Promise<Row[]>;

/** What a table holds. */
export interface TableContent {
  /** Those of the dataset first. */
  readonly columns: string[];
  /** Every column is there, null where the table holds none. Sorted by the dataset's key. */
  readonly rows: Row[];
}

/** Items may have attributes that are no columns of the dataset: a transform's, renamed ones, the user's own. */
export async function readDynamoDbTable(
  client: DynamoDBClient,
  table: string,
  dataset?: DatasetDefinition,
): Promise<TableContent> {
  const items: Record<string, AttributeValue>[] = [];
  for await (const page of paginateScan({ client }, { TableName: table, ConsistentRead: true })) {
    items.push(...(page.Items ?? []));
  }
  const known = dataset?.columns.map(({ name }) => name) ?? [];
  const columns = [...new Set([...known, ...items.flatMap(item => Object.keys(item)).sort()])];
  const rows = items.map(item => Object.fromEntries(columns.map(name => [name, attributeText(item[name])])));
  return { columns, rows: dataset ? sortByKey(dataset, rows) : rows };
}

function attributeText(value: AttributeValue | undefined): string | null {
  if (value === undefined || value.NULL) return null;
  const text = value.S ?? value.N ?? value.BOOL;
  // no column becomes another type: shown, and different from anything
  return text === undefined ? JSON.stringify(value) : String(text);
}

/** The loader makes the table for its first row: without one, there are no rows. */
export async function readRedshiftTable(
  query: QueryRows,
  schema: string,
  table: string,
  dataset: DatasetDefinition,
): Promise<TableContent> {
  const columns = dataset.columns.map(({ name }) => name);
  const target = `${quoted(schema)}.${quoted(table)}`;
  const [{ found }] = await query(`SELECT to_regclass('${target.replaceAll("'", "''")}') AS found`);
  if (found === null) return { columns, rows: [] };
  const texts = dataset.columns.map(({ name, type }) =>
    type === 'bool'
      ? // the wire says t and f
        `CASE WHEN ${quoted(name)} THEN 'true' WHEN NOT ${quoted(name)} THEN 'false' END AS ${quoted(name)}`
      : `${quoted(name)}::varchar AS ${quoted(name)}`,
  );
  return { columns, rows: sortByKey(dataset, await query(`SELECT ${texts.join(', ')} FROM ${target}`)) };
}

function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
