import type { Readable } from 'stream';
import { createGunzip } from 'zlib';

// How COPY … CSV reads records:
// https://docs.aws.amazon.com/redshift/latest/dg/copy-parameters-data-format.html#copy-csv

export interface CsvOptions {
  readonly delimiter: string;
  readonly gzip: boolean;
  readonly ignoreHeader: number;
  readonly ignoreBlankLines: boolean;
}

export interface CsvRecord {
  /** Number of its first line, from 1. */
  readonly line: number;
  /** Fields as latin1: one character per byte. Absent if its quotes make no sense. */
  readonly fields?: string[];
  readonly raw: string;
}

const QUOTE = '"';

/**
 * The records of an object. A quoted field may hold line breaks; the line feed alone ends a line, a CR before it stays
 * in the last field.
 */
export async function* readRecords(object: Readable, options: CsvOptions): AsyncGenerator<CsvRecord> {
  let number = 0;
  let begun: { text: string; line: number } | undefined;
  for await (const line of readLines(object, options.gzip)) {
    number++;
    if (!begun && number <= options.ignoreHeader) continue;
    const record: { text: string; line: number } = begun
      ? { text: `${begun.text}\n${line}`, line: begun.line }
      : { text: line, line: number };
    begun = undefined;
    if (hasOpenQuote(record.text)) {
      begun = record;
      continue;
    }
    if (record.text === '' && options.ignoreBlankLines) continue;
    yield { line: record.line, raw: record.text, fields: splitFields(record.text, options.delimiter) };
  }
  if (begun) yield { line: begun.line, raw: begun.text };
}

async function* readLines(object: Readable, gzip: boolean): AsyncGenerator<string> {
  const stream = gzip ? object.pipe(createGunzip()) : object;
  let rest = '';
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== '') yield rest;
}

const hasOpenQuote = (text: string): boolean => text.split(QUOTE).length % 2 === 0;

/** Splits a record; undefined if a quote is out of place. Blanks around a quoted field are ignored. */
function splitFields(text: string, delimiter: string): string[] | undefined {
  const fields: string[] = [];
  const blanks = delimiter === '\t' ? '[ \\r]*' : '[ \\t\\r]*';
  const quoted = new RegExp(`${blanks}"((?:[^"]|"")*)"${blanks}(?=${delimiter.replace(/[|.*+?^$\\]/, '\\$&')}|$)`, 'y');
  for (let position = 0; ;) {
    quoted.lastIndex = position;
    const match = text.includes(QUOTE) ? quoted.exec(text) : null;
    let end: number;
    if (match) {
      fields.push(match[1].replaceAll('""', QUOTE));
      end = quoted.lastIndex;
    } else {
      const found = text.indexOf(delimiter, position);
      end = found < 0 ? text.length : found;
      const field = text.slice(position, end);
      if (field.includes(QUOTE)) return undefined;
      fields.push(field);
    }
    if (end === text.length) return fields;
    position = end + delimiter.length;
  }
}
