import { HiveColumn, minuteOfDay, validity, valuesOf } from './hive-column';
import { isTooLarge, MAX_ITEM_BYTES } from './hive-item';
import { hiveLiteral } from './hive-literal';
import { indent } from './hive-text';
import { MAX_KEY_BYTES, MAX_VALUE_BYTES, REJECTION } from '../dataset/contract';
import type { DatasetDefinition } from '../dataset/contract';

/** Rows before they are judged: text of every column, and what is kept of a row that is rejected. */
export interface Texts {
  /** A query that yields the columns' texts, `line`, `file` and `position`. */
  readonly query: string;
  /** Why a row is rejected whatever its columns hold. */
  readonly malformed?: Reason;
}

/**
 * A condition, and the words for it. No value is longer than its line: `line_bytes`, counted once, spares most rows the
 * counting of every value.
 */
type Reason = readonly [condition: string, words: string];

/** For rows that become items. */
export const tooLarge = (columns: HiveColumn[]): Reason => [
  isTooLarge(columns),
  `row: larger than an item of DynamoDB, ${MAX_ITEM_BYTES} bytes`,
];

/** A query that yields the values of each row, `line`, `file` and `position`, and the `reason` if it is rejected. */
export function judge(
  { query, malformed }: Texts,
  dataset: DatasetDefinition,
  columns: HiveColumn[],
  last: Reason[] = [],
): string {
  const times = columns.filter(column => column.definition.type === 'timestamp');
  return `SELECT judged.*,
  ${indent(reason([...(malformed ? [malformed] : []), ...reasonsOfColumns(dataset, columns), ...last]), 2)} AS reason
FROM (
  SELECT timed.*${columns
    .flatMap(column => [
      `${validity(column)} AS ${column.valid}`,
      ...valuesOf(column).map(([expression, name]) => `${expression} AS ${name}`),
    ])
    .map(expression => `,\n    ${expression}`)
    .join('')}
  FROM (
    SELECT texts.*,
      octet_length(line) AS line_bytes${times.map(column => `,\n      ${minuteOfDay(column)} AS ${column.minute}`).join('')}
    FROM (
      ${indent(query, 6)}
    ) texts
  ) timed
) judged`;
}

/** The first reason that holds; null if none does. */
function reason(reasons: Reason[]): string {
  return ['CASE', ...reasons.map(([condition, words]) => `  WHEN ${condition} THEN ${hiveLiteral(words)}`), 'END'].join(
    '\n',
  );
}

function reasonsOfColumns({ key }: DatasetDefinition, columns: HiveColumn[]): Reason[] {
  return columns.flatMap(({ definition, text, valid }): Reason[] => {
    const bytes = key.includes(definition.name) ? MAX_KEY_BYTES : MAX_VALUE_BYTES;
    return [
      ...(definition.required ? [[`${text} IS NULL`, REJECTION.missing(definition)] as const] : []),
      [`line_bytes > ${bytes} AND octet_length(${text}) > ${bytes}`, REJECTION.tooLong(definition, bytes)],
      ...(definition.type === 'string'
        ? []
        : [[`${text} IS NOT NULL AND NOT ${valid}`, REJECTION.invalid(definition)] as const]),
    ];
  });
}
