import { TextDecoder } from 'util';
import { parse } from 'csv-parse/sync';

// Reads files as the documentation of Dataset (src/dataset/dataset.ts) says it, and shares no line of code with the
// library: what the engines load is compared with what this reader finds. It is written to be checked by eye, not to be
// quick.

export interface ReaderColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'decimal' | 'floatingPoint' | 'bool' | 'date' | 'timestamp';
  readonly precision?: number;
  readonly scale?: number;
  readonly required?: boolean;
}

export interface ReaderDataset {
  readonly columns: readonly ReaderColumn[];
  readonly key: readonly string[];
  readonly latestBy?: string;
  readonly delimiter: string;
  readonly header: boolean;
}

export interface Value {
  /** The one spelling of it. */
  readonly canonical: string;
  /** What it is compared by when it decides as `latestBy`. */
  readonly rank: bigint | number | Buffer;
}

/** By column; null is absent. */
export type Row = ReadonlyMap<string, Value>;

export interface Rejected {
  /** Number of the file. */
  readonly file: number;
  readonly line: Buffer;
  /** The first column at fault, or that the line is no row at all. */
  readonly fault: string;
}

export interface Reading {
  readonly rowsRead: number;
  /** One for each key. */
  readonly rows: readonly Row[];
  readonly rejected: readonly Rejected[];
  readonly duplicates: number;
}

export const MALFORMED = 'malformed';

const MOST_BYTES = 65_535;
const MOST_BYTES_OF_KEY = 1_024;

/** Reads the files of one run, as they are when decompressed. */
export function read(files: readonly Buffer[], dataset: ReaderDataset): Reading {
  const accepted: Row[] = [];
  const rejected: Rejected[] = [];
  files.forEach((bytes, file) => {
    for (const line of linesOf(bytes, dataset.header)) {
      const row = rowOf(line, dataset);
      if (typeof row === 'string') rejected.push({ file, line, fault: row });
      else accepted.push(row);
    }
  });
  const rows = latestOfEachKey(accepted, dataset);
  return { rowsRead: accepted.length + rejected.length, rows, rejected, duplicates: accepted.length - rows.length };
}

function linesOf(file: Buffer, header: boolean): Buffer[] {
  const bytes = file.subarray(0, 3).equals(Buffer.from('\ufeff')) ? file.subarray(3) : file;
  const lines: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const lineFeed = bytes.indexOf('\n', start);
    const end = lineFeed === -1 ? bytes.length : lineFeed;
    const withoutReturn = end > start && bytes[end - 1] === '\r'.charCodeAt(0) ? end - 1 : end;
    lines.push(bytes.subarray(start, withoutReturn));
    start = end + 1;
  }
  return lines.slice(header ? 1 : 0).filter(line => line.length > 0);
}

/** The row, or what is at fault. */
function rowOf(line: Buffer, dataset: ReaderDataset): Row | string {
  const fields = fieldsOf(line, dataset.delimiter);
  if (fields?.length !== dataset.columns.length) return MALFORMED;
  const row = new Map<string, Value>();
  for (const [index, column] of dataset.columns.entries()) {
    const text = fields[index];
    const inKey = dataset.key.includes(column.name);
    if (text === '') {
      if (inKey || column.required) return column.name;
      continue;
    }
    if (Buffer.byteLength(text) > (inKey ? MOST_BYTES_OF_KEY : MOST_BYTES)) return column.name;
    const value = valueOf(text, column);
    if (!value) return column.name;
    row.set(column.name, value);
  }
  return row;
}

function fieldsOf(line: Buffer, delimiter: string): string[] | undefined {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line);
  } catch {
    return undefined;
  }
  if (/[\0\r\ufffd]/.test(text)) return undefined;
  try {
    return parse(text, { delimiter, record_delimiter: '\n', relax_column_count: true })[0];
  } catch {
    return undefined;
  }
}

function valueOf(text: string, { type, precision, scale }: ReaderColumn): Value | undefined {
  switch (type) {
    case 'string':
      return { canonical: text, rank: Buffer.from(text) };
    case 'integer':
      return integer(text);
    case 'decimal':
      return decimal(text, precision!, scale!);
    case 'floatingPoint':
      return floatingPoint(text);
    case 'bool':
      return bool(text);
    case 'date':
      return isDay(text) ? { canonical: text, rank: Buffer.from(text) } : undefined;
    case 'timestamp':
      return timestamp(text);
  }
}

const isDigits = (text: string): boolean => [...text].every(character => character >= '0' && character <= '9');

function splitSign(text: string): { negative: boolean; rest: string } {
  return text[0] === '+' || text[0] === '-'
    ? { negative: text[0] === '-', rest: text.slice(1) }
    : { negative: false, rest: text };
}

function integer(text: string): Value | undefined {
  const { negative, rest } = splitSign(text);
  if (rest === '' || !isDigits(rest)) return undefined;
  const number = negative ? -BigInt(rest) : BigInt(rest);
  return BigInt.asIntN(64, number) === number ? { canonical: String(number), rank: number } : undefined;
}

function decimal(text: string, precision: number, scale: number): Value | undefined {
  const { negative, rest } = splitSign(text);
  const parts = rest.split('.');
  if (parts.length > 2 || parts.join('') === '' || !isDigits(parts.join(''))) return undefined;
  let [whole, fraction = ''] = parts;
  while (whole.startsWith('0')) whole = whole.slice(1);
  while (fraction.endsWith('0')) fraction = fraction.slice(0, -1);
  if (whole.length > precision - scale || fraction.length > scale) return undefined;
  const digits = BigInt(`${whole}${fraction.padEnd(scale, '0')}` || '0');
  const sign = negative && digits > 0n ? '-' : '';
  const point = scale > 0 ? `.${fraction.padEnd(scale, '0')}` : '';
  return { canonical: `${sign}${whole || '0'}${point}`, rank: sign ? -digits : digits };
}

function floatingPoint(text: string): Value | undefined {
  const [mantissa, exponent, ...more] = text.toLowerCase().split('e');
  const parts = splitSign(mantissa).rest.split('.');
  if (
    more.length > 0 ||
    parts.length > 2 ||
    parts.join('') === '' ||
    parts.some(digits => digits.length > 30 || !isDigits(digits))
  ) {
    return undefined;
  }
  if (exponent !== undefined) {
    const digits = splitSign(exponent).rest;
    if (digits === '' || !isDigits(digits) || Number(digits) > 139) return undefined;
  }
  const number = Number(text) + 0; // the zero without sign
  const isHeldByDynamoDb = number === 0 || (Math.abs(number) >= 1e-130 && Math.abs(number) <= 9.999999999999998e125);
  return isHeldByDynamoDb ? { canonical: String(number), rank: number } : undefined;
}

function bool(text: string): Value | undefined {
  const lower = text.toLowerCase();
  if (['true', 't', '1'].includes(lower)) return { canonical: 'true', rank: 1 };
  return ['false', 'f', '0'].includes(lower) ? { canonical: 'false', rank: 0 } : undefined;
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isDay(text: string): boolean {
  if (
    text.length !== 10 ||
    text[4] !== '-' ||
    text[7] !== '-' ||
    !isDigits(text.replaceAll('-', '')) ||
    text.replaceAll('-', '').length !== 8
  ) {
    return false;
  }
  const [year, month, day] = text.split('-').map(Number);
  const isLeapYear = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return (
    year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= DAYS[month - 1] + (isLeapYear && month === 2 ? 1 : 0)
  );
}

function timestamp(text: string): Value | undefined {
  const day = text.slice(0, 10);
  const parts = /^[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(?:Z|([+-])(\d\d)(?::?(\d\d))?)?$/.exec(text.slice(10));
  if (!isDay(day) || !parts) return undefined;
  const [hours, minutes, seconds, zoneHours, zoneMinutes] = [parts[1], parts[2], parts[3], parts[6], parts[7]].map(
    number => Number(number ?? 0),
  );
  const fraction = parts[4] ?? '';
  if (hours > 23 || minutes > 59 || seconds > 59 || [...fraction.slice(6)].some(digit => digit !== '0')) {
    return undefined;
  }
  if (zoneMinutes > 59 || zoneHours * 60 + zoneMinutes > 14 * 60) return undefined;
  const offset = (zoneHours * 60 + zoneMinutes) * (parts[5] === '-' ? -1 : 1);
  const instant = new Date(`${day}T00:00:00Z`);
  instant.setUTCMinutes(hours * 60 + minutes - offset, seconds);
  const year = instant.getUTCFullYear();
  if (year < 1 || year > 9999) return undefined;
  const canonical = `${instant.toISOString().slice(0, 19)}.${fraction.slice(0, 6).padEnd(6, '0')}Z`;
  return { canonical, rank: Buffer.from(canonical) };
}

function latestOfEachKey(rows: Row[], { columns, key, latestBy }: ReaderDataset): Row[] {
  const latest = new Map<string, Row>();
  for (const row of rows) {
    const id = JSON.stringify(key.map(name => row.get(name)!.canonical));
    const other = latest.get(id);
    if (!other || isLater(row, other, columns, latestBy)) latest.set(id, row);
  }
  return [...latest.values()];
}

function isLater(row: Row, other: Row, columns: readonly ReaderColumn[], latestBy?: string): boolean {
  const order = latestBy === undefined ? 0 : compare(row.get(latestBy)?.rank, other.get(latestBy)?.rank);
  if (order !== 0) return order > 0;
  for (const { name, type } of columns) {
    const asText = (value?: Value) => value && (type === 'floatingPoint' ? value.rank : Buffer.from(value.canonical));
    const next = compare(asText(row.get(name)), asText(other.get(name)));
    if (next !== 0) return next > 0;
  }
  return false;
}

/** Null is the smallest. */
function compare(a?: Value['rank'], b?: Value['rank']): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  if (Buffer.isBuffer(a)) return a.compare(b as Buffer);
  const other = b as bigint | number;
  return a < other ? -1 : Number(a > other);
}
