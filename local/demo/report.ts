import type { Row } from './compare';
import type { LedgerContent } from './ledger';
import { NO_RUN } from '../../src/file-ledger/contract';

/** What `--report FILE` writes. */
export interface DemoReport {
  readonly files: ReportedFile[];
  readonly runs: ReportedRun[];
  /** Sorted by key; every column is there, as the text that the target holds, null where it holds none. */
  readonly dynamodb: Row[];
  readonly redshift: Row[];
}

export interface ReportedFile {
  readonly key: string;
  readonly versionId: string | null;
  readonly status: string;
  readonly reason: string | null;
  readonly runId: string | null;
}

export interface ReportedRun {
  readonly runId: string;
  readonly status: string;
  /** Of the last attempt; null while it goes on. */
  readonly seconds: number | null;
  readonly steps: Record<string, ReportedStep>;
}

export interface ReportedStep {
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly rowsRejected: number;
  readonly duplicatesDropped: number;
}

/** Files in the order of arrival, runs in the order in which they began. */
export function makeReport(ledger: LedgerContent, dynamodb: Row[], redshift: Row[]): DemoReport {
  return {
    files: ledger.files.map(({ key, versionId, status, reason, runId }) => ({
      key,
      versionId: versionId ?? null,
      status,
      reason: reason ?? null,
      runId: runId === NO_RUN ? null : runId,
    })),
    runs: ledger.runs.map(({ id, status, seconds, results }) => ({
      runId: id,
      status,
      seconds: seconds ?? null,
      steps: stepsOf(results ?? {}),
    })),
    dynamodb,
    redshift,
  };
}

function stepsOf(results: Record<string, ReportedStep>): Record<string, ReportedStep> {
  return Object.fromEntries(
    Object.entries(results).map(([stepId, { rowsRead, rowsWritten, rowsRejected, duplicatesDropped }]) => [
      stepId,
      { rowsRead, rowsWritten, rowsRejected, duplicatesDropped },
    ]),
  );
}
