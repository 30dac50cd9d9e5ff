import { CHECKED_ROWS } from './checked-rows';
import type { CopySource } from './copy-sources';
import { readLines } from './lines';
import { RejectedRowWriter } from './rejected-row-writer';
import type { Session } from './session';
import { RefusedRow, STAGED_ROWS, stagedColumn } from './staged-rows';
import type { LoaderInput } from '../../contract';

/** Rows fetched from the warehouse at a time. */
const PAGE_ROWS = 1_000;

/** Keeps rows that COPY refused, with their lines as they stand in the source. */
export async function keepRefusedRows(input: LoaderInput, refused: RefusedRow[]): Promise<void> {
  const writer = new RejectedRowWriter(input, 'refused', ['file', 'line', 'reason', 'raw_line']);
  for (const [source, rows] of bySource(refused)) {
    const lines = await readLines(input.workBucket, source, new Set(rows.map(row => row.line)));
    for (const { line, reason } of rows) {
      await writer.add([`s3://${input.workBucket}/${source.key}`, String(line), reason, lines.get(line)?.toString('utf8') ?? '']);
    }
  }
  await writer.end();
}

/** Keeps the rows that break a rule of a column: the first `most` of them. */
export async function keepInvalidRows(session: Session, input: LoaderInput, most: number): Promise<void> {
  const writer = new RejectedRowWriter(input, 'invalid', ['reason', ...input.dataset.columns.map(column => column.header)]);
  const staged = input.dataset.columns.map((_, index) => `s.${stagedColumn(index)}`);
  let after = '0';
  for (let kept = 0; kept < most;) {
    const { rows } = await session.query(`SELECT c.row_id, c.reason, ${staged.join(', ')} FROM ${CHECKED_ROWS} c JOIN ${STAGED_ROWS} s ON s.row_id = c.row_id
      WHERE c.reason IS NOT NULL AND c.row_id > ${after} ORDER BY c.row_id LIMIT ${Math.min(PAGE_ROWS, most - kept)}`);
    if (rows.length === 0) break;
    for (const [, ...fields] of rows) await writer.add(fields.map(field => field ?? ''));
    kept += rows.length;
    after = rows[rows.length - 1][0]!;
  }
  await writer.end();
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
