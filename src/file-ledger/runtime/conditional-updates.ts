import { setTimeout as pause } from 'timers/promises';
import { type AttributeValue, type CancellationReason, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { TransactWriteCommand, type TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import pMap from 'p-map';
import { dynamo } from '../../runtime/clients/dynamodb';

type Update = NonNullable<NonNullable<TransactWriteCommandInput['TransactItems']>[number]['Update']>;

/** What was there when the condition of an update did not hold; lib-dynamodb leaves errors in DynamoDB's own format. */
export interface Refusal {
  readonly old?: Record<string, AttributeValue>;
}

/** DynamoDB's limit for a transaction. */
const UPDATES_PER_TRANSACTION = 100;
/** A new on-demand table takes 4,000 writes a second: more in parallel would only be throttled. */
const PARALLEL_TRANSACTIONS = 4;

/** Tries without any progress before the caller fails (and the sweep repeats it): about 20 s of waiting. */
const MOST_TRIES = 12;
const FIRST_PAUSE_MILLISECONDS = 50;
const LONGEST_PAUSE_MILLISECONDS = 3_000;

/** Reasons that pass by themselves. */
const PASSING_REASONS = new Set([
  'TransactionConflict',
  'ProvisionedThroughputExceeded',
  'ThrottlingError',
  'RequestLimitExceeded',
]);
const PASSING_ERRORS = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'TransactionInProgressException',
]);

/**
 * Makes conditional updates that do not depend on each other: transactions serve only to send many with one call, and a
 * condition that does not hold stops no other update.
 * @returns for each update undefined if it was made, else why not
 */
export async function updateEach(updates: Update[]): Promise<(Refusal | undefined)[]> {
  const chunks: Update[][] = [];
  for (let start = 0; start < updates.length; start += UPDATES_PER_TRANSACTION) {
    chunks.push(updates.slice(start, start + UPDATES_PER_TRANSACTION));
  }
  return (await pMap(chunks, updateChunk, { concurrency: PARALLEL_TRANSACTIONS })).flat();
}

async function updateChunk(updates: Update[]): Promise<(Refusal | undefined)[]> {
  const refusals = new Array<Refusal | undefined>(updates.length).fill(undefined);
  let open = updates.map((_, index) => index);
  let tries = 0;
  while (open.length > 0) {
    const reasons = await send(
      open.map(index => updates[index]),
      ++tries >= MOST_TRIES,
    );
    if (reasons === 'made') return refusals;
    const refused = reasons.map(reason => reason.Code === 'ConditionalCheckFailed');
    reasons.forEach((reason, position) => {
      if (refused[position]) refusals[open[position]] = { old: reason.Item };
    });
    open = open.filter((_, position) => !refused[position]);
    if (refused.includes(true)) tries = 0;
    else await pause(Math.random() * Math.min(LONGEST_PAUSE_MILLISECONDS, FIRST_PAUSE_MILLISECONDS * 2 ** tries));
  }
  return refusals;
}

/** Sends one transaction; if it was not made for reasons that pass or by conditions, tells them per update. */
async function send(updates: Update[], last: boolean): Promise<'made' | CancellationReason[]> {
  try {
    await dynamo().send(
      new TransactWriteCommand({
        TransactItems: updates.map(update => ({
          Update: { ...update, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' },
        })),
      }),
    );
    return 'made';
  } catch (error) {
    if (error instanceof TransactionCanceledException && error.CancellationReasons?.length === updates.length) {
      const reasons = error.CancellationReasons;
      const refused = reasons.some(reason => reason.Code === 'ConditionalCheckFailed');
      const serious = reasons.some(
        ({ Code = 'None' }) => Code !== 'None' && Code !== 'ConditionalCheckFailed' && !PASSING_REASONS.has(Code),
      );
      if (!serious && (refused || !last)) return reasons;
    } else if (error instanceof Error && PASSING_ERRORS.has(error.name) && !last) {
      return [];
    }
    throw error;
  }
}
