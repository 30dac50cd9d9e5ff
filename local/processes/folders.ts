import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'fs';
import { rm } from 'fs/promises';
import * as path from 'path';
import { withLock } from './lock';

/** The checkout that this file belongs to. */
export const REPOSITORY = path.resolve(__dirname, '..', '..');

/** Everything that is downloaded or written: git-ignored. */
const LOCAL_FOLDER = path.join(REPOSITORY, '.local');

/** What later runs use again. */
export const CACHE_FOLDER = path.join(LOCAL_FOLDER, 'cache');

/** A new folder for the logs and the state of one run. */
export function createRunFolder(): string {
  const time = new Date().toISOString().replace(/[-:]/g, '').replace('.', '-');
  const folder = path.join(LOCAL_FOLDER, `run-${process.pid}-${time}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Removes the folders of earlier runs, whose processes are gone. */
export async function removeOldRunFolders(): Promise<void> {
  const names = existsSync(LOCAL_FOLDER) ? readdirSync(LOCAL_FOLDER) : [];
  const old = names.filter(name => {
    const pid = /^run-(\d+)-/.exec(name)?.[1];
    return pid && !isRunning(Number(pid));
  });
  await Promise.all(
    old.map(name => rm(path.join(LOCAL_FOLDER, name), { recursive: true, force: true, maxRetries: 3 })),
  );
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // somebody else's
  }
}

/**
 * The folder `.local/cache/<name>`, filled by `prepare` if it is not there yet: once, however many processes ask at the
 * same time. `prepare` works in another folder, which takes the final name only when it is complete.
 * @param name must change whenever what `prepare` does changes; a hash of its inputs does
 */
export async function cached(name: string, prepare: (folder: string) => Promise<void>): Promise<string> {
  const folder = path.join(CACHE_FOLDER, name);
  if (existsSync(folder)) return folder;
  return withLock(`${folder}.lock`, async () => {
    if (existsSync(folder)) return folder;
    const unfinished = `${folder}.unfinished`;
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished, { recursive: true });
    await prepare(unfinished);
    renameSync(unfinished, folder);
    return folder;
  });
}
