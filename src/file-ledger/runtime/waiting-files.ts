import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { LedgerSettings } from './settings';
import { dynamo } from '../../runtime/clients/dynamodb';
import { WAITING_INDEX, WAITING_SHARDS, type FileItem, type LedgerFile } from '../contract';

/** One partition of the index, read page by page. */
interface Shard {
  readonly number: number;
  files: FileItem[];
  next?: Record<string, unknown>;
  done: boolean;
}

/**
 * The files that wait, oldest first, as the index shows them: it may lag, and a claim finds that out.
 * Ends early after 2 x maxFiles entries: files that may not travel with the oldest are passed over, and must not make a
 * call endless.
 * @param after only files whose `arrived` comes after this
 */
export async function* waitingFiles(
  ledger: Pick<LedgerSettings, 'table' | 'maxFiles'>,
  after?: string,
): AsyncGenerator<FileItem> {
  const pageSize = Math.ceil(ledger.maxFiles / WAITING_SHARDS);
  const shards: Shard[] = Array.from({ length: WAITING_SHARDS }, (_, number) => ({ number, files: [], done: false }));
  await Promise.all(shards.map(shard => readPage(ledger.table, shard, pageSize, after)));
  let entries = shards.reduce((sum, shard) => sum + shard.files.length, 0);
  for (;;) {
    for (const shard of shards) {
      while (shard.files.length === 0 && !shard.done) {
        if (entries >= 2 * ledger.maxFiles) return;
        await readPage(ledger.table, shard, pageSize, after);
        entries += shard.files.length;
      }
    }
    const next = (shard: Shard) => shard.files.at(-1)!.arrived;
    const [oldest] = shards
      .filter(shard => shard.files.length > 0)
      .sort((one, other) => (next(one) < next(other) ? -1 : 1));
    if (!oldest) return;
    yield oldest.files.pop()!;
  }
}

/** Leaves the shard's next files in `files`, the oldest last. */
async function readPage(table: string, shard: Shard, size: number, after?: string): Promise<void> {
  const { Items, LastEvaluatedKey } = await dynamo().send(
    new QueryCommand({
      TableName: table,
      IndexName: WAITING_INDEX,
      KeyConditionExpression: `#waiting = :shard${after === undefined ? '' : ' AND #arrived > :after'}`,
      ExpressionAttributeNames: { '#waiting': 'waiting', ...(after !== undefined && { '#arrived': 'arrived' }) },
      ExpressionAttributeValues: { ':shard': shard.number, ...(after !== undefined && { ':after': after }) },
      Limit: size,
      ExclusiveStartKey: shard.next,
    }),
  );
  shard.files = (Items ?? []).reverse() as FileItem[];
  shard.next = LastEvaluatedKey;
  shard.done = LastEvaluatedKey === undefined;
}

/**
 * The files of the next run: the oldest leads, and those that may travel with it follow in order until the run is full.
 */
export async function chooseFiles(
  waiting: AsyncIterable<FileItem>,
  most: Pick<LedgerSettings, 'maxFiles' | 'maxBytes'>,
): Promise<FileItem[]> {
  const chosen: FileItem[] = [];
  let bytes = 0;
  for await (const file of waiting) {
    const limit = chosen.length === 0 ? file.limit : chosen[0].limit;
    if (file.limit !== limit) continue;
    if (chosen.length > 0 && bytes + file.size > most.maxBytes) break;
    chosen.push(file);
    bytes += file.size;
    if (chosen.length >= most.maxFiles || chosen.length === limit || bytes >= most.maxBytes) break;
  }
  return chosen;
}

export function bytesOf(files: LedgerFile[]): number {
  return files.reduce((bytes, file) => bytes + file.size, 0);
}
