import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { LedgerSettings } from './settings';
import { getSlots, pauseOf } from './slots';
import { waitingFiles } from './waiting-files';
import { dynamo } from '../../runtime/clients/dynamodb';
import { isMeasured, record } from '../../runtime/metrics';
import { WAITING_INDEX, WAITING_SHARDS } from '../contract';

/**
 * Counting goes on page by page: 100,000 files cost a fifth of a cent, which is not to be spent on more every minute.
 */
const MOST_COUNTED = 100_000;

/** Records what waits, and whether anything may begin. */
export async function measure(ledger: Pick<LedgerSettings, 'table' | 'pauseAfter'>, now: Date): Promise<void> {
  if (!isMeasured('trigger')) return;
  const counts = await Promise.all(
    Array.from({ length: WAITING_SHARDS }, (_, shard) => countShard(ledger.table, shard)),
  );
  record('trigger', {
    FilesWaiting: counts.reduce((sum, count) => sum + count, 0),
    OldestFileAge: await oldestAge(ledger, now),
    Paused: pauseOf(ledger, await getSlots(ledger)) === undefined ? 0 : 1,
  });
}

async function countShard(table: string, shard: number): Promise<number> {
  let count = 0;
  let next: Record<string, unknown> | undefined;
  do {
    const { Count = 0, LastEvaluatedKey } = await dynamo().send(
      new QueryCommand({
        TableName: table,
        IndexName: WAITING_INDEX,
        Select: 'COUNT',
        KeyConditionExpression: '#waiting = :shard',
        ExpressionAttributeNames: { '#waiting': 'waiting' },
        ExpressionAttributeValues: { ':shard': shard },
        ExclusiveStartKey: next,
      }),
    );
    count += Count;
    next = LastEvaluatedKey;
  } while (next !== undefined && count < MOST_COUNTED / WAITING_SHARDS);
  return count;
}

/** Seconds for which the file that is next has waited; 0 if none waits. */
async function oldestAge({ table }: Pick<LedgerSettings, 'table'>, now: Date): Promise<number> {
  for await (const { since, arrived } of waitingFiles({ table, maxFiles: WAITING_SHARDS })) {
    return Math.max(0, (now.getTime() - Date.parse(since ?? arrived.split('#')[0])) / 1000);
  }
  return 0;
}
