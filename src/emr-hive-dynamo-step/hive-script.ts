import type { AttributeOptions } from './attribute';
import { HIVE_PLACEHOLDER } from './contract';
import { HiveColumn, hiveColumn, orderByText, orderByValue } from './hive-column';
import { itemBytes, itemValues } from './hive-item';
import { judge, Texts, tooLarge } from './hive-judge';
import { fieldText, IS_ROW, IS_WELL_FORMED } from './hive-row';
import { HiveEngine, settings, writeSettings } from './hive-settings';
import { chosenTable, dynamoTable, stagedTable, TABLE, transformTable } from './hive-tables';
import { indent, lines } from './hive-text';
import { loadedDataset, TransformDefinition } from './hive-transform';
import { REJECTION } from '../dataset/contract';
import type { DatasetDefinition } from '../dataset/contract';

/**
 * The script travels in the Launch state's arguments, and Step Functions takes 256 KiB of those, with all the rest that
 * is in them.
 */
const MAX_SCRIPT_CHARACTERS = 200_000;

export interface HiveScriptProps extends AttributeOptions {
  /** With a key: Hive's connector cannot tell DynamoDB which of several rows with one key is to stay. */
  readonly dataset: DatasetDefinition;
  readonly tableName: string;
  readonly transform?: TransformDefinition;
  /** @default 'mr' */
  readonly engine?: HiveEngine;
}

/**
 * The HiveQL that loads a run's staged files into a DynamoDB table, for Hive 3.1.3 with EMR's DynamoDB connector. What
 * depends on the run is still open: fillHiveScript() (contract.ts) fills it in.
 *
 * One job reads the files, rejects rows, chooses one row for each key and counts; another one writes. A transform is
 * one more in between.
 */
export function hiveScript({ dataset, tableName, transform, engine = 'mr', ...options }: HiveScriptProps): string {
  const loaded = loadedDataset(dataset, transform);
  const columns = loaded.columns.map(column => hiveColumn(column, options));
  const script = [
    `
-- Loads the files of one run into DynamoDB, so that every row of them is written, rejected with its reason, or dropped as a duplicate${transform ? ' or by the transform' : ''}.
-- Settings, tables, then ${transform ? 'three jobs: judge and keep, transform and choose, write' : 'two jobs: judge and choose, write'}.
`,
    settings(engine),
    '-- ---- tables, which end with the session',
    stagedTable(dataset),
    dynamoTable(tableName, columns),
    chosenTable(columns),
    ...(transform
      ? transformed(dataset, transform, loaded, columns)
      : [choose(textsOfFiles(dataset, columns), 'files', loaded, columns)]),
    load(columns, engine),
  ]
    .map(text => `${text.trim()}\n`)
    .join('\n');
  if (script.length > MAX_SCRIPT_CHARACTERS) {
    throw new Error(
      `dataset '${dataset.name}' has too many columns (${columns.length}) to load it into DynamoDB: the HiveQL ` +
        'for them may have at most ' +
        `${MAX_SCRIPT_CHARACTERS} characters, got ${script.length}. Split it into several datasets.`,
    );
  }
  return script;
}

/** What the files hold: line by line, and each field's text. Lines that hold nothing are no rows. */
function textsOfFiles(dataset: DatasetDefinition, columns: HiveColumn[]): Texts {
  return {
    query: `SELECT ${lines(
      [
        'line',
        'INPUT__FILE__NAME AS file',
        'BLOCK__OFFSET__INSIDE__FILE AS position',
        ...columns.map((column, index) => `${fieldText(index + 1)} AS ${column.text}`),
        `${IS_WELL_FORMED} AS well_formed`,
      ],
      2,
    )}
FROM ${TABLE.staged}
WHERE ${IS_ROW}`,
    malformed: ['NOT well_formed', REJECTION.malformed(dataset)],
  };
}

/**
 * Judges rows, and of several with one key chooses the one that the dataset's `latestBy` and then its columns say. Rows
 * that are rejected carry what is kept of them, and go to any reducer.
 */
function choose(texts: Texts, from: 'files' | 'transform', dataset: DatasetDefinition, columns: HiveColumn[]): string {
  const ofFiles = from === 'files';
  const keyColumns = columns.filter(({ definition: { name } }) => dataset.key.includes(name));
  const order = [
    ...columns.filter(({ definition: { name } }) => name === dataset.latestBy).map(orderByValue),
    ...columns.filter(({ definition: { name } }) => !dataset.key.includes(name)).map(orderByText),
  ].map(expression => `${expression} DESC NULLS LAST`);
  const carried = columns.flatMap(column => [...new Set([column.value, column.order])]);
  const isChosen = 'reason IS NULL AND place = 1';
  const counts = {
    [ofFiles ? 'rowsRead' : 'rowsTransformed']: 'count(*)',
    [ofFiles ? 'rowsRejected' : 'transformedRowsRejected']: 'count(reason)',
    rowsWritten: `count(CASE WHEN ${isChosen} THEN 1 END)`,
    duplicatesDropped: 'count(CASE WHEN reason IS NULL AND place > 1 THEN 1 END)',
    bytesWritten: `coalesce(sum(CASE WHEN ${isChosen} THEN ${itemBytes(columns)} END), 0)`,
  };
  return `
-- ---- judge and choose: rows that cannot be loaded are rejected, of the others one is chosen for each key

FROM (
  SELECT carried.*,
    row_number() OVER (
      PARTITION BY ${[...keyColumns.map(column => column.value), 'spread'].join(', ')}${
        order.length > 0
          ? `
      ORDER BY ${lines(order, 8)}`
          : ''
      }
    ) AS place
  FROM (
    SELECT ${lines(
      [
        ...carried,
        'reason',
        'CASE WHEN reason IS NOT NULL THEN line END AS line',
        'CASE WHEN reason IS NOT NULL THEN file END AS file',
        'CASE WHEN reason IS NULL THEN -1 ELSE pmod(position, 1000) END AS spread',
      ],
      6,
    )}
    FROM (
      ${indent(judge(texts, dataset, columns, [tooLarge(columns)]), 6)}
    ) checked
  ) carried
) ranked
INSERT OVERWRITE TABLE ${TABLE.chosen}
  SELECT ${lines(
    columns.map(column => column.value),
    4,
  )}
  WHERE ${isChosen}
${keepRejected(ofFiles ? '' : 'transformed/')}
${count(ofFiles ? 'read' : 'transformed', counts)}
`;
}

/** Judges the files' rows for the transform to read, and then the rows that it yields. */
function transformed(
  dataset: DatasetDefinition,
  transform: TransformDefinition,
  loaded: DatasetDefinition,
  columns: HiveColumn[],
): string[] {
  const ofFiles = dataset.columns.map(column => hiveColumn(column, { attributeNames: {}, epochSeconds: [] }));
  // by concat(): in Hive 3.1.3 a cast of a long DECIMAL to STRING rounds it, or gives null
  const textOf = ({ definition: { name }, text }: HiveColumn) => `nullif(concat(\`${name}\`, ''), '') AS ${text}`;
  const yielded: Texts = {
    query: `SELECT ${lines(
      [
        "'transform' AS file",
        ...columns.map(({ text }) => text),
        `concat_ws(',', ${columns.map(({ text }) => csvField(text)).join(', ')}) AS line`,
        `hash(${columns.map(({ text }) => text).join(', ')}) AS position`,
      ],
      2,
    )}
FROM (
  SELECT ${lines(columns.map(textOf), 4)}
  FROM (
    ${indent(transform.statement, 4)}
  ) yielded
) named`,
  };
  return [
    transformTable(dataset),
    `
-- ---- judge and keep: rows that cannot be read are rejected, the others are what the transform reads

FROM (
  ${indent(judge(textsOfFiles(dataset, ofFiles), dataset, ofFiles), 2)}
) checked
INSERT OVERWRITE TABLE \`${dataset.name}\`
  SELECT ${lines(
    ofFiles.map(column => (column.definition.type === 'decimal' ? orderByValue(column) : column.value)),
    4,
  )}
  WHERE reason IS NULL
${keepRejected('')}
${count('read', { rowsRead: 'count(*)', rowsRejected: 'count(reason)' })}
`,
    choose(yielded, 'transform', loaded, columns),
  ];
}

/** A text as a field of CSV, on one line. */
const csvField = (text: string): string =>
  `concat('\\u0022', replace(translate(coalesce(${text}, ''), '\\n\\r', '  '), '\\u0022', '\\u0022\\u0022'), ` +
  `'\\u0022')`;

function keepRejected(subfolder: string): string {
  return `INSERT OVERWRITE DIRECTORY '${HIVE_PLACEHOLDER.rejectedRowsFolder}${subfolder}'
  ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t'
  SELECT reason, file, line
  WHERE reason IS NOT NULL`;
}

/** Leaves a line of JSON. */
function count(name: string, counts: Record<string, string>): string {
  const properties = Object.entries(counts).map(
    ([property, expression], index) => `'${index === 0 ? '{' : ','}"${property}":', ${expression}`,
  );
  return `INSERT OVERWRITE DIRECTORY '${HIVE_PLACEHOLDER.countsFolder}${name}'
  SELECT concat(
    ${lines([...properties, "'}'"], 4)}
  );`;
}

/** Writes from map tasks, by the number of which the connector divides the write rate. */
function load(columns: HiveColumn[], engine: HiveEngine): string {
  return `
-- ---- write

${writeSettings(engine)}

INSERT INTO TABLE ${TABLE.dynamo}
  SELECT ${lines(itemValues(columns), 4)}
  FROM ${TABLE.chosen};
`;
}
