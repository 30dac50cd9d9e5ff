// A parent for processes.test.ts to end in every way. Starts a process that has a child in its own process group and
// one that left it, writes "<pid> <pid> <pid>\n" to the file it is given, then does what the second argument says.
import { existsSync, readFileSync } from 'fs';
import { setTimeout as sleep } from 'timers/promises';
import { startProcess } from '../../../local/processes';

const [pidFile, ending] = process.argv.slice(2);

async function main(): Promise<void> {
  await startProcess({
    name: 'family',
    command: 'bash',
    args: [
      '-c',
      `
      trap '' TERM
      sleep 600 & child=$!
      setsid bash -c 'trap "" TERM; while true; do sleep 1; done' & left=$!
      echo "$$ $child $left" > ${pidFile}
      while true; do sleep 1; done`,
    ],
    logFile: `${pidFile}.log`,
    readyWhen: async () => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n'),
  });
  process.stdout.write('ready\n');
  if (ending === 'throw') throw new Error('on purpose');
  if (ending === 'return') return;
  await sleep(600_000);
}

void main();
