import { setTimeout as pause } from 'timers/promises';
import {
  BatchGetCommand,
  ScanCommand,
  type BatchGetCommandInput,
  type BatchGetCommandOutput,
} from '@aws-sdk/lib-dynamodb';
import type { LedgerSettings } from './settings';
import { dynamo } from '../../runtime/clients/dynamodb';
import type { FileItem, RunItem, SlotsItem } from '../contract';

type Table = Pick<LedgerSettings, 'table'>;

export type LedgerItem = FileItem | RunItem | SlotsItem;

export const isFile = (item: LedgerItem): item is FileItem => 'arrived' in item;
export const isRun = (item: LedgerItem): item is RunItem => 'attempt' in item;

/** DynamoDB's limit for one BatchGetItem. */
const ITEMS_PER_CALL = 100;
const MOST_PAUSE_MILLISECONDS = 1_000;

/** The items with these ids, read consistently; ids of none are left out. */
export async function getItems(ledger: Table, ids: string[]): Promise<LedgerItem[]> {
  const distinct = [...new Set(ids)];
  const found: LedgerItem[] = [];
  for (let start = 0; start < distinct.length; start += ITEMS_PER_CALL) {
    let request: BatchGetCommandInput['RequestItems'] = {
      [ledger.table]: { Keys: distinct.slice(start, start + ITEMS_PER_CALL).map(id => ({ id })), ConsistentRead: true },
    };
    while (request?.[ledger.table]?.Keys?.length) {
      const answer: BatchGetCommandOutput = await dynamo().send(new BatchGetCommand({ RequestItems: request }));
      found.push(...((answer.Responses?.[ledger.table] ?? []) as LedgerItem[]));
      request = answer.UnprocessedKeys; // throttled, or more than 16 MB
      if (request?.[ledger.table]) await pause(Math.random() * MOST_PAUSE_MILLISECONDS);
    }
  }
  return found;
}

/** One page of a scan. */
export interface ItemPage {
  readonly items: LedgerItem[];
  /** Id of the last item that was looked at; absent at the end. */
  readonly last?: string;
}

/**
 * Goes through the whole table, in no order. People ask for a status or a prefix rarely: an index for it would cost a
 * write for each write of a file, whereas a scan of 100,000 files reads about 70 MB, for a fifth of a cent.
 * @param after id of an item: begins behind it
 */
export async function* scanItems(ledger: Table, after?: string): AsyncGenerator<ItemPage> {
  let last = after;
  do {
    const { Items, LastEvaluatedKey } = await dynamo().send(
      new ScanCommand({
        TableName: ledger.table,
        ExclusiveStartKey: last === undefined ? undefined : { id: last },
      }),
    );
    last = LastEvaluatedKey?.id as string | undefined;
    yield { items: (Items ?? []) as LedgerItem[], last };
  } while (last !== undefined);
}
