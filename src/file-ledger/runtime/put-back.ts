import { updateEach, type Refusal } from './conditional-updates';
import { waitingShard } from './file-item';
import type { LedgerSettings } from './settings';
import { FILE_STATUS, type FileItem, type FileStatus } from '../contract';

const DONE: ReadonlySet<FileStatus> = new Set([FILE_STATUS.loaded, FILE_STATUS.rejected, FILE_STATUS.failed]);

/** Whether nothing more would happen to the file by itself. */
export const isDone = ({ status }: Pick<FileItem, 'status'>): boolean => DONE.has(status);

/**
 * Lets files wait again, each if it is still as it was read. It keeps its runId, so that the next claim sees what this
 * call saw.
 * @param alone each may travel with no other file
 * @returns for each file undefined if it waits now, else its status
 */
export async function putBack(
  ledger: Pick<LedgerSettings, 'table'>,
  files: FileItem[],
  alone: boolean,
): Promise<(FileStatus | 'GONE' | undefined)[]> {
  const done = files.filter(isDone);
  const refusals = await updateEach(
    done.map(({ id, runId }) => ({
      TableName: ledger.table,
      Key: { id },
      UpdateExpression:
        'SET #status = :pending, #limit = :limit, #waiting = :shard, #since = :now REMOVE #reason, #expires',
      ConditionExpression: '#runId = :seen AND (#status = :loaded OR #status = :rejected OR #status = :failed)',
      ExpressionAttributeNames: {
        '#status': 'status',
        '#limit': 'limit',
        '#waiting': 'waiting',
        '#since': 'since',
        '#reason': 'reason',
        '#runId': 'runId',
        '#expires': 'expires',
      },
      ExpressionAttributeValues: {
        ':pending': FILE_STATUS.pending,
        ':limit': alone ? 1 : 0,
        ':shard': waitingShard(id),
        ':now': new Date().toISOString(),
        ':seen': runId,
        ':loaded': FILE_STATUS.loaded,
        ':rejected': FILE_STATUS.rejected,
        ':failed': FILE_STATUS.failed,
      },
    })),
  );
  const statuses = new Map(done.map(({ id }, index) => [id, refusals[index] && statusOf(refusals[index])]));
  return files.map(file => (isDone(file) ? statuses.get(file.id) : file.status));
}

/** The status that kept an update from being made. */
export function statusOf({ old }: Refusal): FileStatus | 'GONE' {
  return (old?.status?.S ?? 'GONE') as FileStatus | 'GONE';
}
