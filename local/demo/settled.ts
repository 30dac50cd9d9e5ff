import { setTimeout as sleep } from 'timers/promises';
import { isFinal, type LedgerContent } from './ledger';
import type { Queue } from './queue';
import type { UploadedObject } from './upload';
import type { Watcher } from './watch/watcher';

const LOOK_EVERY_MILLISECONDS = 1000;

/**
 * Looking takes at most this part of the time: a ledger of many thousand files is read page by page, on the cores that
 * the pipeline needs.
 */
const PART_OF_TIME = 0.2;

/**
 * Looks on until a condition holds, or nothing has changed for too long.
 * @param onUnderWay told at each look which steps are under way, with how far they are
 * @returns the last look, and whether the condition held
 */
export async function watchUntil(
  watcher: Pick<Watcher, 'look'>,
  patienceSeconds: number,
  condition: (content: LedgerContent) => Promise<boolean> | boolean,
  onUnderWay: (steps: string[]) => void = () => {},
): Promise<{ content: LedgerContent; held: boolean }> {
  for (let lastChange = Date.now(); ;) {
    const began = Date.now();
    const { content, changed, underWay } = await watcher.look();
    onUnderWay(underWay);
    if (changed) lastChange = began;
    const held = await condition(content);
    if (held || Date.now() - lastChange > patienceSeconds * 1000) return { content, held };
    await sleep(Math.max(LOOK_EVERY_MILLISECONDS, (Date.now() - began) / PART_OF_TIME));
  }
}

/**
 * What keeps the pipeline from being done with these objects: nothing once all are settled, no run is live and the
 * queue is empty.
 */
export async function unsettled(
  uploaded: UploadedObject[],
  content: LedgerContent,
  queue: Pick<Queue, 'messages'>,
): Promise<string[]> {
  const files = new Map(content.files.map(file => [`${file.versionId} ${file.key}`, file]));
  const waiting = uploaded.flatMap(({ key, versionId }) => {
    const file = files.get(`${versionId} ${key}`);
    if (!file) return [`${key}: its event has not reached the ledger`];
    return isFinal(file) ? [] : [`${key}: ${file.status}${file.status === 'CLAIMED' ? ` by run ${file.runId}` : ''}`];
  });
  waiting.push(...content.live.map(runId => `run ${runId}: not settled`));
  if (waiting.length > 0) return waiting;
  const messages = await queue.messages();
  return messages > 0 ? [`the queue: ${messages} messages`] : [];
}
