import { announcePause, forgetPause } from './announce-pause';
import { newRunId } from './execution-name';
import { ledgerFile } from './file-item';
import { push } from './push';
import type { LedgerSettings } from './settings';
import { getSlots, isFull, isTooSoon, pauseOf, takeSlot } from './slots';
import { bytesOf, chooseFiles, waitingFiles } from './waiting-files';
import { logger } from '../../runtime/logger';
import { putJson } from '../../runtime/work-bucket';
import { type FileItem, planKey, type RunPlan } from '../contract';

/**
 * Begins runs with the files that wait, as many as slots allow.
 * @param mayContinue false when too little of the function's time is left to begin another run
 */
export async function dispatch(ledger: LedgerSettings, mayContinue: () => boolean): Promise<void> {
  while (mayContinue()) {
    const slots = await getSlots(ledger);
    const paused = pauseOf(ledger, slots);
    if (paused !== undefined) {
      logger.warn('Paused: no run begins until an operator resumes.', { reason: paused });
      await announcePause(ledger, slots, paused);
      return;
    }
    await forgetPause(ledger, slots);
    if (isFull(ledger, slots)) return;

    const files = await chooseFiles(waitingFiles(ledger), ledger);
    if (files.length === 0) return;
    const now = new Date();
    if (mayGather(files, ledger) && isTooSoon(ledger, slots, now)) return;

    const runId = newRunId(now);
    const plan: RunPlan = { runId, files: files.map(file => ({ ...ledgerFile(file), seen: file.runId })) };
    await putJson(ledger.workBucket, planKey(runId), plan);
    if (!(await takeSlot(ledger, runId, now))) return;

    const claimed = await push(ledger, plan);
    if (claimed === 0) return; // the index lags: asking it again at once would find the same
  }
}

/** Whether waiting makes the run better: not if it is full already, nor if its files are halves of one that failed. */
function mayGather(files: FileItem[], { maxFiles, maxBytes }: LedgerSettings): boolean {
  return files[0].limit === 0 && files.length < maxFiles && bytesOf(files) < maxBytes;
}
