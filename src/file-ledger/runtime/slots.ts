import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import type { LedgerSettings } from './settings';
import { dynamo } from '../../runtime/clients/dynamodb';
import { SLOTS_ID, type SlotsItem } from '../contract';

type Table = Pick<LedgerSettings, 'table'>;

export async function getSlots(ledger: Table): Promise<SlotsItem> {
  const { Item } = await dynamo().send(
    new GetCommand({ TableName: ledger.table, Key: { id: SLOTS_ID }, ConsistentRead: true }),
  );
  return (Item ?? { id: SLOTS_ID }) as SlotsItem;
}

/** Why no run may take a slot; undefined if runs may. */
export function pauseOf(ledger: Pick<LedgerSettings, 'pauseAfter'>, { failed, paused }: SlotsItem): string | undefined {
  if (paused) return `${paused.runId ? `run ${paused.runId} failed: ` : ''}${paused.reason}`;
  if ((failed?.size ?? 0) < ledger.pauseAfter) return undefined;
  return `${failed!.size} runs failed since the last success: ${[...failed!].join(', ')}`;
}

export function isFull(ledger: Pick<LedgerSettings, 'maxExecutions'>, slots: SlotsItem): boolean {
  return (slots.live?.size ?? 0) >= ledger.maxExecutions;
}

/**
 * Whether the run before began so short a time ago that files go on gathering (`minRunInterval`). A clock that is wrong
 * costs a wait or a small run: nothing else depends on it.
 */
export function isTooSoon(
  ledger: Pick<LedgerSettings, 'minRunIntervalSeconds'>,
  { begun }: SlotsItem,
  now: Date,
): boolean {
  return begun !== undefined && now.getTime() - Date.parse(begun) < ledger.minRunIntervalSeconds * 1000;
}

/** Takes a slot for a run; false if there is none, or the pipeline is paused. */
export function takeSlot(
  ledger: Pick<LedgerSettings, 'table' | 'maxExecutions' | 'pauseAfter'>,
  runId: string,
  now: Date,
): Promise<boolean> {
  return updateSlots(ledger, {
    UpdateExpression: 'ADD #live :run SET #begun = :now',
    ConditionExpression:
      '(attribute_not_exists(#live) OR size(#live) < :max) ' +
      'AND (attribute_not_exists(#failed) OR size(#failed) < :pauseAfter) AND attribute_not_exists(#paused)',
    ExpressionAttributeNames: { '#live': 'live', '#failed': 'failed', '#paused': 'paused', '#begun': 'begun' },
    ExpressionAttributeValues: {
      ':run': new Set([runId]),
      ':max': ledger.maxExecutions,
      ':pauseAfter': ledger.pauseAfter,
      ':now': now.toISOString(),
    },
  });
}

/** Gives back the slot of a run that never ran: it says nothing about the pipeline's health. */
export async function giveBackSlot(ledger: Table, runId: string): Promise<void> {
  await updateSlots(ledger, {
    UpdateExpression: 'DELETE #live :run',
    ExpressionAttributeNames: { '#live': 'live' },
    ExpressionAttributeValues: { ':run': new Set([runId]) },
  });
}

/** Changes the slots' item; false if the condition does not hold. */
export async function updateSlots(
  ledger: Table,
  update: Omit<UpdateCommandInput, 'TableName' | 'Key'>,
): Promise<boolean> {
  try {
    await dynamo().send(new UpdateCommand({ TableName: ledger.table, Key: { id: SLOTS_ID }, ...update }));
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
