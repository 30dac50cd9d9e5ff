import { DataError } from '../../../runtime/errors';
import type { LoaderInput } from '../../contract';

/** Rows of one file. */
export interface FileRows {
  /** Of the file in the ledger. */
  readonly id: string;
  /** Those that are rejected among them. */
  readonly read: number;
  readonly rejected: number;
}

/** S3 URI of the folder that keeps a run's rejected rows. */
export const rejectedRowsUri = ({ workBucket, rejectedRowsFolder }: LoaderInput): string =>
  `s3://${workBucket}/${rejectedRowsFolder}`;

/** The error of a run that has more rejected rows than it may have; undefined if it has not. */
export function tooManyRejected(input: LoaderInput, files: readonly FileRows[]): DataError | undefined {
  const { read, rejected } = sum(files);
  if (!exceeds(input, { read, rejected })) return undefined;
  const share = Number(((100 * rejected) / read).toPrecision(3));
  const { maxRejectedRows, maxRejectedPercent } = input;
  const allowed = `maxRejectedRows allows ${maxRejectedRows}`;
  const allowedPercent = maxRejectedPercent === undefined ? '' : `, and maxRejectedPercent ${maxRejectedPercent} %`;
  const atFault = filesAtFault(input, files);
  return new DataError(
    `Run ${input.runId}: ${rejected} of ${read} rows (${share} %) cannot be loaded, and ${allowed}${allowedPercent}. ` +
      `Without ${atFault.length} of the ${files.length} files the others are within that. ` +
      `See the first of the rows and their reasons below ${rejectedRowsUri(input)}`,
    atFault,
  );
}

/**
 * The fewest files without which the others are within the limits: those that have the most rejected rows, then those
 * with the greatest share of them.
 */
function filesAtFault(input: LoaderInput, files: readonly FileRows[]): string[] {
  const atFault: FileRows[] = [];
  const blame = (limits: Limits, worst: (file: FileRows) => number): void => {
    const left = files.filter(file => !atFault.includes(file) && file.rejected > 0).sort((a, b) => worst(b) - worst(a));
    let rest = sum(files.filter(file => !atFault.includes(file)));
    for (const file of left) {
      if (!exceeds(limits, rest)) return;
      atFault.push(file);
      rest = { read: rest.read - file.read, rejected: rest.rejected - file.rejected };
    }
  };
  blame({ maxRejectedRows: input.maxRejectedRows }, ({ rejected }) => rejected);
  blame(input, ({ rejected, read }) => rejected / read);
  return atFault.map(({ id }) => id);
}

type Limits = Pick<LoaderInput, 'maxRejectedRows' | 'maxRejectedPercent'>;

function exceeds({ maxRejectedRows, maxRejectedPercent = 100 }: Limits, rows: Omit<FileRows, 'id'>): boolean {
  return rows.rejected > maxRejectedRows || rows.rejected * 100 > maxRejectedPercent * rows.read;
}

function sum(files: readonly FileRows[]): Omit<FileRows, 'id'> {
  return files.reduce((total, file) => ({ read: total.read + file.read, rejected: total.rejected + file.rejected }), {
    read: 0,
    rejected: 0,
  });
}
