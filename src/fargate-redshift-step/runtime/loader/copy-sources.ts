import { PutObjectCommand } from '@aws-sdk/client-s3';
import { BLANK, lineProblem } from './line-syntax';
import { BrokenGzipError, Line, linesOf } from './lines';
import type { Log } from './log';
import { RejectedRowWriter } from './rejected-row-writer';
import { DatasetDefinition, MAX_VALUE_BYTES } from '../../../dataset/contract';
import type { StagedFile } from '../../../etl-pipeline/contract';
import { stepFolder } from '../../../etl-step/contract';
import { s3 } from '../../../runtime/clients/s3';
import { DataError } from '../../../runtime/errors';
import type { LoaderInput } from '../../contract';

// What COPY makes of CSV that is not quite CSV differs from what Hive makes of it, and is not all documented: it takes line breaks in quotes (so an
// unclosed quote swallows the rows behind it), and ignores spaces around quotes. One meaning for both targets needs one line to be one row, and
// malformed lines to be seen before COPY. So the loader reads every staged file once. Files without such lines, nearly all, are copied
// as they are; of the others COPY gets copies without those lines.

/** An object for COPY. */
export interface CopySource {
  readonly key: string;
  readonly bytes: number;
  readonly gzip: boolean;
  readonly header: boolean;
  readonly file: StagedFile;
}

export interface CopySources {
  readonly sources: CopySource[];
  /** Malformed rows, by the id of their file. */
  readonly malformed: ReadonlyMap<string, number>;
}

/** Size of the objects that a file without its malformed lines becomes: COPY reads them in parallel. */
const OBJECT_BYTES = 64 * 1024 * 1024;

const BYTE_ORDER_MARK = Buffer.from('\uFEFF');
const LINE_FEED = Buffer.from('\n');
const CARRIAGE_RETURN = 0x0d;

/** Looks at every line of the staged files and keeps the malformed ones, as many as the run may reject. */
export async function prepareSources(input: LoaderInput, files: StagedFile[], log: Log): Promise<CopySources> {
  const writer = new RejectedRowWriter(input, 'malformed', ['file', 'line', 'reason', 'raw_line']);
  const malformed = new Map<string, number>();
  const sources: CopySource[] = [];
  let kept = 0;
  for (const file of files) {
    let rejected = 0;
    let asItIs = true;
    for await (const lines of judgedLines(input, file)) {
      if (lines.some(({ problem, rewrite }) => problem !== undefined || rewrite)) asItIs = false;
      for (const { number, bytes, problem } of lines) {
        if (problem === undefined || problem === BLANK) continue;
        rejected++;
        if (kept++ < input.maxRejectedRows) await writer.add([`s3://${input.workBucket}/${file.key}`, String(number), problem, bytes.toString('utf8')]);
      }
    }
    if (rejected > 0) malformed.set(file.id, rejected);
    sources.push(...asItIs
      ? [{ key: file.key, bytes: file.bytes, gzip: file.gzip, header: input.dataset.format.header, file }]
      : await withoutMalformedLines(input, file));
  }
  await writer.end();
  log('files read', { files: files.length, objects: sources.length, malformed: kept });
  return { sources, malformed };
}

interface JudgedLine {
  readonly number: number;
  /** Without its line end, and without the byte order mark of the file. */
  readonly bytes: Buffer;
  /** Why COPY must not see it. */
  readonly problem: string | typeof BLANK | undefined;
  /** Whether COPY must not see it as it stands in the file. */
  readonly rewrite: boolean;
}

/** Lines of a file that are to be looked at: all but the header and the empty ones, which COPY passes over by itself. */
async function* judgedLines({ workBucket, dataset }: LoaderInput, file: StagedFile): AsyncGenerator<JudgedLine[]> {
  try {
    for await (const lines of linesOf(workBucket, file)) {
      yield lines.filter(({ number, bytes }) => bytes.length > 0 && !(number === 1 && dataset.format.header)).map(line => judge(dataset, line));
    }
  } catch (error) {
    if (error instanceof BrokenGzipError) throw new DataError(`A gzip file is broken: ${error.message}`, [file.id], { cause: error });
    throw error;
  }
}

function judge(dataset: DatasetDefinition, { number, bytes }: Line): JudgedLine {
  const marked = number === 1 && bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
  const carriageReturn = bytes[bytes.length - 1] === CARRIAGE_RETURN;
  const row = bytes.subarray(marked ? BYTE_ORDER_MARK.length : 0, carriageReturn ? bytes.length - 1 : bytes.length);
  // if COPY takes the CR of CRLF for a part of the last field, that must not become too long by it
  const rewrite = marked || (carriageReturn && row.length >= MAX_VALUE_BYTES);
  return { number, bytes: row, problem: lineProblem(dataset, row), rewrite };
}

async function withoutMalformedLines(input: LoaderInput, file: StagedFile): Promise<CopySource[]> {
  const sources: CopySource[] = [];
  const name = file.key.slice(file.key.lastIndexOf('/') + 1).replace(/\.csv(\.gz)?$/, '');
  let pieces: Buffer[] = [];
  let size = 0;
  const write = async (): Promise<void> => {
    if (size === 0) return;
    // attempts of a run write the same objects
    const key = `${stepFolder(input.runId, input.stepId)}input/${name}-${String(sources.length).padStart(5, '0')}.csv`;
    await s3().send(new PutObjectCommand({ Bucket: input.workBucket, Key: key, Body: Buffer.concat(pieces) }));
    sources.push({ key, bytes: size, gzip: false, header: false, file });
    pieces = [];
    size = 0;
  };
  for await (const lines of judgedLines(input, file)) {
    for (const { bytes } of lines.filter(line => line.problem === undefined)) {
      pieces.push(bytes, LINE_FEED);
      size += bytes.length + LINE_FEED.length;
    }
    if (size >= OBJECT_BYTES) await write();
  }
  await write();
  return sources;
}
