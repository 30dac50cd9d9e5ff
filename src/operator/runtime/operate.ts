import { parseRequest, RefusedRequest } from './parse-request';
import { selectFiles, type FilePage } from './select-files';
import type { OperatorSettings } from './settings';
import { showFailures, showFile, showWaiting } from './show';
import { FILE_STATUS, type FileItem } from '../../file-ledger/contract';
import { pause, resume } from '../../file-ledger/runtime/pause';
import { putBack } from '../../file-ledger/runtime/put-back';
import { setAside } from '../../file-ledger/runtime/set-aside';
import { getSlots, pauseOf } from '../../file-ledger/runtime/slots';
import { logger } from '../../runtime/logger';
import { backfill } from '../../s3-queue-trigger/runtime/backfill';
import { MOST_SHOWN, OPERATIONS, type OperatorRequest, type PutBackRequest, type SetAsideRequest } from '../contract';

const REPLAY_WARNING =
  'Loading a file again writes its rows again. A DynamoDB table keeps what is written last: items that newer ' +
  'files have written since are overwritten ' +
  "with this file's older values, so put those files back as well, afterwards. Redshift's upsert keeps the newer " +
  "row if the dataset has a 'latestBy'.";

const GO_ON = "There is more: make the same call again, with 'next' as it is here.";

const NEXT_SWEEP = 'The next sweep, within a minute, begins their runs, unless minRunInterval lets files gather first.';

/** Carries out one request of an operator. What is no request is answered with what is allowed, and changes nothing. */
export async function operate(
  payload: unknown,
  settings: OperatorSettings,
  mayContinue: () => boolean,
): Promise<object> {
  try {
    const request = parseRequest(payload);
    logger.info('Operator', {
      request: { ...request, ...('fileIds' in request && { fileIds: request.fileIds?.length }) },
    });
    return await carryOut(request, settings, mayContinue);
  } catch (error) {
    if (!(error instanceof RefusedRequest)) throw error;
    return { refused: error.message, operations: OPERATIONS };
  }
}

async function carryOut(
  request: OperatorRequest,
  settings: OperatorSettings,
  mayContinue: () => boolean,
): Promise<object> {
  switch (request.operation) {
    case 'putBack':
      return putBackFiles(request, settings, mayContinue);
    case 'setAside':
      return setAsideFiles(request, settings, mayContinue);
    case 'pause':
      await pause(settings, request.reason);
      return {
        paused: request.reason,
        note: 'No run begins until {"operation": "resume"}; runs that have begun go on.',
      };
    case 'resume': {
      const was = pauseOf(settings, await getSlots(settings));
      await resume(settings);
      return { resumed: true, pausedBefore: was ?? null, note: NEXT_SWEEP };
    }
    case 'backfill': {
      const answer = await backfill(settings, {
        bucket: settings.bucket,
        prefix: request.prefix,
        next: request.next,
        mayContinue,
      });
      const last = answer.failed > 0 ? 'Repair what the problems say, then make the same call again.' : NEXT_SWEEP;
      return { ...answer, note: 'next' in answer ? GO_ON : last };
    }
    case 'showFile':
      return showFile(settings, request);
    case 'showWaiting':
      return showWaiting(settings, request);
    case 'showFailures':
      return showFailures(settings, request, mayContinue);
  }
}

async function putBackFiles(
  request: PutBackRequest,
  settings: OperatorSettings,
  mayContinue: () => boolean,
): Promise<object> {
  const pages = selectFiles(settings, request, request.next);
  const { count, ...rest } = await change(
    pages,
    files => putBack(settings, files, request.alone ?? false),
    mayContinue,
  );
  return {
    putBack: count,
    ...rest,
    ...(count > 0 && { warning: REPLAY_WARNING }),
    note: rest.next === undefined ? NEXT_SWEEP : GO_ON,
  };
}

async function setAsideFiles(
  request: SetAsideRequest,
  settings: OperatorSettings,
  mayContinue: () => boolean,
): Promise<object> {
  const selection = request.prefix === undefined ? request : { prefix: request.prefix, status: FILE_STATUS.pending };
  const pages = selectFiles(settings, selection, request.next);
  const { count, ...rest } = await change(pages, files => setAside(settings, files, request.reason), mayContinue);
  return { setAside: count, ...rest, ...(rest.next !== undefined && { note: GO_ON }) };
}

interface Changes {
  /** Files that were changed. */
  readonly count: number;
  /** Some of them. */
  readonly files: object[];
  /** How many others there are, by their status. */
  readonly leftAsTheyAre: Record<string, number>;
  /** Some of those that the ledger does not know. */
  readonly unknown: string[];
  readonly next?: string;
}

/** Tells for each file undefined if it was changed, else its status. */
type Change = (files: FileItem[]) => Promise<(string | undefined)[]>;

/** Changes page after page, until the end or until time is up. */
async function change(pages: AsyncIterable<FilePage>, action: Change, mayContinue: () => boolean): Promise<Changes> {
  let count = 0;
  let next: string | undefined;
  const files: object[] = [];
  const unknown: string[] = [];
  const leftAsTheyAre: Record<string, number> = {};
  for await (const page of pages) {
    const statuses = await action(page.files);
    page.files.forEach((file, index) => {
      const status = statuses[index];
      if (status === undefined) {
        count++;
        if (files.length < MOST_SHOWN) files.push({ fileId: file.id, key: file.key, versionId: file.versionId });
      } else {
        leftAsTheyAre[status] = (leftAsTheyAre[status] ?? 0) + 1;
      }
    });
    unknown.push(...page.unknown.slice(0, MOST_SHOWN - unknown.length));
    next = page.next;
    if (!mayContinue()) break;
  }
  return { count, files, leftAsTheyAre, unknown, ...(next !== undefined && { next }) };
}
