import { existsSync, readFileSync } from 'fs';
import { setTimeout as sleep } from 'timers/promises';

const LOOK_EVERY_MILLISECONDS = 100;

/** The lines of a file that somebody still writes, until `ended` says that they have ended. */
export async function* followLines(file: string, ended: () => boolean): AsyncGenerator<string> {
  let told = 0;
  for (let last = false; !last;) {
    last = ended(); // asked before looking, so that the last look finds everything
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [''];
    const unfinished = lines.pop()!;
    yield* lines.slice(told);
    told = lines.length;
    if (last && unfinished) yield unfinished;
    if (!last) await sleep(LOOK_EVERY_MILLISECONDS);
  }
}
