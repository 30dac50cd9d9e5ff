import { idOf } from './select-files';
import type { OperatorSettings } from './settings';
import { FILE_STATUS, NO_RUN, type FileItem, type RunItem } from '../../file-ledger/contract';
import { executionName } from '../../file-ledger/runtime/execution-name';
import { getItems, isFile, isRun, scanItems } from '../../file-ledger/runtime/find-items';
import { getSlots, pauseOf } from '../../file-ledger/runtime/slots';
import { waitingFiles } from '../../file-ledger/runtime/waiting-files';
import { isWanted } from '../../s3-queue-trigger/contract';
import { MOST_SHOWN, type ShowFailuresRequest, type ShowFileRequest, type ShowWaitingRequest } from '../contract';

// Entries of the waiting files' index that one call looks at, at least: 4 MB.
const WAITING_ENTRIES = 4_000;

const FAILED: ReadonlySet<string> = new Set(['FAILED', 'TIMED_OUT', 'ABORTED', FILE_STATUS.rejected]);

/** What happened to a file, and what happens next. */
export async function showFile(
  settings: OperatorSettings,
  { fileId, key, versionId }: ShowFileRequest,
): Promise<object> {
  const id = fileId ?? (await idOf(settings, key!, versionId));
  const file = id === undefined ? undefined : (await getItems(settings, [id])).find(isFile);
  if (!file) return { answer: unknownFile(settings, id, key) };
  const run = (await getItems(settings, [file.runId])).find(isRun);
  const paused = pauseOf(settings, await getSlots(settings));
  return { answer: story(file, run, paused), file, ...(run && { run: shownRun(run) }) };
}

function unknownFile(
  { bucket, prefix, suffixes }: OperatorSettings,
  id: string | undefined,
  key: string | undefined,
): string {
  if (key === undefined) return `The ledger has no file ${id}.`;
  if (id === undefined) {
    return (
      `There is no object s3://${bucket}/${key}. It may have been loaded before it was deleted: ask with its ` +
      `'versionId' or 'fileId'.`
    );
  }
  if (!isWanted(key, prefix, suffixes)) {
    return (
      `The trigger does not take s3://${bucket}/${key}: it takes keys that begin with '${prefix}' and end with ` +
      `${suffixes.join(' or ') || 'anything but /'}.`
    );
  }
  return (
    `The object s3://${bucket}/${key} is there, but the ledger does not know it: its event is in the queue or in ` +
    'the dead-letter queue, or it is older than the trigger. ' +
    `If it does not come, enter it: {"operation": "backfill", "prefix": ${JSON.stringify(key)}}.`
  );
}

function story(file: FileItem, run: RunItem | undefined, paused: string | undefined): string {
  const by = `run ${file.runId}`;
  switch (file.status) {
    case FILE_STATUS.pending:
      return (
        `It waits for a run${file.runId === NO_RUN ? '' : `, after ${by}${run?.cause ? ` (${run.cause})` : ''}`}. ` +
        (paused === undefined
          ? 'It goes with the next one that has room for it.'
          : `The trigger is paused, ${paused}. It goes on after {"operation": "resume"}.`)
      );
    case FILE_STATUS.claimed:
      return (
        `It is being loaded: ${by}, ` +
        `${run ? `attempt ${run.attempt}, execution ${executionName(run.id, run.attempt)}` : 'which is about to start'}.`
      );
    case FILE_STATUS.loaded:
      return `It was loaded by ${by}.`;
    case FILE_STATUS.rejected:
      return (
        `It was rejected and is not loaded: ${file.reason}. Once it can be loaded: {"operation": "putBack", ` +
        `"fileIds": ["${file.id}"]}.`
      );
    case FILE_STATUS.failed:
      return (
        `It is not loaded, because ${by} failed: ${file.reason}. Once the cause is repaired: {"operation": ` +
        `"putBack", "runId": "${file.runId}"}.`
      );
  }
}

/** The oldest files that wait, and what may hold them up. */
export async function showWaiting(
  settings: OperatorSettings,
  { prefix = '', next }: ShowWaitingRequest,
): Promise<object> {
  const slots = await getSlots(settings);
  const files: FileItem[] = [];
  let last: string | undefined;
  let more = false;
  let looked = 0;
  for await (const file of waitingFiles({ table: settings.table, maxFiles: WAITING_ENTRIES }, next)) {
    more = files.length === MOST_SHOWN || looked === WAITING_ENTRIES;
    if (more) break;
    looked++;
    last = file.arrived;
    if (file.key.startsWith(prefix)) files.push(file);
  }
  return {
    paused: pauseOf(settings, slots) ?? null,
    runs: [...(slots.live ?? [])].sort(),
    files: files.map(({ id, key, versionId, size, arrived, limit, runId }) => ({
      fileId: id,
      key,
      versionId,
      size,
      arrived: arrived.split('#')[0],
      ...(limit > 0 && { limit }),
      ...(runId !== NO_RUN && { lastRun: runId }),
    })),
    ...(more && { next: last }),
  };
}

/** Runs and files that failed, in no order; as many as fit into the time and the answer. */
export async function showFailures(
  settings: OperatorSettings,
  { since, next }: ShowFailuresRequest,
  mayContinue: () => boolean,
): Promise<object> {
  const paused = pauseOf(settings, await getSlots(settings));
  const first = since === undefined ? '' : new Date(since).toISOString().replace(/[-:]|\.\d+/g, ''); // as run ids begin
  const runs: object[] = [];
  const files: object[] = [];
  let last: string | undefined;
  pages: for await (const page of scanItems(settings, next)) {
    for (const item of page.items) {
      if (runs.length + files.length >= MOST_SHOWN) break pages;
      last = item.id;
      if (isRun(item) && FAILED.has(item.status) && item.id >= first) runs.push(shownRun(item));
      if (isFile(item) && FAILED.has(item.status) && item.runId >= first) files.push(shownFile(item));
    }
    last = page.last;
    if (last === undefined || !mayContinue()) break;
  }
  return { paused: paused ?? null, runs, files, ...(last !== undefined && { next: last }) };
}

function shownRun({ id, status, attempt, count, bytes, created, seconds, error, cause, results }: RunItem): object {
  return { runId: id, status, attempt, files: count, bytes, created, seconds, error, cause, results };
}

function shownFile({ id, key, versionId, status, runId, reason }: FileItem): object {
  return { fileId: id, key, versionId, status, runId, reason };
}
