// A demo that starts a process and waits: what test/local/demo/lifetime.test.ts breaks off in every way.
import * as path from 'path';
import { Lifetime } from '../../../../local/demo/lifetime';
import { Narrator } from '../../../../local/demo/narrator';
import { Started } from '../../../../local/demo/started';
import { startProcess } from '../../../../local/processes';

async function main([folder, what]: string[]): Promise<void> {
  const narrator = new Narrator();
  const started = new Started(message => narrator.say(message));
  const lifetime = new Lifetime(narrator, started);
  if (what === 'start') {
    process.stdout.write(`child ${process.pid} demo ${process.pid}\n`);
    await narrator.during('starting a sleeper', async () =>
      startProcess({
        name: 'sleeper',
        command: 'sleep',
        args: ['1000'],
        logFile: path.join(folder, 'sleeper.log'),
        readyWhen: async () => false,
      }),
    );
  }
  const child = await started.add(
    'sleeper',
    await startProcess({
      name: 'sleeper',
      command: 'sleep',
      args: ['1000'],
      logFile: path.join(folder, 'sleeper.log'),
    }),
  );
  if (what === 'keep') lifetime.waitForSignal(0);
  process.stdout.write(`child ${child.pid} demo ${process.pid}\n`);
  if (what === 'reject') void Promise.reject(new Error('nobody caught this'));
  if (what === 'depend') {
    void child.exited.then(() => {
      throw new Error('what I need is gone');
    });
  }
  if (what === 'talk') setInterval(() => narrator.say('still here'), 100);
}

void main(process.argv.slice(2));
