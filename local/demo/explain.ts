import { statfsSync } from 'fs';
import * as path from 'path';
import { ProcessFailure } from '../processes';

/** Below this much free space Hive's jobs, PostgreSQL and the local AWS fail one after the other. */
const LEAST_FREE_BYTES = 500_000_000;

/** What an error means for who runs the command: one sentence where the machine is the reason, else all there is. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, path: file, message } = error as NodeJS.ErrnoException;
  // what a process of ours says before it dies: the C library's own words
  if (code === 'ENOSPC' || /no space left on device/i.test(message)) return noSpace(file);
  if (code === 'EROFS' || code === 'EACCES' || /read-only file system/i.test(message)) {
    return (
      `${file ?? 'A folder'} cannot be written: it is read-only, or belongs to somebody else. Everything is written ` +
      'below .local in the checkout: make that writable, or use another checkout.'
    );
  }
  // the process has said why; where it was called from helps nobody
  return error instanceof ProcessFailure ? message : (error.stack ?? message);
}

/** Says so before anything starts where there is hardly any space. */
export function spaceProblem(folder: string, statfs: typeof statfsSync = statfsSync): string | undefined {
  const { bavail, bsize } = statfs(folder);
  const free = Number(bavail) * Number(bsize);
  if (free >= LEAST_FREE_BYTES) return undefined;
  return `${noSpace(folder)} There are ${Math.round(free / 1e6)} MB, and a run needs about ${LEAST_FREE_BYTES / 1e6} MB.`;
}

function noSpace(file: string | undefined): string {
  const where = file === undefined ? '' : ` that has ${path.resolve(file)}`;
  return `There is no space left on the disk${where}. Delete what you do not need: what is below .local in the checkout is made again.`;
}
