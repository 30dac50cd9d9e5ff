import type { OperatorSettings } from './settings';
import { FILE_STATUS, filesKey, type FileItem, type FileStatus, type LedgerFile } from '../../file-ledger/contract';
import { fileId } from '../../file-ledger/runtime/file-item';
import { getItems, isFile, scanItems } from '../../file-ledger/runtime/find-items';
import { getJson } from '../../runtime/work-bucket';
import { lookUp } from '../../s3-queue-trigger/runtime/arrivals';
import type { FileSelection } from '../contract';
import { RefusedRequest } from './parse-request';

/** Files whose ids are read and changed together. */
const FILES_PER_PAGE = 1_000;

/** Some of the files that a request is about. */
export interface FilePage {
  readonly files: FileItem[];
  /** Ids and keys that the ledger does not know. */
  readonly unknown: string[];
  /** Begins behind this page; absent at the end. */
  readonly next?: string;
}

/** The files of a selection, page by page; each page may be the last of its call. */
export function selectFiles(
  settings: OperatorSettings,
  selection: FileSelection,
  next: string | undefined,
): AsyncGenerator<FilePage> {
  if (selection.fileIds) return byId(settings, [...new Set(selection.fileIds)], next);
  if (selection.key !== undefined) return byKey(settings, selection.key, selection.versionId);
  if (selection.runId !== undefined) return byRun(settings, selection.runId, selection.status, next);
  return byScan(settings, selection, next);
}

/** The id of a file by its key: of the version, or of the object that is there now; undefined if there is none. */
export async function idOf(
  settings: OperatorSettings,
  key: string,
  versionId: string | undefined,
): Promise<string | undefined> {
  const { bucket } = settings;
  if (versionId !== undefined) return fileId({ bucket, key, versionId, etag: '', lastModified: new Date(0) });
  const object = await lookUp({ bucket, key, time: new Date() });
  return object && fileId(object);
}

async function* byId(settings: OperatorSettings, ids: string[], next: string | undefined): AsyncGenerator<FilePage> {
  for (let start = position(next); start < ids.length; start += FILES_PER_PAGE) {
    const wanted = ids.slice(start, start + FILES_PER_PAGE);
    const files = (await getItems(settings, wanted)).filter(isFile);
    const known = new Set(files.map(file => file.id));
    const end = start + FILES_PER_PAGE;
    yield { files, unknown: wanted.filter(id => !known.has(id)), ...(end < ids.length && { next: String(end) }) };
  }
}

async function* byKey(
  settings: OperatorSettings,
  key: string,
  versionId: string | undefined,
): AsyncGenerator<FilePage> {
  const id = await idOf(settings, key, versionId);
  const files = id ? (await getItems(settings, [id])).filter(isFile) : [];
  yield {
    files,
    unknown: files.length > 0 ? [] : [`${key} (${versionId ?? 'the version that is in the bucket now'})`],
  };
}

async function* byRun(
  settings: OperatorSettings,
  runId: string,
  status: FileStatus | undefined,
  next: string | undefined,
): AsyncGenerator<FilePage> {
  const list = await getJson<LedgerFile[]>(settings.workBucket, filesKey(runId));
  if (!list) {
    throw new RefusedRequest(
      `There is no run ${runId}: s3://${settings.workBucket}/${filesKey(runId)} does not exist. Lists of settled ` +
        'runs are kept for 180 days.',
    );
  }
  for await (const page of byId(
    settings,
    list.map(file => file.id),
    next,
  )) {
    yield { ...page, files: page.files.filter(file => file.runId === runId && matchesStatus(file, status)) };
  }
}

async function* byScan(
  settings: OperatorSettings,
  { prefix = '', status }: FileSelection,
  next: string | undefined,
): AsyncGenerator<FilePage> {
  for await (const { items, last } of scanItems(settings, next)) {
    const files = items.filter(isFile).filter(file => file.key.startsWith(prefix) && matchesStatus(file, status));
    yield { files, unknown: [], ...(last !== undefined && { next: last }) };
  }
}

/** Without a status: those that no run has loaded. What has been loaded is loaded again only if it is named. */
function matchesStatus(file: FileItem, status: FileStatus | undefined): boolean {
  return status === undefined
    ? file.status === FILE_STATUS.failed || file.status === FILE_STATUS.rejected
    : file.status === status;
}

function position(next: string | undefined): number {
  if (next === undefined) return 0;
  if (/^\d+$/.test(next)) return Number(next);
  throw new RefusedRequest(`'next' must be what the call before has answered, got ${JSON.stringify(next)}.`);
}
