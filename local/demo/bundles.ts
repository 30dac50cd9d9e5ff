import { readdirSync, statSync } from 'fs';
import * as path from 'path';
import { CACHE_FOLDER, REPOSITORY, runProcess, withLock } from '../processes';

/** Bundles what runs in Lambda functions and in the container, unless that has been done since anything changed. */
export async function bundle(logFile: string): Promise<void> {
  await withLock(path.join(CACHE_FOLDER, 'bundles.lock'), async () => {
    // another demo must not deploy what is being written
    if (bundlesAreFresh(REPOSITORY)) return;
    await runProcess({
      name: 'npx projen bundle',
      command: path.join(REPOSITORY, 'node_modules', '.bin', 'projen'),
      args: ['bundle'],
      cwd: REPOSITORY,
      logFile,
      timeoutSeconds: 300,
    });
  });
}

/** Whether every bundle is younger than everything that bundles are made of. */
export function bundlesAreFresh(repository: string): boolean {
  const sources = filesBelow(path.join(repository, 'src'));
  const bundles = sources.flatMap(file => {
    const name = path.relative(path.join(repository, 'src'), file);
    return /\.lambda\.ts$|^[^/]+\/runtime\/[^/]+\/main\.ts$/.test(name)
      ? [path.join(repository, 'assets', name.replace(/\.ts$/, ''), 'index.js')]
      : [];
  });
  const newest = Math.max(
    ...[...sources, path.join(repository, 'package-lock.json'), path.join(repository, '.projen', 'tasks.json')].map(
      timeOf,
    ),
  );
  return bundles.length > 0 && bundles.every(file => timeOf(file) > newest);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => path.join(entry.parentPath, entry.name));
}

/** 0 for a file that is not there. */
function timeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
