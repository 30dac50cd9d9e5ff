import type { HiveColumn } from './hive-column';
import { hiveLiteral } from './hive-literal';

// How a row becomes an item of DynamoDB. Most columns are mapped to an attribute each. The connector has no exact
// numbers but BIGINT, so decimals go through a column of its item type, a map from names of attributes to their values
// as JSON. Both ends read the digits as text.
// https://github.com/awslabs/emr-dynamodb-connector, HiveDynamoDBItemType and AttributeValueDeserializer

/** Name of the map; no column has it, see HiveColumn. */
const EXACT_NUMBERS = 'exact_numbers';

/** Between the entries of the map and inside of one, as no name of an attribute and no number has them. */
const ENTRY_SEPARATOR = '\u0001';
const NAME_SEPARATOR = '\u0002';

const isExactNumber = ({ definition }: HiveColumn): boolean => definition.type === 'decimal';

/** Columns of the table that stands for the one in DynamoDB, in the order of itemValues(). */
export function itemColumns(columns: HiveColumn[]): string[] {
  return [
    ...mapped(columns).map(column => `${column.value} ${column.type}`),
    ...(columns.some(isExactNumber) ? [`${EXACT_NUMBERS} MAP<STRING,STRING>`] : []),
  ];
}

/** The connector's mapping of columns to attributes, which it splits at commas and then at the first colon. */
export function columnMapping(columns: HiveColumn[]): string {
  return mapped(columns)
    .map(({ value, attribute }) => `${value}:${attribute.name}`)
    .join(',');
}

/** An item's values from those of a row. */
export function itemValues(columns: HiveColumn[]): string[] {
  const exact = columns.filter(isExactNumber);
  return [...mapped(columns).map(({ value }) => value), ...(exact.length > 0 ? [exactNumbers(exact, columns)] : [])];
}

const mapped = (columns: HiveColumn[]): HiveColumn[] => columns.filter(column => !isExactNumber(column));

/** A null is left out: concat() of it is null, and concat_ws() skips nulls. */
function exactNumbers(exact: HiveColumn[], columns: HiveColumn[]): string {
  const entry = ({ value, attribute }: HiveColumn) =>
    `concat(${hiveLiteral(`${attribute.name}${NAME_SEPARATOR}{"n":"`)}, ${value}, ${hiveLiteral('"}')})`;
  const entries = [...dummyEntry(exact, columns), ...exact.map(entry)];
  return `str_to_map(concat_ws(${hiveLiteral(ENTRY_SEPARATOR)},
  ${entries.join(',\n  ')}
), ${hiveLiteral(ENTRY_SEPARATOR)}, ${hiveLiteral(NAME_SEPARATOR)})`;
}

/** The connector refuses a map without entries. An entry for an attribute that has a column of its own is ignored. */
function dummyEntry(exact: HiveColumn[], columns: HiveColumn[]): string[] {
  if (exact.some(({ definition }) => definition.required)) return [];
  const { attribute } = mapped(columns).find(({ definition }) => definition.required)!;
  return [hiveLiteral(`${attribute.name}${NAME_SEPARATOR}{"s":""}`)];
}

/** Most bytes of names and values in one item of DynamoDB. */
export const MAX_ITEM_BYTES = 400 * 1_024;

/**
 * Whether the item of a row's texts may have more bytes than DynamoDB allows: numbers, dates and times count as their
 * longest text. All texts together have no more bytes than the line.
 */
export function isTooLarge(columns: HiveColumn[]): string {
  const LONGEST_TEXT = { integer: 20, floatingPoint: 25, bool: 5, date: 10, timestamp: 27 };
  let constant = 0;
  const texts: string[] = [];
  for (const column of columns) {
    const {
      definition: { type, precision },
      text,
    } = column;
    constant += Buffer.byteLength(column.attribute.name);
    if (type === 'string') texts.push(`coalesce(octet_length(${text}), 0)`);
    else constant += type === 'decimal' ? precision! + 3 : LONGEST_TEXT[type];
  }
  return `line_bytes > ${MAX_ITEM_BYTES - constant} AND ${[constant, ...texts].join(' + ')} > ${MAX_ITEM_BYTES}`;
}

/**
 * Bytes of the names and values of a row's item, numbers as their digits. Counted of one text that is put together, not
 * added up: Hive looks up the type of a sum's result for each row.
 */
export function itemBytes(columns: HiveColumn[]): string {
  return (
    `octet_length(concat_ws('', ` +
    `${columns.map(({ attribute, value }) => `concat(${hiveLiteral(attribute.name)}, ${value})`).join(', ')}))`
  );
}
