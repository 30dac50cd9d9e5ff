import pMap from 'p-map';
import { BrokenGzipError } from './object-bytes';
import type { Part, PartResult } from './part';
import type { WrittenObject } from './row-writer';
import type { ByteRange } from './scan-part';
import { TextForms } from './text-forms';
import { PartRunner } from './threads';
import type { StagedFile } from '../../../../etl-pipeline/contract';
import { DataError } from '../../../../runtime/errors';
import type { LoaderInput } from '../../../contract';
import type { Log } from '../log';
import { FileRows, tooManyRejected } from '../too-many-rejected';

// What COPY makes of CSV that is not quite CSV differs from what Hive makes of it, and is not all documented: it takes
// line breaks in quotes (so an unclosed quote swallows the rows behind it), and ignores spaces around quotes. One
// meaning for both targets needs one line to be one row, and rejected lines to be seen before COPY. So the loader reads
// every staged file once, and judges every value on the way. Files without rejected lines, nearly all, are copied as
// they are; the others are read again, and COPY gets copies without those lines.

/** An object for COPY. */
export interface CopySource {
  /** Id of the file whose rows it holds. */
  readonly file: string;
  readonly key: string;
  readonly bytes: number;
  readonly gzip: boolean;
  readonly header: boolean;
}

export interface CopySources {
  readonly sources: CopySource[];
  /** Rows in the sources. */
  readonly rows: number;
  /** Rows that are not in them. */
  readonly rejected: number;
  readonly files: FileRows[];
  readonly forms: TextForms;
}

/** Plain files of more than two of these are read in ranges of this size, side by side. */
const RANGE_BYTES = 64 * 1024 * 1024;

/** Parts at a time for each thread: while one waits for S3 another one is judged. */
const JUDGED_AT_A_TIME = 8;

/** Parts that are written are fewer, because their rows are held in memory. */
const WRITTEN_AT_A_TIME = 2;

/** When a run has too many rejected rows, this many are kept, to see what is wrong. */
const SAMPLE_ROWS = 1_000;

/** A file, and what its parts amount to. */
interface JudgedFile {
  readonly file: StagedFile;
  readonly parts: { readonly range?: ByteRange; readonly result: PartResult }[];
  readonly rejected: number;
}

/**
 * Judges every line of the staged files and keeps the rejected ones. @throws DataError if there are more of them than
 * the run may have
 */
export async function prepareSources(
  input: LoaderInput,
  files: StagedFile[],
  runner: PartRunner,
  threads: number,
  log: Log,
  rangeBytes = RANGE_BYTES,
): Promise<CopySources> {
  const judged = await judge(input, files, runner, threads, rangeBytes);
  const results = judged.flatMap(({ parts }) => parts.map(({ result }) => result));
  const forms = new TextForms(input.dataset.columns.length);
  for (const result of results) forms.merge(result.forms);
  const rows = results.reduce((sum, result) => sum + result.rows, 0);
  const rejected = judged.reduce((sum, file) => sum + file.rejected, 0);
  log('files read', { files: files.length, rows, rejected });

  const fileRows = judged.map(({ file, parts, rejected: inFile }) => ({
    id: file.id,
    rejected: inFile,
    read: inFile + parts.reduce((sum, { result }) => sum + result.rows, 0),
  }));
  const tooMany = tooManyRejected(input, fileRows);
  if (tooMany) {
    await write(judged, runner, threads, { sample: SAMPLE_ROWS });
    throw tooMany;
  }
  const isAsItWas = ({ parts }: JudgedFile): boolean =>
    parts.every(({ result }) => result.rejected === 0 && !result.rewrite);
  const changed = judged.filter(file => !isAsItWas(file));
  const written = await write(changed, runner, threads, {});
  if (changed.length > 0) log('files written again without their rejected rows', { files: changed.length });
  const { header } = input.dataset.format;
  const sources = judged.flatMap(
    ({ file }) =>
      written.get(file)?.map(object => ({ ...object, file: file.id, gzip: false, header: false })) ?? [
        { file: file.id, key: file.key, bytes: file.bytes, gzip: file.gzip, header },
      ],
  );
  return { sources, rows, rejected, files: fileRows, forms };
}

async function judge(
  input: LoaderInput,
  files: StagedFile[],
  runner: PartRunner,
  threads: number,
  rangeBytes: number,
): Promise<JudgedFile[]> {
  const broken: BrokenGzipError[] = [];
  const brokenFiles: string[] = [];
  const run = async (file: StagedFile, number: number, range?: ByteRange): Promise<PartResult | undefined> => {
    try {
      return await runner.run({ file, number, range, linesBefore: 0 });
    } catch (error) {
      if (!(error instanceof BrokenGzipError)) throw error;
      broken.push(error);
      brokenFiles.push(file.id);
      return undefined;
    }
  };
  const wanted = files.flatMap(file => rangesOf(file, rangeBytes).map((range, number) => ({ file, number, range })));
  const concurrency = threads * JUDGED_AT_A_TIME;
  const results = await pMap(
    wanted,
    async part => ({ ...part, result: await run(part.file, part.number, part.range) }),
    { concurrency },
  );
  if (broken.length > 0) {
    throw new DataError(`Run ${input.runId}: a gzip file is broken: ${broken[0].message}`, brokenFiles, {
      cause: broken[0],
    });
  }

  const byFile = new Map<StagedFile, { range?: ByteRange; result: PartResult }[]>(files.map(file => [file, []]));
  for (const { file, range, result } of results) byFile.get(file)!.push({ range, result: result! });
  // whether a quote that is open at the end of a line closes in another one only shows from the beginning of the file
  // on
  const undecided = [...byFile]
    .filter(([, parts]) => parts.length > 1 && parts.some(({ result }) => result.openQuote))
    .map(([file]) => file);
  await pMap(
    undecided,
    async file => {
      byFile.set(file, [{ result: (await run(file, 0))! }]);
    },
    { concurrency },
  );
  return [...byFile].map(([file, parts]) => ({
    file,
    parts,
    rejected: parts.reduce((sum, { result }) => sum + result.rejected, 0),
  }));
}

/** Ranges of a large plain file; one that is undefined stands for the whole file. */
function rangesOf({ gzip, bytes }: StagedFile, rangeBytes: number): (ByteRange | undefined)[] {
  if (gzip || bytes <= 2 * rangeBytes) return [undefined];
  return Array.from({ length: Math.ceil(bytes / rangeBytes) }, (_, index) => ({
    start: index * rangeBytes,
    end: Math.min(bytes, (index + 1) * rangeBytes),
  }));
}

/** Reads files once more and keeps their rejected rows: all of them, and the rows, or a sample of them alone. */
async function write(
  judged: JudgedFile[],
  runner: PartRunner,
  threads: number,
  { sample }: { sample?: number },
): Promise<Map<StagedFile, WrittenObject[]>> {
  let left = sample ?? Infinity;
  const wanted: Part[] = [];
  for (const { file, parts } of judged) {
    let linesBefore = 0;
    for (const [number, { range, result }] of parts.entries()) {
      const rejected = Math.min(left, result.rejected);
      if (sample === undefined || rejected > 0) {
        wanted.push({ file, number, range, linesBefore, keep: { rejected, rows: sample === undefined } });
      }
      left -= rejected;
      linesBefore += result.lines;
    }
  }
  const results = await pMap(wanted, async part => ({ file: part.file, ...(await runner.run(part)) }), {
    concurrency: threads * WRITTEN_AT_A_TIME,
  });
  const written = new Map<StagedFile, WrittenObject[]>(judged.map(({ file }) => [file, []]));
  for (const { file, objects } of results) written.get(file)!.push(...objects);
  return written;
}
