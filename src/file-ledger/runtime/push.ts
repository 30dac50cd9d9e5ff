import { updateEach } from './conditional-updates';
import { ledgerFile } from './file-item';
import { getRun, putRunOnce } from './run-item';
import type { LedgerSettings } from './settings';
import { giveBackSlot } from './slots';
import { start } from './start';
import { logger } from '../../runtime/logger';
import { putJson } from '../../runtime/work-bucket';
import { FILE_STATUS, filesKey, type PlannedFile, type RunPlan } from '../contract';

/**
 * Carries out a plan that holds a slot: claims its files and starts the run. It may be called any number of times, in
 * parallel and late: all calls agree on the files, because a claim has one result for ever.
 * @returns how many files the run has got
 */
export async function push(ledger: LedgerSettings, plan: RunPlan): Promise<number> {
  const { runId } = plan;
  const mine = await claim(ledger.table, plan);
  if (mine.length === 0) {
    // with an item it has run, and others have claimed all its files since: the slot is not ours to give back
    if (!(await getRun(ledger, runId))) {
      await giveBackSlot(ledger, runId);
      logger.info('No file of the plan waited any more', { runId });
    }
    return 0;
  }
  // The order counts: the item says that the list is there, and the execution that both are.
  await putJson(ledger.workBucket, filesKey(runId), mine.map(ledgerFile));
  const run = await putRunOnce(ledger, runId, mine);
  await start(ledger, run, 1);
  return mine.length;
}

/**
 * Claims the files that are still as the plan saw them; returns those that belong to the run, whoever claimed them for
 * it.
 */
async function claim(table: string, { runId, files }: RunPlan): Promise<PlannedFile[]> {
  const refusals = await updateEach(
    files.map(file => ({
      TableName: table,
      Key: { id: file.id },
      UpdateExpression: 'SET #status = :claimed, #runId = :run REMOVE #waiting',
      ConditionExpression: '#runId = :seen',
      ExpressionAttributeNames: { '#status': 'status', '#runId': 'runId', '#waiting': 'waiting' },
      ExpressionAttributeValues: { ':claimed': FILE_STATUS.claimed, ':run': runId, ':seen': file.seen },
    })),
  );
  return files.filter((_, index) => {
    const refusal = refusals[index];
    return refusal === undefined || refusal.old?.runId?.S === runId;
  });
}
