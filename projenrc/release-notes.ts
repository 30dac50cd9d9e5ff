// Writes the notes of a release: the subject of every commit since the release before it.
import { execFileSync } from 'child_process';
import { writeFileSync } from 'fs';

function git(...args: string[]): string {
  return execFileSync('git', args, { encoding: 'utf8' }).trim();
}

const tags = git('tag', '--merged', 'HEAD', '--sort=-version:refname', 'v*');
const lastTag = tags === '' ? undefined : tags.split('\n')[0];
const commits = git('log', '--no-merges', '--reverse', '--format=- %s (%h)', lastTag ? `${lastTag}..HEAD` : 'HEAD');
if (commits === '') throw new Error(`There is no commit since ${lastTag}: there is nothing to release.`);
writeFileSync(process.argv[2], `${commits}\n`);
