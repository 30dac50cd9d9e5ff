import type { CopySource } from './scan/copy-sources';
import { readAll } from './scan/object-bytes';
import { RejectedRowWriter } from './scan/rejected-row-writer';
import { LINE_FEED } from './scan/row-judge';
import { RefusedRow, urlOf } from './sql/staged-rows';
import type { LoaderInput } from '../../contract';

/** Keeps rows that COPY refused, with their lines as they stand in the source. */
export async function keepRefusedRows(input: LoaderInput, refused: RefusedRow[], signal: AbortSignal): Promise<void> {
  const writer = new RejectedRowWriter(input.workBucket, `${input.rejectedRowsFolder}refused-`);
  for (const [source, rows] of bySource(refused)) {
    const lines = await readLines(input.workBucket, source, new Set(rows.map(row => row.line)), signal);
    for (const { line, reason } of rows) {
      writer.add(urlOf(input, source), line, reason, lines.get(line) ?? Buffer.alloc(0));
      await writer.flush();
    }
  }
  await writer.end();
}

/** The lines with these numbers, from 1, as they stand in the object. */
async function readLines(
  bucket: string,
  source: CopySource,
  numbers: ReadonlySet<number>,
  signal: AbortSignal,
): Promise<Map<number, Buffer>> {
  const found = new Map<number, Buffer>();
  let number = 1;
  let begun: Buffer[] = [];
  const take = (bytes: Buffer): void => {
    if (numbers.has(number)) begun.push(Buffer.from(bytes));
  };
  const end = (): void => {
    if (begun.length > 0) found.set(number, Buffer.concat(begun));
    begun = [];
    number++;
  };
  for await (const chunk of readAll({ ...source, bucket }, signal)) {
    let start = 0;
    for (let lineFeed = chunk.indexOf(LINE_FEED); lineFeed >= 0; lineFeed = chunk.indexOf(LINE_FEED, start)) {
      take(chunk.subarray(start, lineFeed));
      end();
      start = lineFeed + 1;
    }
    take(chunk.subarray(start));
    if (found.size === numbers.size) break;
  }
  end();
  return found;
}

function bySource(refused: RefusedRow[]): Map<CopySource, RefusedRow[]> {
  const sources = new Map<CopySource, RefusedRow[]>();
  for (const row of refused) {
    const rows = sources.get(row.source);
    if (rows) rows.push(row);
    else sources.set(row.source, [row]);
  }
  return sources;
}
