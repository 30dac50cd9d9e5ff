import { isUtf8 } from 'buffer';
import { DatasetDefinition, MAX_VALUE_BYTES, REJECTION } from '../../../dataset/contract';

const QUOTE = 0x22;
const CARRIAGE_RETURN = 0x0d;
const REPLACEMENT_CHARACTER = Buffer.from('\uFFFD');

/** A line that is no row: nothing but a line end. */
export const BLANK = Symbol('blank');

/** Why a line is no well-formed row of the dataset, BLANK if it is none at all, or undefined if it is one. It comes without its line end. */
export function lineProblem(dataset: DatasetDefinition, row: Buffer): string | typeof BLANK | undefined {
  if (row.length === 0) return BLANK;
  if (row.includes(CARRIAGE_RETURN) || row.includes(0) || !isUtf8(row) || row.includes(REPLACEMENT_CHARACTER)) return REJECTION.malformed(dataset);
  const lengths = fieldLengths(row, dataset.format.delimiter.charCodeAt(0));
  if (lengths?.length !== dataset.columns.length) return REJECTION.malformed(dataset);
  const tooLong = lengths.findIndex(length => length > MAX_VALUE_BYTES);
  return tooLong < 0 ? undefined : REJECTION.tooLong(dataset.columns[tooLong], MAX_VALUE_BYTES);
}

/** Bytes of each field's value, or undefined where a quote is out of place (RFC 4180, 2.5 to 2.7). */
function fieldLengths(row: Buffer, delimiter: number): number[] | undefined {
  const hasQuotes = row.includes(QUOTE);
  const lengths: number[] = [];
  for (let position = 0; ; position++) {
    let end: number;
    if (hasQuotes && row[position] === QUOTE) {
      const closing = closingQuote(row, position + 1);
      if (!closing) return undefined;
      lengths.push(closing.length);
      end = closing.position + 1;
    } else {
      const found = row.indexOf(delimiter, position);
      end = found < 0 ? row.length : found;
      if (hasQuotes && row.subarray(position, end).includes(QUOTE)) return undefined;
      lengths.push(end - position);
    }
    if (end === row.length) return lengths;
    if (row[end] !== delimiter) return undefined;
    position = end;
  }
}

/** Where a quoted field that begins at `start` ends, and how long its value is; two quotes stand for one. */
function closingQuote(row: Buffer, start: number): { position: number; length: number } | undefined {
  let length = 0;
  for (let from = start; ;) {
    const position = row.indexOf(QUOTE, from);
    if (position < 0) return undefined;
    length += position - from;
    if (row[position + 1] !== QUOTE) return { position, length };
    length++;
    from = position + 2;
  }
}
