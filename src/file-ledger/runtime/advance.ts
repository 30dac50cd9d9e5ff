import { asksForAnother, describeAttempt } from './attempt-end';
import { dispatch } from './dispatch';
import { push } from './push';
import { release } from './release';
import { getRun, nextAttempt } from './run-item';
import type { LedgerSettings } from './settings';
import { settle } from './settle';
import { start } from './start';
import { stopCompute } from './stop-compute';
import { logger } from '../../runtime/logger';
import { record } from '../../runtime/metrics';
import { getJson } from '../../runtime/work-bucket';
import { planKey, type RunPlan } from '../contract';

export interface AdvanceOptions {
  /** False when too little of the function's time is left to begin another run. */
  readonly mayContinue: () => boolean;
  /** Leave a run alone that has no item yet: whoever has begun it is probably still at it. */
  readonly leaveUnstarted?: boolean;
}

/** Does whatever a run that holds a slot needs next. Safe at any time, any number of times, in parallel. */
export async function advance(ledger: LedgerSettings, runId: string, options: AdvanceOptions): Promise<void> {
  const run = await getRun(ledger, runId);
  if (!run) {
    if (options.leaveUnstarted) return;
    const plan = await getJson<RunPlan>(ledger.workBucket, planKey(runId));
    if (!plan) {
      throw new Error(
        `Run ${runId} has neither an item nor a plan: s3://${ledger.workBucket}/${planKey(runId)} is missing. Do ` +
          'not delete objects below runs/ while runs are live.',
      );
    }
    await push(ledger, plan);
    return;
  }
  if (run.status !== 'RUNNING') return release(ledger, run);

  const end = await describeAttempt(ledger, run);
  if (end === 'missing') return start(ledger, run, run.attempt);
  if (end === 'running') return;
  const stopping = await stopCompute(ledger, { runId, attempt: run.attempt });
  if (stopping.length > 0) {
    logger.info('Compute has not ended yet', { runId, attempt: run.attempt, stopping });
    record('trigger', { RunsStopping: 1 });
    return;
  }
  if (asksForAnother(end, run)) {
    logger.warn('Attempt failed, the next one follows', {
      runId,
      attempt: run.attempt,
      status: end.status,
      error: end.error,
      cause: end.cause,
    });
    await nextAttempt(ledger, run);
    return start(ledger, run, run.attempt + 1);
  }
  await settle(ledger, run, end);
  return dispatch(ledger, options.mayContinue);
}
