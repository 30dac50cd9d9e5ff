import type { LedgerSettings } from './settings';
import { updateSlots } from './slots';
import type { Pause } from '../contract';

type Table = Pick<LedgerSettings, 'table'>;

/** From now on no run takes a slot until a resume. What runs goes on, with its attempts. */
export async function pause(ledger: Table, reason: string): Promise<void> {
  await setPaused(ledger, reason);
}

/** As pause(), but the reason of a pause that is there already stays: whoever resumes has to know it. */
export async function pauseUnlessPaused(ledger: Table, reason: string): Promise<void> {
  await setPaused(ledger, reason, 'attribute_not_exists(#paused)');
}

async function setPaused(ledger: Table, reason: string, condition?: string): Promise<void> {
  const paused: Pause = { reason };
  await updateSlots(ledger, {
    UpdateExpression: 'SET #paused = :pause',
    ConditionExpression: condition,
    ExpressionAttributeNames: { '#paused': 'paused' },
    ExpressionAttributeValues: { ':pause': paused },
  });
}

/**
 * Ends every pause in one write: that of a configuration failure, that of an operator, and that of too many failed
 * runs. Whoever resumes wants to see a run, so `minRunInterval` does not hold the next one back.
 */
export async function resume(ledger: Table): Promise<void> {
  await updateSlots(ledger, {
    UpdateExpression: 'REMOVE #failed, #paused, #begun, #announced',
    ExpressionAttributeNames: {
      '#failed': 'failed',
      '#paused': 'paused',
      '#begun': 'begun',
      '#announced': 'announced',
    },
  });
}
