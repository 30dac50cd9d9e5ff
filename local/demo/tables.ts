import { paginateScan, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { sortByKey, type Row } from './compare';
import type { DatasetDefinition } from '../../src/dataset/contract';

/** What a query answers: each value as the warehouse's own text. */
export type QueryRows = (statement: string) => Promise<Row[]>;

export async function readDynamoDbTable(
  client: DynamoDBClient,
  table: string,
  dataset: DatasetDefinition,
): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const page of paginateScan({ client }, { TableName: table, ConsistentRead: true })) {
    for (const item of page.Items ?? []) {
      rows.push(Object.fromEntries(dataset.columns.map(({ name }) => [name, attributeText(item[name])])));
    }
  }
  return sortByKey(dataset, rows);
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
): Promise<Row[]> {
  const target = `${quoted(schema)}.${quoted(table)}`;
  const [{ found }] = await query(`SELECT to_regclass('${target.replaceAll("'", "''")}') AS found`);
  if (found === null) return [];
  const columns = dataset.columns.map(({ name, type }) =>
    type === 'bool'
      ? // the wire says t and f
        `CASE WHEN ${quoted(name)} THEN 'true' WHEN NOT ${quoted(name)} THEN 'false' END AS ${quoted(name)}`
      : `${quoted(name)}::varchar AS ${quoted(name)}`,
  );
  return sortByKey(dataset, await query(`SELECT ${columns.join(', ')} FROM ${target}`));
}

function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
