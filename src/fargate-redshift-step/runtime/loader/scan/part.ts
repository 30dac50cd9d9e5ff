import { RejectedRowWriter } from './rejected-row-writer';
import { RowRules } from './row-rules';
import { LineListener, RowScanner } from './row-scanner';
import { RowWriter, WrittenObject } from './row-writer';
import { ByteRange, PartHooks, scanPart } from './scan-part';
import type { TextForms } from './text-forms';
import type { DatasetDefinition } from '../../../../dataset/contract';
import type { StagedFile } from '../../../../etl-pipeline/contract';
import type { TargetColumn } from '../sql/target-types';

// The work is cut into parts, which are done side by side: whole files, or ranges of a large plain one. Each is
// described by plain data, for another thread may do it.

/** The same for all parts of a load. */
export interface ScanContext {
  readonly workBucket: string;
  readonly dataset: DatasetDefinition;
  /** The table's columns, in the dataset's order. */
  readonly targets: TargetColumn[];
  /** Folder for the rows of files that COPY does not get as they are. */
  readonly rowsFolder: string;
  readonly rejectedRowsFolder: string;
}

export interface Part {
  readonly file: StagedFile;
  /** Of the parts of its file, from 0. */
  readonly number: number;
  /** Absent: the whole file. */
  readonly range?: ByteRange;
  /** Lines of the file before this part; they count only where lines are kept. */
  readonly linesBefore: number;
  /** Absent: lines are judged, and nothing is written. */
  readonly keep?: {
    /** How many rejected rows. */
    readonly rejected: number;
    readonly rows: boolean;
  };
}

export interface PartResult {
  readonly lines: number;
  readonly rows: number;
  readonly rejected: number;
  readonly rewrite: boolean;
  readonly openQuote: boolean;
  readonly forms: Pick<TextForms, 'columns' | 'carriageReturns'>;
  readonly objects: WrittenObject[];
}

export async function runPart(
  context: ScanContext,
  part: Part,
  hooks: Pick<PartHooks, 'signal' | 'progress'>,
): Promise<PartResult> {
  const { file, range } = part;
  const kept = part.keep && new KeptLines(context, part, part.keep);
  const scanner = new RowScanner(
    rulesOf(context),
    {
      linesBefore: part.linesBefore,
      first: (range?.start ?? 0) === 0,
      oneOfSeveral: range !== undefined,
    },
    kept,
  );
  const object = { bucket: context.workBucket, key: file.key, bytes: file.bytes, gzip: file.gzip };
  await scanPart(object, range, scanner, { ...hooks, flush: async () => kept?.flush() });
  await kept?.end();
  const { lines, rows, rejected, rewrite, openQuote, forms } = scanner;
  return {
    lines: lines - part.linesBefore,
    rows,
    rejected,
    rewrite,
    openQuote,
    forms,
    objects: kept?.rows.objects ?? [],
  };
}

const RULES = new WeakMap<ScanContext, RowRules>();

function rulesOf(context: ScanContext): RowRules {
  const rules = RULES.get(context) ?? new RowRules(context.dataset, context.targets);
  RULES.set(context, rules);
  return rules;
}

/** Name of a staged file without its endings. */
const nameOf = ({ key }: StagedFile): string => key.slice(key.lastIndexOf('/') + 1).replace(/\.csv(\.gz)?$/, '');

/** Writes the lines of a part where they belong. */
class KeptLines implements LineListener {
  readonly rows: RowWriter;
  private readonly rejections: RejectedRowWriter;
  private readonly uri: string;
  private left: number;

  constructor(
    context: ScanContext,
    { file, number }: Part,
    private readonly keep: NonNullable<Part['keep']>,
  ) {
    const name = `${nameOf(file)}-${String(number).padStart(5, '0')}-`;
    this.rows = new RowWriter(context.workBucket, `${context.rowsFolder}${name}`);
    this.rejections = new RejectedRowWriter(context.workBucket, `${context.rejectedRowsFolder}${name}`);
    this.uri = `s3://${context.workBucket}/${file.key}`;
    this.left = keep.rejected;
  }

  row(bytes: Buffer, start: number, end: number): void {
    if (this.keep.rows) this.rows.add(bytes, start, end);
  }

  rejected(line: number, bytes: Buffer, reason: string): void {
    if (this.left > 0) this.rejections.add(this.uri, line, reason, bytes);
    this.left--;
  }

  async flush(): Promise<void> {
    await Promise.all([this.rows.flush(), this.rejections.flush()]);
  }

  async end(): Promise<void> {
    await Promise.all([this.rows.end(), this.rejections.end()]);
  }
}
