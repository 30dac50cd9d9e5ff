import type { LedgerSettings } from './settings';
import { updateSlots } from './slots';
import type { RunOutcome } from '../contract';

/** Exchanges a settled run's slot for its verdict, once: whoever comes later finds no slot and changes nothing. */
export async function release(ledger: Pick<LedgerSettings, 'table'>, runId: string, outcome: RunOutcome): Promise<void> {
  const verdict = outcome === 'SUCCEEDED' ? 'REMOVE #failed' : 'ADD #failed :runs';
  await updateSlots(ledger, {
    UpdateExpression: `DELETE #live :runs ${verdict}`,
    ConditionExpression: 'contains(#live, :run)',
    ExpressionAttributeNames: { '#live': 'live', '#failed': 'failed' },
    ExpressionAttributeValues: { ':run': runId, ':runs': new Set([runId]) },
  });
}
