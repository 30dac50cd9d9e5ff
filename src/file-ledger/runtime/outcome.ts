import { failureOf, isConfigurationFailure, isStopped, type AttemptEnd } from './attempt-end';
import { ERROR } from '../../etl-step/contract';
import { FILE_STATUS, type LedgerFile } from '../contract';

/** What becomes of a file when its run is settled. */
export type FileOutcome =
  | { readonly status: typeof FILE_STATUS.loaded }
  | { readonly status: typeof FILE_STATUS.rejected | typeof FILE_STATUS.failed; readonly reason: string }
  /** Waits again, with the limit that it had or a new one. */
  | { readonly status: typeof FILE_STATUS.pending; readonly limit?: number };

// Enough for people; an item of 1 KB is what an index entry of a waiting file should cost.
const LONGEST_REASON = 1_000;

/**
 * What the end of a run's last attempt makes of each of its files.
 * @param count files that the run began with: a list that somebody wrote late may be shorter
 * @param rejectedByStaging reasons by file id
 */
export function fileOutcomes(
  end: AttemptEnd,
  count: number,
  files: LedgerFile[],
  rejectedByStaging: Map<string, string>,
): Map<string, FileOutcome> {
  const remaining = outcomeOfRemaining(end, count, files);
  return new Map(
    files.map(({ id }) => {
      const reason = rejectedByStaging.get(id);
      return [id, reason === undefined ? remaining(id) : { status: FILE_STATUS.rejected, reason: shorten(reason) }];
    }),
  );
}

/** The outcome of the files that staging has passed on. */
function outcomeOfRemaining(end: AttemptEnd, count: number, files: LedgerFile[]): (id: string) => FileOutcome {
  if (end.status === 'SUCCEEDED') return () => ({ status: FILE_STATUS.loaded });
  const failure = failureOf(end);
  const reason = shorten(failure.message);
  // nothing is wrong with the files: they wait until the cause is repaired and an operator resumes, or until runs may
  // begin again
  if (isConfigurationFailure(end) || isStopped(end)) return () => ({ status: FILE_STATUS.pending });
  if (end.status !== 'FAILED' || end.error !== ERROR.data) return () => ({ status: FILE_STATUS.failed, reason });

  const ids = new Set(files.map(file => file.id));
  const named = new Set(failure.files.filter(id => ids.has(id)));
  if (named.size > 0) {
    return id => (named.has(id) ? { status: FILE_STATUS.rejected, reason } : { status: FILE_STATUS.pending });
  }
  // A single file is its own proof; of several, halves are tried until the bad one is alone.
  if (count > 1) return () => ({ status: FILE_STATUS.pending, limit: Math.ceil(count / 2) });
  return () => ({ status: FILE_STATUS.rejected, reason });
}

function shorten(text: string): string {
  return text.length > LONGEST_REASON ? `${text.slice(0, LONGEST_REASON)}…` : text;
}
