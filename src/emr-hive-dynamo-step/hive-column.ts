import { Attribute, AttributeOptions, attributeOf } from './attribute';
import { hiveLiteral } from './hive-literal';
import type { ColumnDefinition } from '../dataset/contract';
import { FLOATING_POINT_BOUNDS, INTEGER_BOUNDS, lexicalRule } from '../dataset/contract';

// HiveQL of one column. Text is judged by the lexical rule before any cast: Hive's casts take more than the dataset's
// types and give null for the rest, and its optimizer drops the cast in `cast(x AS BIGINT) IS NOT NULL`. Names carry a
// prefix, so that none is a word of HiveQL.

export interface HiveColumn {
  readonly definition: ColumnDefinition;
  readonly attribute: Attribute;
  /** Names of the column's text, of its minute of the day in UTC, of whether it is valid, and of its value. */
  readonly text: string;
  readonly minute: string;
  readonly valid: string;
  readonly value: string;
  /** Type of the value: one that the DynamoDB connector knows, or for a decimal its text, see hive-item.ts. */
  readonly type: 'STRING' | 'BIGINT' | 'DOUBLE' | 'BOOLEAN';
  /** Name of what rows are ordered by: the value, or the whole timestamp where the value is its seconds. */
  readonly order: string;
}

export function hiveColumn(definition: ColumnDefinition, options: AttributeOptions): HiveColumn {
  const name = definition.name.toLowerCase(); // as Hive does, which the connector's column mapping must agree with
  const attribute = attributeOf(definition, options);
  const valueName = `value_${name}`;
  return {
    definition,
    attribute,
    text: `text_${name}`,
    minute: `minute_${name}`,
    valid: `valid_${name}`,
    value: valueName,
    type: hiveType(definition, attribute),
    order: isEpochSeconds(definition, attribute) ? `time_${name}` : valueName,
  };
}

const isEpochSeconds = ({ type }: ColumnDefinition, attribute: Attribute): boolean =>
  type === 'timestamp' && attribute.type === 'N';

function hiveType(definition: ColumnDefinition, attribute: Attribute): HiveColumn['type'] {
  switch (definition.type) {
    case 'integer':
      return 'BIGINT';
    case 'floatingPoint':
      return 'DOUBLE';
    case 'bool':
      return 'BOOLEAN';
    case 'timestamp':
      return isEpochSeconds(definition, attribute) ? 'BIGINT' : 'STRING';
    default:
      return 'STRING';
  }
}

/**
 * Whether the text obeys the lexical rule: `(?d)` because Java's `$` otherwise overlooks some characters at the end.
 */
function obeysRule({ definition, text }: HiveColumn): string {
  return `${text} RLIKE ${hiveLiteral(`(?d)${lexicalRule(definition)}`)}`;
}

/** Whether the text, if it is not null, is a value of its type. */
export function validity(column: HiveColumn): string {
  const { text, minute } = column;
  switch (column.definition.type) {
    case 'string':
      return 'TRUE';
    case 'integer': {
      const decimal = (operand: string) => `cast(${operand} AS DECIMAL(38,0))`;
      const [smallest, largest] = [INTEGER_BOUNDS.smallest, INTEGER_BOUNDS.largest].map(hiveLiteral).map(decimal);
      const inBounds = `${decimal(text)} BETWEEN ${smallest} AND ${largest}`;
      return `${obeysRule(column)} AND (length(${text}) <= 18 OR ${inBounds})`;
    }
    case 'floatingPoint': {
      const double = (operand: string) => `cast(${operand} AS DOUBLE)`;
      const { smallest, largest } = FLOATING_POINT_BOUNDS;
      return (
        `${obeysRule(column)} AND (${double(text)} = ${double('0')} OR abs(${double(text)}) BETWEEN ` +
        `${double(`'${smallest}'`)} AND ${double(`'${largest}'`)})`
      );
    }
    case 'timestamp': {
      const leavesTheYears = `(${minute} < 0 AND ${text} LIKE '0001-01-01%') OR (${minute} >= 1440 AND ${text} LIKE '9999-12-31%')`;
      return `${minute} IS NOT NULL AND NOT (${leavesTheYears})`;
    }
    default:
      return obeysRule(column);
  }
}

/**
 * Minutes from the day's midnight to the time in UTC: below 0 or above 1439 if that is in the day before or after. Null
 * if the text is no timestamp.
 */
export function minuteOfDay(column: HiveColumn): string {
  const time = `substr(${column.text}, 12)`;
  const number = (text: string) => `cast(${text} AS INT)`;
  // without zone, or with Z, the groups are empty: '0' in front makes them zero
  const zone = (group: number) =>
    number(`concat('0', regexp_extract(${time}, '[+-]([0-9]{2}):?([0-9]{2}|)$', ${group}))`);
  const local = `${number(`substr(${time}, 1, 2)`)} * 60 + ${number(`substr(${time}, 4, 2)`)}`;
  const sign = `CASE WHEN ${time} LIKE '%-%' THEN -1 ELSE 1 END`;
  const offset = `CASE WHEN ${time} LIKE '%Z' THEN 0 ELSE (${sign}) * (${zone(1)} * 60 + ${zone(2)}) END`;
  return `CASE WHEN ${obeysRule(column)} THEN ${local} - ${offset} END`;
}

/** The value of a text that is valid. */
export function value(column: HiveColumn): string {
  const { text, type } = column;
  switch (column.definition.type) {
    case 'integer':
      return `cast(${text} AS BIGINT)`;
    case 'decimal':
      return decimalText(column);
    // -0.0 is another key than 0.0 to Hive, and the same to DynamoDB
    case 'floatingPoint':
      return (
        `CASE WHEN cast(${text} AS ${type}) = cast(0 AS ${type}) THEN cast(0 AS ${type}) ELSE cast(${text} AS ` +
        `${type}) END`
      );
    case 'bool':
      return `lower(${text}) IN ('true', 't', '1')`;
    case 'timestamp':
      return type === 'BIGINT' ? epochSeconds(column) : timestampText(column);
    default:
      return text;
  }
}

/** Value and name of each thing that a column is loaded or ordered by. */
export function valuesOf(column: HiveColumn): [expression: string, name: string][] {
  return [
    [value(column), column.value],
    ...(column.order === column.value ? [] : [[timestampText(column), column.order] as [string, string]]),
  ];
}

/** From the text itself: Hive cuts the zeros at the end when it turns a decimal into text. */
function decimalText({ definition: { scale }, text }: HiveColumn): string {
  const whole = `regexp_replace(regexp_extract(${text}, '^[+-]?0*([0-9]*)', 1), '^$', '0')`;
  const fraction =
    scale === 0
      ? ''
      : `, '.', substr(concat(regexp_extract(${text}, '[.]([0-9]*)', 1), '${'0'.repeat(scale!)}'), 1, ${scale})`;
  const sign = `CASE WHEN ${text} LIKE '-%' AND ${text} RLIKE '[1-9]' THEN '-' ELSE '' END`;
  const rewritten = `concat(${sign}, ${whole}${fraction})`;
  // most texts are as they should be
  const isCanonical = `${text} RLIKE '^(0|[1-9][0-9]*)${scale === 0 ? '' : `[.][0-9]{${scale}}`}$'`;
  return `CASE WHEN ${isCanonical} THEN ${text} ELSE ${rewritten} END`;
}

// From the text and the minutes: Hive's functions of time know the session's zone, its changes to summer time, and the
// Julian calendar.

const dayOf = (text: string): string => `substr(${text}, 1, 10)`;
const secondOf = (text: string): string =>
  `substr(concat(regexp_extract(${text}, ':[0-9]{2}:([0-9]{2})', 1), '00'), 1, 2)`;

function timestampText({ text, minute }: HiveColumn): string {
  const day = dayOf(text);
  const dayInUtc =
    `CASE WHEN ${minute} < 0 THEN cast(date_add(${day}, -1) AS STRING) WHEN ${minute} >= 1440 THEN ` +
    `cast(date_add(${day}, 1) AS STRING) ELSE ${day} END`;
  const twoDigits = (number: string) => `lpad(cast(${number} AS STRING), 2, '0')`;
  const ofHour = `pmod(${minute}, 60)`;
  const hour = twoDigits(`(pmod(${minute}, 1440) - ${ofHour}) DIV 60`);
  const fraction = `substr(concat(regexp_extract(${text}, '[.]([0-9]*)', 1), '000000'), 1, 6)`;
  const time = `${hour}, ':', ${twoDigits(ofHour)}, ':', ${secondOf(text)}, '.', ${fraction}`;
  const shifted = `concat(${dayInUtc}, 'T', ${time}, 'Z')`;
  // most are in UTC with seconds: of 20 characters that end in Z no others are valid
  const canonical = `concat(${day}, 'T', substr(${text}, 12, 8), '.000000Z')`;
  return `CASE WHEN length(${text}) = 20 AND ${text} LIKE '%Z' THEN ${canonical} ELSE ${shifted} END`;
}

/** The fraction is left out, so times before 1970 are rounded down too. */
function epochSeconds({ text, minute }: HiveColumn): string {
  return (
    `cast(datediff(${dayOf(text)}, '1970-01-01') AS BIGINT) * 86400 + ${minute} * 60 + cast(${secondOf(text)} AS ` +
    'INT)'
  );
}

/** What the column is ordered by when it decides as `latestBy`: its value. */
export function orderByValue({ definition: { type, precision, scale }, order }: HiveColumn): string {
  return type === 'decimal' ? `cast(${order} AS DECIMAL(${precision},${scale}))` : order;
}

/**
 * What the column is ordered by when it decides among rows that are equal so far: its canonical text, but
 * floating-point numbers by value.
 */
export function orderByText({ definition: { type }, order }: HiveColumn): string {
  return type === 'integer' ? `cast(${order} AS STRING)` : order;
}
