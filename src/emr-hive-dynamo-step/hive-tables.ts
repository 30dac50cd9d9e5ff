import { HIVE_PLACEHOLDER } from './contract';
import type { HiveColumn } from './hive-column';
import { columnMapping, itemColumns } from './hive-item';
import { hiveLiteral } from './hive-literal';
import { rowColumns, rowPattern } from './hive-row';
import { lines } from './hive-text';
import type { ColumnDefinition, DatasetDefinition } from '../dataset/contract';

/**
 * Tables of the script. All are temporary: they belong to the session and end with it, so no other run meets them,
 * whatever its cluster.
 */
export const TABLE = { staged: 'staged', chosen: 'chosen', dynamo: 'dynamo' } as const;

/** Over the lines of the run's staged files. */
export function stagedTable({ format, columns }: DatasetDefinition): string {
  return `
-- over the lines of the staged files: each line, and each field with and without quotes
CREATE TEMPORARY EXTERNAL TABLE ${TABLE.staged} (
  ${lines(
    rowColumns(columns.length).map(name => `${name} STRING`),
    2,
  )}
)
ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe'
WITH SERDEPROPERTIES ('input.regex' = ${hiveLiteral(rowPattern(format, columns.length))})
STORED AS TEXTFILE
LOCATION '${HIVE_PLACEHOLDER.inputFolder}'
TBLPROPERTIES ('skip.header.line.count' = '${format.header ? 1 : 0}');
`;
}

/** The table in DynamoDB. */
export function dynamoTable(tableName: string, columns: HiveColumn[]): string {
  return `
-- the table in DynamoDB
CREATE TEMPORARY EXTERNAL TABLE ${TABLE.dynamo} (
  ${lines(itemColumns(columns), 2)}
)
STORED BY 'org.apache.hadoop.hive.dynamodb.DynamoDBStorageHandler'
TBLPROPERTIES (
  'dynamodb.table.name' = ${hiveLiteral(tableName)},
  'dynamodb.column.mapping' = ${hiveLiteral(columnMapping(columns))},
  ${HIVE_PLACEHOLDER.writeRate}
);
`;
}

/** The one row of each key that is written. */
export function chosenTable(columns: HiveColumn[]): string {
  return temporaryTable(
    'the one row of each key that is written',
    TABLE.chosen,
    columns.map(column => `${column.value} ${column.type}`),
  );
}

/** The rows that a transform reads, under the name of the dataset. */
export function transformTable({ name, columns }: DatasetDefinition): string {
  return temporaryTable(
    'what the transform reads',
    `\`${name}\``,
    columns.map(column => `\`${column.name}\` ${transformType(column)}`),
  );
}

/**
 * Dates and times stay text: Hive's own types know neither the zone of a time nor, before 1582, the calendar of a date.
 */
function transformType({ type, precision, scale }: ColumnDefinition): string {
  switch (type) {
    case 'integer':
      return 'BIGINT';
    case 'decimal':
      return `DECIMAL(${precision},${scale})`;
    case 'floatingPoint':
      return 'DOUBLE';
    case 'bool':
      return 'BOOLEAN';
    default:
      return 'STRING';
  }
}

function temporaryTable(comment: string, name: string, columns: string[]): string {
  return `
-- ${comment}
CREATE TEMPORARY TABLE ${name} (
  ${lines(columns, 2)}
)
STORED AS ORC
-- read once: what ZLIB saves in bytes costs more in time
TBLPROPERTIES ('orc.compress' = 'SNAPPY');
`;
}
