import { failureOf, type AttemptEnd } from './attempt-end';
import { updateEach } from './conditional-updates';
import { waitingShard } from './file-item';
import { fileOutcomes, type FileOutcome } from './outcome';
import { release } from './release';
import { finishRun } from './run-item';
import { runResults } from './run-results';
import type { LedgerSettings } from './settings';
import type { StagedFiles } from '../../etl-pipeline/contract';
import { stagedFilesKey } from '../../etl-step/contract';
import { logger } from '../../runtime/logger';
import { getJson } from '../../runtime/work-bucket';
import { FILE_STATUS, filesKey, RUN_RETENTION_DAYS, type LedgerFile, type RunItem } from '../contract';

const DAY_SECONDS = 24 * 60 * 60;
// A cause may have 32,768 characters; DynamoDB's items hold 400 KB, people read less.
const LONGEST_CAUSE = 4_000;

/**
 * Ends a run whose last attempt has ended: its files, then its item, its slot last. The order counts: who finds a final status with a
 * slot still taken has only the slot left to give back.
 */
export async function settle(ledger: LedgerSettings, run: RunItem, end: AttemptEnd): Promise<void> {
  const files = await getJson<LedgerFile[]>(ledger.workBucket, filesKey(run.id));
  if (!files) throw new Error(`Run ${run.id} cannot be settled: s3://${ledger.workBucket}/${filesKey(run.id)} is missing. Do not delete objects below runs/ while runs are live.`);
  const staged = await getJson<StagedFiles>(ledger.workBucket, stagedFilesKey(run.id));
  const rejected = new Map(staged?.rejected.map(file => [file.id, file.reason]));

  const outcomes = fileOutcomes(end, run.count, files, rejected);
  await updateEach([...outcomes].map(([id, outcome]) => settlement(ledger.table, run.id, id, outcome)));
  const cause = end.status === 'SUCCEEDED' ? undefined : failureOf(end).message.slice(0, LONGEST_CAUSE);
  await finishRun(ledger, run.id, {
    status: end.status,
    results: await runResults(ledger.workBucket, run.id),
    seconds: end.seconds,
    error: end.error,
    cause,
    expires: Math.floor((end.stopped ?? new Date()).getTime() / 1000) + RUN_RETENTION_DAYS * DAY_SECONDS,
  });
  await release(ledger, { id: run.id, status: end.status, error: end.error, cause });
  logger.info('Settled', { runId: run.id, attempt: run.attempt, status: end.status, files: countByStatus(outcomes) });
}

/** The update of one file. Its condition holds only between the run's claim and its settlement: a settler that comes late changes nothing. */
function settlement(table: string, runId: string, id: string, outcome: FileOutcome) {
  const values: Record<string, unknown> = { ':status': outcome.status, ':claimed': FILE_STATUS.claimed, ':run': runId };
  const names: Record<string, string> = { '#status': 'status', '#runId': 'runId', '#reason': 'reason' };
  const set = ['#status = :status'];
  const assign = (name: string, value: unknown) => {
    names[`#${name}`] = name;
    values[`:${name}`] = value;
    set.push(`#${name} = :${name}`);
  };
  const reason = 'reason' in outcome ? outcome.reason : undefined;
  if (reason !== undefined) assign('reason', reason);
  if (outcome.status === FILE_STATUS.pending) {
    assign('waiting', waitingShard(id));
    if (outcome.limit !== undefined) assign('limit', outcome.limit);
  }
  return {
    TableName: table,
    Key: { id },
    UpdateExpression: `SET ${set.join(', ')}${reason === undefined ? ' REMOVE #reason' : ''}`,
    ConditionExpression: '#status = :claimed AND #runId = :run',
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  };
}

function countByStatus(outcomes: Map<string, FileOutcome>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of outcomes.values()) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
