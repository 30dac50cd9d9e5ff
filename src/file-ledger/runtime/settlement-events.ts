import type { AttemptEnd } from './attempt-end';
import type { FileOutcome } from './outcome';
import {
  DETAIL_TYPE,
  FILE_STATUS,
  type FileStatus,
  type LedgerEvent,
  type LedgerFile,
  type RunItem,
} from '../contract';

export interface SettledFiles {
  readonly run: RunItem;
  readonly end: AttemptEnd;
  readonly cause?: string;
  readonly files: LedgerFile[];
  readonly outcomes: Map<string, FileOutcome>;
}

// People read less; an event may have 256 KB.
const LONGEST_CAUSE = 1_000;

/** What a settlement has to tell: the same whenever it is repeated. */
export function settlementEvents({ run, end, cause, files, outcomes }: SettledFiles): LedgerEvent[] {
  const rejected = files.flatMap(file => {
    const outcome = outcomes.get(file.id)!;
    return outcome.status === FILE_STATUS.rejected ? [rejectionEvent(file, outcome.reason, run.id)] : [];
  });
  if (end.status === 'SUCCEEDED') return rejected;
  const became: Partial<Record<FileStatus, number>> = {};
  for (const { status } of outcomes.values()) became[status] = (became[status] ?? 0) + 1;
  return [
    ...rejected,
    {
      detailType: DETAIL_TYPE.runFailed,
      detail: {
        runId: run.id,
        attempt: run.attempt,
        status: end.status,
        error: end.error,
        cause: cause?.slice(0, LONGEST_CAUSE),
        files: became,
      },
    },
  ];
}

type NamedFile = Pick<LedgerFile, 'id' | 'bucket' | 'key' | 'versionId'>;

/** @param runId absent: the file was rejected as it arrived */
export function rejectionEvent({ id, bucket, key, versionId }: NamedFile, reason: string, runId?: string): LedgerEvent {
  return { detailType: DETAIL_TYPE.fileRejected, detail: { fileId: id, bucket, key, versionId, runId, reason } };
}
