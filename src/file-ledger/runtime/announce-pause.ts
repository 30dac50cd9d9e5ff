import { sendEvents, sendsEvents } from './send-events';
import type { LedgerSettings } from './settings';
import { updateSlots } from './slots';
import { DETAIL_TYPE, type SlotsItem } from '../contract';

type Table = Pick<LedgerSettings, 'table'>;

/**
 * Tells once of each pause that no run begins, whoever or whatever has paused: sent first and noted then, so that a
 * crash between the two repeats it and loses nothing.
 */
export async function announcePause(ledger: Table, slots: SlotsItem, reason: string): Promise<void> {
  if (slots.announced || !sendsEvents()) return;
  await sendEvents([{ detailType: DETAIL_TYPE.paused, detail: { runId: slots.paused?.runId, reason } }]);
  await updateSlots(ledger, {
    UpdateExpression: 'SET #announced = :true',
    ExpressionAttributeNames: { '#announced': 'announced' },
    ExpressionAttributeValues: { ':true': true },
  });
}

/** The next pause is another one. */
export async function forgetPause(ledger: Table, { announced }: SlotsItem): Promise<void> {
  if (!announced) return;
  await updateSlots(ledger, {
    UpdateExpression: 'REMOVE #announced',
    ExpressionAttributeNames: { '#announced': 'announced' },
  });
}
