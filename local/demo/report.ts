import type { Row } from './compare';
import type { LedgerContent } from './ledger';
import { isStepResult } from './step-result';
import type { TargetContent } from './targets';
import type { ExecutionRecord } from './watch/execution-changes';
import { NO_RUN } from '../../src/file-ledger/contract';

/** What `--report FILE` writes as JSON. */
export interface RunReport {
  readonly files: ReportedFile[];
  readonly runs: ReportedRun[];
  /**
   * Rows of the first DynamoDB table that a step loads, sorted by key; every column is there, as the text that the
   * table holds, null where it holds none. Absent without such a step.
   */
  readonly dynamodb?: Row[];
  /** The same of Redshift. */
  readonly redshift?: Row[];
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
  /** Of steps that count rows. */
  readonly steps: Record<string, ReportedStep>;
  /** What the others have returned. */
  readonly otherResults: Record<string, unknown>;
}

export interface ReportedStep {
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly rowsRejected: number;
  readonly duplicatesDropped: number;
}

/** Files in the order of arrival, runs in the order in which they began. */
export function makeReport(
  ledger: LedgerContent,
  targets: TargetContent[],
  executions: Pick<ExecutionRecord, 'runId' | 'results'>[],
): RunReport {
  const rowsOf = (engine: 'DynamoDB' | 'Redshift') => targets.find(({ target }) => target.engine === engine)?.rows;
  const [dynamodb, redshift] = [rowsOf('DynamoDB'), rowsOf('Redshift')];
  return {
    files: ledger.files.map(({ key, versionId, status, reason, runId }) => ({
      key,
      versionId: versionId ?? null,
      status,
      reason: reason ?? null,
      runId: runId === NO_RUN ? null : runId,
    })),
    runs: ledger.runs.map(({ id, status, seconds, results }) => {
      const seen = Object.assign({}, ...executions.filter(({ runId }) => runId === id).map(record => record.results));
      return { runId: id, status, seconds: seconds ?? null, ...sorted({ ...seen, ...results }) };
    }),
    ...(dynamodb && { dynamodb }),
    ...(redshift && { redshift }),
  };
}

function sorted(results: Record<string, unknown>): Pick<ReportedRun, 'steps' | 'otherResults'> {
  const steps: Record<string, ReportedStep> = {};
  const otherResults: Record<string, unknown> = {};
  for (const [stepId, result] of Object.entries(results)) {
    if (isStepResult(result)) {
      const { rowsRead, rowsWritten, rowsRejected, duplicatesDropped } = result;
      steps[stepId] = { rowsRead, rowsWritten, rowsRejected, duplicatesDropped };
    } else {
      otherResults[stepId] = result;
    }
  }
  return { steps, otherResults };
}
