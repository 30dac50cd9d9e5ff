import { DataError } from '../../../runtime/errors';
import type { LoaderInput } from '../../contract';

/** S3 URI of the folder that keeps a run's rejected rows. */
export const rejectedRowsUri = ({ workBucket, rejectedRowsFolder }: LoaderInput): string =>
  `s3://${workBucket}/${rejectedRowsFolder}`;

/** @param files ids of the files that alone have too many */
export function tooManyRejected(input: LoaderInput, rejected: number, files: string[]): DataError {
  return new DataError(
    `Run ${input.runId}: ${rejected} rows cannot be loaded, and maxRejectedRows allows ${input.maxRejectedRows}. ` +
      `See the first of them and their reasons below ${rejectedRowsUri(input)}`,
    files,
  );
}
