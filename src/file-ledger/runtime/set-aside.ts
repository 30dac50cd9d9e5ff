import { updateEach } from './conditional-updates';
import { newRunId } from './execution-name';
import { fileExpiry } from './expiry';
import { statusOf } from './put-back';
import type { LedgerSettings } from './settings';
import { FILE_STATUS, type FileItem, type FileStatus } from '../contract';

/**
 * Rejects files that wait, each if it still waits as it was read. It gets a new runId, of a run that never is: a plan
 * that has seen the file waiting, however old, cannot claim it any more.
 * @returns for each file undefined if it is set aside now, else its status
 */
export async function setAside(
  ledger: Pick<LedgerSettings, 'table' | 'retentionSeconds'>,
  files: FileItem[],
  reason: string,
): Promise<(FileStatus | 'GONE' | undefined)[]> {
  const now = new Date();
  const runId = newRunId(now);
  const expires = fileExpiry(ledger, now);
  const waiting = files.filter(file => file.status === FILE_STATUS.pending);
  const refusals = await updateEach(
    waiting.map(file => ({
      TableName: ledger.table,
      Key: { id: file.id },
      UpdateExpression:
        'SET #status = :rejected, #runId = :run, #reason = ' +
        `:reason${expires === undefined ? '' : ', #expires = :expires'} REMOVE #waiting`,
      ConditionExpression: '#runId = :seen AND #status = :pending',
      ExpressionAttributeNames: {
        '#status': 'status',
        '#runId': 'runId',
        '#reason': 'reason',
        '#waiting': 'waiting',
        ...(expires !== undefined && { '#expires': 'expires' }),
      },
      ExpressionAttributeValues: {
        ...(expires !== undefined && { ':expires': expires }),
        ':rejected': FILE_STATUS.rejected,
        ':run': runId,
        ':reason': `Set aside by an operator: ${reason}`,
        ':seen': file.runId,
        ':pending': FILE_STATUS.pending,
      },
    })),
  );
  const statuses = new Map(
    waiting.map(({ id }, index) => {
      const refusal = refusals[index];
      return [id, refusal && refusal.old?.runId?.S !== runId ? statusOf(refusal) : undefined];
    }),
  );
  return files.map(file => (file.status === FILE_STATUS.pending ? statuses.get(file.id) : file.status));
}
