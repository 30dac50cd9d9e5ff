import type { ColumnDefinition, DatasetDefinition } from '../../src/dataset/contract';

/** A row as a target holds it: each column's text, null where the target holds none. */
export type Row = Readonly<Record<string, string | null>>;

/** One key, with what each target holds under it. */
export interface RowPair {
  /** The values of the dataset's key, as one text for people. */
  readonly key: string;
  readonly dynamodb?: Row;
  readonly redshift?: Row;
  /** Columns whose values differ in meaning; every column where one target lacks the row. */
  readonly differences: string[];
}

/** Puts the rows of both targets side by side, sorted by key, and finds where they differ in meaning. */
export function pairRows(dataset: DatasetDefinition, dynamodb: Row[], redshift: Row[]): RowPair[] {
  const pairs = new Map<string, { dynamodb?: Row; redshift?: Row }>();
  const put = (target: 'dynamodb' | 'redshift', row: Row) => {
    let key = keyOf(dataset, row);
    while (pairs.get(key)?.[target]) key += ' (again)'; // a key twice in one target is a difference of its own
    pairs.set(key, { ...pairs.get(key), [target]: row });
  };
  for (const row of dynamodb) put('dynamodb', row);
  for (const row of redshift) put('redshift', row);
  return [...pairs]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, pair]) => ({ key, ...pair, differences: differences(dataset, pair.dynamodb, pair.redshift) }));
}

/** Sorted by key, so that two reads of one table give one list. */
export function sortByKey(dataset: DatasetDefinition, rows: Row[]): Row[] {
  return rows
    .map(row => ({ row, key: keyOf(dataset, row) }))
    .sort((one, other) => (one.key < other.key ? -1 : one.key > other.key ? 1 : 0))
    .map(({ row }) => row);
}

function keyOf(dataset: DatasetDefinition, row: Row): string {
  return dataset.key.map(name => canonicalText(columnOf(dataset, name), row[name]) ?? '').join(' / ');
}

function columnOf(dataset: DatasetDefinition, name: string): ColumnDefinition {
  return dataset.columns.find(column => column.name === name)!;
}

function differences(dataset: DatasetDefinition, dynamodb?: Row, redshift?: Row): string[] {
  return dataset.columns
    .filter(
      column =>
        !dynamodb ||
        !redshift ||
        canonicalText(column, dynamodb[column.name]) !== canonicalText(column, redshift[column.name]),
    )
    .map(column => column.name);
}

/**
 * The one text for a value, however a target writes it: DynamoDB holds a timestamp as 2026-11-01T10:00:00.000000Z,
 * Redshift as 2026-11-01 10:00:00. A text that is no value of its type stays as it is, and so differs from every other.
 */
export function canonicalText(column: ColumnDefinition, text: string | null): string | null {
  if (text === null) return null;
  switch (column.type) {
    case 'integer':
      return /^-?\d+$/.test(text) ? BigInt(text).toString() : text;
    case 'decimal':
      return canonicalDecimal(text, column.scale!);
    case 'floatingPoint':
      return text.trim() === '' || Number.isNaN(Number(text)) ? text : String(Number(text));
    case 'bool':
      return { t: 'true', f: 'false' }[text] ?? text;
    case 'timestamp':
      return canonicalTimestamp(text);
    case 'string':
    case 'date':
      return text;
  }
}

function canonicalDecimal(text: string, scale: number): string {
  const parts = /^(-?)0*(\d*)(?:\.(\d*))?$/.exec(text);
  if (!parts || text === '') return text;
  const [, sign, whole, fraction = ''] = parts;
  if (fraction.slice(scale).replace(/0+$/, '') !== '') return text; // more digits than the column has
  const digits = fraction.padEnd(scale, '0').slice(0, scale);
  const isZero = /^0*$/.test(whole + digits);
  return `${isZero ? '' : sign}${whole || '0'}${scale > 0 ? `.${digits}` : ''}`;
}

function canonicalTimestamp(text: string): string {
  const parts = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?Z?$/.exec(text);
  if (!parts) return text;
  const [, date, time, fraction = ''] = parts;
  return `${date}T${time}.${fraction.padEnd(6, '0')}Z`;
}
