import { LEDGER_ENV } from '../../file-ledger/contract';
import { retentionSeconds } from '../../file-ledger/runtime/settings';
import { requireEnv, requireWholeNumber } from '../../runtime/environment';
import { fileFilter, type FileFilter } from '../../s3-queue-trigger/runtime/file-filter';
import { OPERATOR_ENV } from '../contract';

/** What the construct has told the operator function. */
export interface OperatorSettings extends FileFilter {
  readonly table: string;
  readonly workBucket: string;
  readonly pauseAfter: number;
  readonly retentionSeconds: number;
  /** The landing bucket. */
  readonly bucket: string;
}

export function operatorSettings(): OperatorSettings {
  return {
    table: requireEnv(LEDGER_ENV.table),
    workBucket: requireEnv(LEDGER_ENV.workBucket),
    pauseAfter: requireWholeNumber(LEDGER_ENV.pauseAfter),
    retentionSeconds: retentionSeconds(),
    bucket: requireEnv(OPERATOR_ENV.bucket),
    ...fileFilter(),
  };
}
