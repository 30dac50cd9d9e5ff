import { Token } from 'aws-cdk-lib';
import { HIVE_PLACEHOLDER } from './contract';
import { HiveColumn, hiveColumn, minuteOfDay, orderByText, orderByValue, validity, value } from './hive-column';
import { hiveLiteral } from './hive-literal';
import { fieldText, IS_ROW, IS_WELL_FORMED, rowColumns, rowPattern } from './hive-row';
import { MAX_KEY_BYTES, MAX_VALUE_BYTES, REJECTION } from '../dataset/contract';
import type { DatasetDefinition } from '../dataset/contract';

/** Most bytes of names and values in one item of DynamoDB. */
const MAX_ITEM_BYTES = 400 * 1_024;

/** The script travels in the Launch state's arguments, and Step Functions takes 256 KiB of those, with all the rest that is in them. */
const MAX_SCRIPT_CHARACTERS = 200_000;

export interface HiveScriptProps {
  /** With a key: Hive's connector cannot tell DynamoDB which of several rows with one key is to stay. */
  readonly dataset: DatasetDefinition;
  readonly tableName: string;
  /** By column, where they differ from the column's name. */
  readonly attributeNames: { readonly [column: string]: string };
  /** Of the table's write capacity. */
  readonly writeThroughputPercent: number;
}

/**
 * The HiveQL that loads a run's staged files into a DynamoDB table, for Hive 3.1.3 with EMR's DynamoDB connector. The places of the run are
 * still open: fillHiveScript() (contract.ts) fills them in.
 */
export function hiveScript(props: HiveScriptProps): string {
  const columns = props.dataset.columns.map(hiveColumn);
  const script = [
    SETTINGS,
    dropTables,
    stagedTable(props.dataset),
    dynamoTable(props, columns),
    temporaryTable(TABLE.valid, columns),
    temporaryTable(TABLE.chosen, columns),
    judge(props, columns),
    choose(props.dataset, columns),
    load(columns),
    dropTables,
  ].map(text => `${text.trim()}\n`).join('\n');
  if (script.length > MAX_SCRIPT_CHARACTERS) {
    throw new Error(`dataset '${props.dataset.name}' has too many columns (${columns.length}) to load it into DynamoDB: the HiveQL for them may have at most `
      + `${MAX_SCRIPT_CHARACTERS} characters, got ${script.length}. Split it into several datasets.`);
  }
  return script;
}

const table = (name: string): string => `${name}_${HIVE_PLACEHOLDER.run}`;

const TABLE = { staged: table('staged'), dynamo: table('dynamo'), valid: table('valid'), chosen: table('chosen') };

// Comments hold no quotes and no semicolons: the command line of Hive would split the script there.
const SETTINGS = `
-- lines end in LF alone: a lone CR belongs to its line
set textinputformat.record.delimiter=${HIVE_PLACEHOLDER.lineFeed};
-- from here on text that looks like a variable is just text
set hive.variable.substitute=false;
-- on Tez the connector counts its writers wrongly, and exceeds the write capacity that it may use
set hive.execution.engine=mr;
-- the optimizers that rewrite expressions are off: what decides about a row is to be computed as it is written
set hive.cbo.enable=false;
set hive.vectorized.execution.enabled=false;
-- a task that runs twice at the same time would write its items twice
set mapreduce.map.speculative=false;
set mapreduce.reduce.speculative=false;
set hive.mapred.reduce.tasks.speculative.execution=false;
-- statistics of tables that live for minutes, and another job that merges their files, are of no use
set hive.stats.autogather=false;
set hive.stats.column.autogather=false;
set hive.merge.mapfiles=false;
set hive.exec.compress.output=false;
-- a reducer leaves one file, and a file is what one task writes to DynamoDB: small files, so that many tasks write a large load
set hive.exec.reducers.bytes.per.reducer=33554432;
`;

const dropTables = `
DROP TABLE IF EXISTS ${TABLE.staged};
DROP TABLE IF EXISTS ${TABLE.dynamo};
`;

function stagedTable({ format, columns }: DatasetDefinition): string {
  return `
CREATE EXTERNAL TABLE ${TABLE.staged} (
  ${rowColumns(columns.length).map(name => `${name} STRING`).join(',\n  ')}
)
ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe'
WITH SERDEPROPERTIES ('input.regex' = ${hiveLiteral(rowPattern(format, columns.length))})
STORED AS TEXTFILE
LOCATION '${HIVE_PLACEHOLDER.inputFolder}'
TBLPROPERTIES ('skip.header.line.count' = '${format.header ? 1 : 0}');
`;
}

function dynamoTable({ tableName, attributeNames, writeThroughputPercent }: HiveScriptProps, columns: HiveColumn[]): string {
  if (Token.isUnresolved(writeThroughputPercent)) {
    throw new Error("'writeThroughputPercent' must be known when the app is synthesized, got a token: give the number itself");
  }
  const mapping = columns.map(column => `${column.value}:${attributeName(column, attributeNames)}`).join(',');
  return `
CREATE EXTERNAL TABLE ${TABLE.dynamo} (
  ${columns.map(column => `${column.value} ${column.type}`).join(',\n  ')}
)
STORED BY 'org.apache.hadoop.hive.dynamodb.DynamoDBStorageHandler'
TBLPROPERTIES (
  'dynamodb.table.name' = ${hiveLiteral(tableName)},
  'dynamodb.column.mapping' = ${hiveLiteral(mapping)},
  'dynamodb.throughput.write.percent' = '${writeThroughputPercent / 100}'
);
`;
}

function attributeName({ definition: { name } }: HiveColumn, attributeNames: HiveScriptProps['attributeNames']): string {
  return attributeNames[name] ?? name;
}

function temporaryTable(name: string, columns: HiveColumn[]): string {
  return `
CREATE TEMPORARY TABLE ${name} (
  ${columns.map(column => `${column.value} ${column.type}`).join(',\n  ')}
)
STORED AS ORC;
`;
}

/** Reads the files once: rejected rows and their count to the work bucket, the values of all others to a table. */
function judge(props: HiveScriptProps, columns: HiveColumn[]): string {
  const times = columns.filter(column => column.definition.type === 'timestamp');
  const list = (...expressions: string[]) => expressions.join(',\n      ');
  return `
FROM (
  SELECT judged.*,
    ${reason(props, columns)} AS reason
  FROM (
    SELECT ${list('line', 'file', 'well_formed',
      ...columns.flatMap(column => [
        column.text,
        `${validity(column)} AS ${column.valid}`,
        `${value(column)} AS ${column.value}`,
      ]))}
    FROM (
      SELECT texts.*${times.map(column => `,\n      ${minuteOfDay(column)} AS ${column.minute}`).join('')}
      FROM (
        SELECT ${list('line', 'INPUT__FILE__NAME AS file', `${IS_WELL_FORMED} AS well_formed`,
          ...columns.map((column, index) => `${fieldText(index + 1)} AS ${column.text}`))}
        FROM ${TABLE.staged}
        WHERE ${IS_ROW}
      ) texts
    ) timed
  ) judged
) checked
INSERT OVERWRITE TABLE ${TABLE.valid}
  SELECT ${columns.map(column => column.value).join(', ')}
  WHERE reason IS NULL
INSERT OVERWRITE DIRECTORY '${HIVE_PLACEHOLDER.rejectedRowsFolder}'
  ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t'
  SELECT reason, file, line
  WHERE reason IS NOT NULL
INSERT OVERWRITE DIRECTORY '${HIVE_PLACEHOLDER.countsFolder}read'
  SELECT concat('{"rowsRead":', count(*), ',"rowsRejected":', count(reason), '}');
`;
}

/** Why a row is rejected; null if it is not. */
function reason(props: HiveScriptProps, columns: HiveColumn[]): string {
  const { dataset } = props;
  const conditions: [string, string][] = [['NOT well_formed', REJECTION.malformed(dataset)]];
  for (const column of columns) {
    const { definition, text, valid } = column;
    const bytes = dataset.key.includes(definition.name) ? MAX_KEY_BYTES : MAX_VALUE_BYTES;
    if (definition.required) conditions.push([`${text} IS NULL`, REJECTION.missing(definition)]);
    conditions.push([`octet_length(${text}) > ${bytes}`, REJECTION.tooLong(definition, bytes)]);
    if (definition.type !== 'string') conditions.push([`${text} IS NOT NULL AND NOT ${valid}`, REJECTION.invalid(definition)]);
  }
  conditions.push([`${itemBytes(props, columns)} > ${MAX_ITEM_BYTES}`, `row: larger than an item of DynamoDB, ${MAX_ITEM_BYTES} bytes`]);
  return ['CASE', ...conditions.map(([condition, text]) => `  WHEN ${condition} THEN ${hiveLiteral(text)}`), 'END'].join('\n    ');
}

/** Bytes that DynamoDB counts for the row, or a few more: numbers, dates and times count as their longest text. */
function itemBytes({ attributeNames }: HiveScriptProps, columns: HiveColumn[]): string {
  const LONGEST_TEXT = { integer: 20, floatingPoint: 25, bool: 5, date: 10, timestamp: 27 };
  let constant = 0;
  const texts: string[] = [];
  for (const column of columns) {
    const { definition: { type, precision }, text } = column;
    constant += Buffer.byteLength(attributeName(column, attributeNames));
    if (type === 'string') texts.push(`coalesce(octet_length(${text}), 0)`);
    else constant += type === 'decimal' ? precision! + 3 : LONGEST_TEXT[type];
  }
  return [constant, ...texts].join(' + ');
}

/** Of several rows with one key, the one that the dataset's `latestBy` and then its columns say. */
function choose({ key, latestBy }: DatasetDefinition, columns: HiveColumn[]): string {
  const keyColumns = columns.filter(({ definition: { name } }) => key.includes(name));
  const order = [
    ...columns.filter(({ definition: { name } }) => name === latestBy).map(orderByValue),
    ...columns.filter(({ definition: { name } }) => !key.includes(name)).map(orderByText),
  ].map(expression => `${expression} DESC NULLS LAST`);
  return `
FROM (
  SELECT ${TABLE.valid}.*,
    row_number() OVER (
      PARTITION BY ${keyColumns.map(column => column.value).join(', ')}${order.length > 0 ? `
      ORDER BY ${order.join(',\n        ')}` : ''}
    ) AS place
  FROM ${TABLE.valid}
) ranked
INSERT OVERWRITE TABLE ${TABLE.chosen}
  SELECT ${columns.map(column => column.value).join(', ')}
  WHERE place = 1
INSERT OVERWRITE DIRECTORY '${HIVE_PLACEHOLDER.countsFolder}duplicates'
  SELECT concat('{"duplicatesDropped":', count(CASE WHEN place > 1 THEN 1 END), '}');
`;
}

/** Writes from map tasks, by the number of which the connector divides the write capacity. */
function load(columns: HiveColumn[]): string {
  return `
-- a task for each file, which the default format would put together
set hive.input.format=org.apache.hadoop.hive.ql.io.HiveInputFormat;

FROM ${TABLE.chosen}
INSERT INTO TABLE ${TABLE.dynamo}
  SELECT ${columns.map(column => column.value).join(', ')}
INSERT OVERWRITE DIRECTORY '${HIVE_PLACEHOLDER.countsFolder}written'
  SELECT concat('{"rowsWritten":', count(*), '}');
`;
}
