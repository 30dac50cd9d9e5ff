import { type CsvError, parse } from 'csv-parse/sync';
import type { DatasetDefinition } from '../../dataset/contract';

const LINE_FEED = 0x0a;

/** Enough to tell a binary file from text. */
const LOOKED_AT_BYTES = 1024;

/** A header may be any text that somebody uploads; what is quoted of it stays readable. */
const MOST_CHARACTERS = 300;

/**
 * What is wrong with the first line of a file, for a person to read; undefined if it names the columns of the dataset
 * in their order.
 */
export function headerProblem(
  start: Buffer,
  whole: boolean,
  { columns, format }: DatasetDefinition,
): string | undefined {
  const expected = columns.map(column => column.header);
  const must = `the first line must be the header ${shorten(expected.join(format.delimiter))}`;
  if (whole && start.length === 0) return `is empty and has no header: ${must}`;

  const lineEnd = start.indexOf(LINE_FEED);
  if (lineEnd < 0 && !whole) return `has no end of a line in its first ${start.length} bytes: ${must}`;
  let line: string;
  try {
    line = new TextDecoder('utf-8', { fatal: true })
      .decode(start.subarray(0, lineEnd < 0 ? undefined : lineEnd))
      .replace(/\r$/, '');
  } catch {
    if (isBinary(start)) return `is binary, not text: ${must}. Upload a CSV file under this name.`;
    return `is not in UTF-8: ${must}. Save the file in UTF-8.`;
  }
  if (line === '') return `begins with an empty line: ${must}`;
  if (line.includes('\r')) return `ends its lines with a carriage return alone: ${must}. End lines with LF or CR LF.`;
  if (line.includes('\0')) {
    if (isBinary(start)) return `is binary, not text: ${must}. Upload a CSV file under this name.`;
    return `has NUL characters in its first line, perhaps it is UTF-16: ${must}. Save the file in UTF-8.`;
  }

  let got: string[];
  try {
    [got] = parse(line, { delimiter: format.delimiter, relax_column_count: true });
  } catch (error) {
    return `has a first line that is not CSV (${(error as CsvError).code}): ${must}`;
  }
  if (got.length === expected.length && got.every((name, column) => name === expected[column])) return undefined;
  const isHeader = got.some(name => expected.some(other => other.toLowerCase() === name.trim().toLowerCase()));
  // without a name that is known it may be a row, and rows do not belong into logs and ledger
  if (!isHeader) {
    return (
      `has no header, or a foreign one: ${must} (${expected.length} columns), got ${got.length} columns, none of ` +
      'them of these names'
    );
  }
  return `has another header: ${must} (${expected.length} columns), got ${shorten(line)} (${got.length} columns)`;
}

/** Text has no control characters but tabs and line ends, whatever its encoding; NULs may be UTF-16's. */
function isBinary(start: Buffer): boolean {
  // eslint-disable-next-line no-control-regex
  return /[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]/.test(start.subarray(0, LOOKED_AT_BYTES).toString('latin1'));
}

function shorten(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)}… (${text.length} characters)`;
}
