import { paginateScan, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { FILE_STATUS, SLOTS_ID, type FileItem, type RunItem, type SlotsItem } from '../../src/file-ledger/contract';

/** All that the ledger says at one moment. */
export interface LedgerContent {
  /** In the order of arrival. */
  readonly files: FileItem[];
  readonly runs: RunItem[];
  /** Runs that hold a slot. */
  readonly live: string[];
  /** Why no run begins until somebody resumes the pipeline; absent: it is not paused. */
  readonly paused?: string;
}

/** Reads the whole ledger: on one machine it is small. */
export async function readLedger(client: DynamoDBDocumentClient, table: string): Promise<LedgerContent> {
  const files: FileItem[] = [];
  const runs: RunItem[] = [];
  let slots: SlotsItem | undefined;
  for await (const page of paginateScan({ client }, { TableName: table, ConsistentRead: true })) {
    for (const item of page.Items ?? []) {
      if (item.id === SLOTS_ID) slots = item as SlotsItem;
      else if ('attempt' in item) runs.push(item as RunItem);
      else files.push(item as FileItem);
    }
  }
  files.sort((one, other) => (one.arrived < other.arrived ? -1 : 1));
  runs.sort((one, other) => (one.id < other.id ? -1 : 1));
  const paused = slots?.paused?.reason;
  return { files, runs, live: [...(slots?.live ?? [])].sort(), ...(paused !== undefined && { paused }) };
}

export function isFinal({ status }: FileItem): boolean {
  return status !== FILE_STATUS.pending && status !== FILE_STATUS.claimed;
}
