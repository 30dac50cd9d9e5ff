import { isConfigurationFailure, isStopped } from './attempt-end';
import type { LedgerSettings } from './settings';
import { updateSlots } from './slots';
import type { Pause, RunItem } from '../contract';

/** The part of a run's item that its verdict follows from. */
export type SettledRun = Pick<RunItem, 'id' | 'status' | 'error' | 'cause'>;

/**
 * Exchanges a settled run's slot for its verdict, once: whoever comes later finds no slot and changes nothing. A run
 * that failed with `Etl.Configuration` pauses the pipeline in the same write. One that was stopped on purpose has no
 * verdict.
 */
export async function release(ledger: Pick<LedgerSettings, 'table'>, run: SettledRun): Promise<void> {
  const pauses = isConfigurationFailure(run);
  const pause: Pause = { runId: run.id, reason: run.cause ?? run.error ?? run.status };
  await updateSlots(ledger, {
    UpdateExpression: `DELETE #live :runs${verdict(run)}${pauses ? ' SET #paused = :pause' : ''}`,
    ConditionExpression: 'contains(#live, :run)',
    ExpressionAttributeNames: {
      '#live': 'live',
      ...(!isStopped(run) && { '#failed': 'failed' }),
      ...(pauses && { '#paused': 'paused' }),
    },
    ExpressionAttributeValues: { ':run': run.id, ':runs': new Set([run.id]), ...(pauses && { ':pause': pause }) },
  });
}

function verdict(run: SettledRun): string {
  if (isStopped(run)) return '';
  return run.status === 'SUCCEEDED' ? ' REMOVE #failed' : ' ADD #failed :runs';
}
