import { failureOf, type AttemptEnd } from './attempt-end';
import { updateEach } from './conditional-updates';
import { fileExpiry } from './expiry';
import { waitingShard } from './file-item';
import { fileOutcomes, type FileOutcome } from './outcome';
import { release } from './release';
import { finishRun } from './run-item';
import { runResults } from './run-results';
import { sendEvents } from './send-events';
import type { LedgerSettings } from './settings';
import { settlementEvents } from './settlement-events';
import type { StagedFiles } from '../../etl-pipeline/contract';
import { stagedFilesKey } from '../../etl-step/contract';
import { logger } from '../../runtime/logger';
import { record } from '../../runtime/metrics';
import { getJson } from '../../runtime/work-bucket';
import { FILE_STATUS, filesKey, RUN_RETENTION_DAYS, type LedgerFile, type RunItem } from '../contract';

const DAY_SECONDS = 24 * 60 * 60;
// A cause may have 32,768 characters; DynamoDB's items hold 400 KB, people read less.
const LONGEST_CAUSE = 4_000;

/**
 * Ends a run whose last attempt has ended: its files, then its item, its slot last. The order counts: who finds a final
 * status with a slot still taken has only the slot left to give back.
 * @throws Error also if all is done but the events, which are lost then
 */
export async function settle(ledger: LedgerSettings, run: RunItem, end: AttemptEnd): Promise<void> {
  const files = await getJson<LedgerFile[]>(ledger.workBucket, filesKey(run.id));
  if (!files) {
    throw new Error(
      `Run ${run.id} cannot be settled: s3://${ledger.workBucket}/${filesKey(run.id)} is missing. Do not delete ` +
        'objects below runs/ while runs are live.',
    );
  }
  const staged = await getJson<StagedFiles>(ledger.workBucket, stagedFilesKey(run.id));
  const rejected = new Map(staged?.rejected.map(file => [file.id, file.reason]));

  const outcomes = fileOutcomes(end, run.count, files, rejected);
  const ended = end.stopped ?? new Date();
  const refusals = await updateEach(
    [...outcomes].map(([id, outcome]) => settlement({ ledger, runId: run.id, id, outcome, ended })),
  );
  const cause = end.status === 'SUCCEEDED' ? undefined : failureOf(end).message.slice(0, LONGEST_CAUSE);
  // Before the item is final: whoever takes this up after a crash sends them again. Nothing may hold a run up because
  // EventBridge does.
  const unsent = await sendEvents(settlementEvents({ run, end, cause, files, outcomes })).then(
    () => undefined,
    (error: unknown) => error as Error,
  );
  const isFirst = await finishRun(ledger, run.id, {
    status: end.status,
    results: await runResults(ledger.workBucket, run.id),
    seconds: end.seconds,
    error: end.error,
    cause,
    expires: Math.floor(ended.getTime() / 1000) + RUN_RETENTION_DAYS * DAY_SECONDS,
  });
  const settled = [...outcomes.values()].filter((_, index) => refusals[index] === undefined);
  recordSettlement(settled, isFirst ? end : undefined);
  await release(ledger, { id: run.id, status: end.status, error: end.error, cause });
  logger.info('Settled', {
    runId: run.id,
    attempt: run.attempt,
    status: end.status,
    files: countByStatus(outcomes.values()),
  });
  if (unsent) {
    throw new Error(`Run ${run.id} is settled, but its events were not sent: ${unsent.message}`, { cause: unsent });
  }
}

interface Settlement {
  readonly ledger: LedgerSettings;
  readonly runId: string;
  readonly id: string;
  readonly outcome: FileOutcome;
  readonly ended: Date;
}

/**
 * The update of one file. Its condition holds only between the run's claim and its settlement: a settler that comes
 * late changes nothing.
 */
function settlement({ ledger, runId, id, outcome, ended }: Settlement) {
  const values: Record<string, unknown> = { ':status': outcome.status, ':claimed': FILE_STATUS.claimed, ':run': runId };
  const names: Record<string, string> = { '#status': 'status', '#runId': 'runId', '#reason': 'reason' };
  const set = ['#status = :status'];
  const assign = (name: string, value: unknown) => {
    names[`#${name}`] = name;
    values[`:${name}`] = value;
    set.push(`#${name} = :${name}`);
  };
  const expires = outcome.status === FILE_STATUS.pending ? undefined : fileExpiry(ledger, ended);
  if (expires !== undefined) assign('expires', expires);
  const reason = 'reason' in outcome ? outcome.reason : undefined;
  if (reason !== undefined) assign('reason', reason);
  if (outcome.status === FILE_STATUS.pending) {
    assign('waiting', waitingShard(id));
    assign('since', ended.toISOString());
    if (outcome.limit !== undefined) assign('limit', outcome.limit);
  }
  return {
    TableName: ledger.table,
    Key: { id },
    UpdateExpression: `SET ${set.join(', ')}${reason === undefined ? ' REMOVE #reason' : ''}`,
    ConditionExpression: '#status = :claimed AND #runId = :run',
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  };
}

/**
 * Counts what this call has changed, so that a settlement that is repeated counts nothing twice. One that is cut off
 * between a write and this line leaves its numbers out: the ledger has them.
 */
function recordSettlement(settled: FileOutcome[], end: AttemptEnd | undefined): void {
  const counts = countByStatus(settled);
  record('trigger', {
    FilesLoaded: counts[FILE_STATUS.loaded],
    FilesRejected: counts[FILE_STATUS.rejected],
    FilesFailed: counts[FILE_STATUS.failed],
    ...(end && { [end.status === 'SUCCEEDED' ? 'RunsSucceeded' : 'RunsFailed']: 1, RunDuration: end.seconds }),
  });
}

function countByStatus(outcomes: Iterable<FileOutcome>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of outcomes) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
