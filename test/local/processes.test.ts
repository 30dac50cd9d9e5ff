import { ChildProcess, spawn } from 'child_process';
import { once } from 'events';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import * as path from 'path';
import { setTimeout as sleep } from 'timers/promises';
import { followLines, freePort, runProcess, startProcess, withLock } from '../../local/processes';

jest.setTimeout(60_000);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'processes-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const isRunning = (pid: number): boolean => {
  try {
    // a process that has ended but was not asked for its exit code is still there, as a "zombie" (state Z)
    return !/^.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

const eventually = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await sleep(20);
};

describe('whatever ends the parent, nothing that it started stays', () => {
  const startParent = async (ending: string): Promise<{ parent: ChildProcess; pids: number[] }> => {
    const pidFile = path.join(folder, 'pids');
    const parent = spawn(
      process.execPath,
      ['--import', 'tsx', path.join(__dirname, 'processes', 'parent.ts'), pidFile, ending],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
        detached: true, // a group of its own, as a terminal gives it: Ctrl-C can be sent to the group
      },
    );
    await once(parent.stdout!, 'data');
    return { parent, pids: readFileSync(pidFile, 'utf8').trim().split(' ').map(Number) };
  };

  test.each([
    ['SIGKILL', (parent: ChildProcess) => parent.kill('SIGKILL')],
    ['Ctrl-C', (parent: ChildProcess) => process.kill(-parent.pid!, 'SIGINT')],
  ])('%s', async (_, end) => {
    const { parent, pids } = await startParent('wait');
    expect(pids.map(isRunning)).toEqual([true, true, true]);
    end(parent);
    await eventually(() => !pids.some(isRunning));
    expect(parent.pid && isRunning(parent.pid)).toBe(false);
  });

  test('an exception that nobody catches', async () => {
    const { pids } = await startParent('throw');
    await eventually(() => !pids.some(isRunning));
  });
});

describe('a process', () => {
  test('ends with its group when it is stopped, SIGTERM ignored or not', async () => {
    const pidFile = path.join(folder, 'pids');
    const running = await startProcess({
      name: 'stubborn',
      command: 'bash',
      args: ['-c', `trap '' TERM; sleep 600 & echo "$$ $!" > ${pidFile}; while true; do sleep 1; done`],
      logFile: path.join(folder, 'log'),
      readyWhen: async () => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n'),
    });
    const pids = readFileSync(pidFile, 'utf8').trim().split(' ').map(Number);
    expect(pids[0]).toBe(running.pid);
    await running.stop(0.2);
    await eventually(() => !pids.some(isRunning));
    expect(await running.exited).toBe(128 + 9);
  });

  test('gets exactly the environment it is given, and its output goes to the log', async () => {
    const logFile = path.join(folder, 'logs', 'log');
    await runProcess({
      name: 'env',
      command: '/usr/bin/env',
      env: { GREETING: 'hello' },
      logFile,
      timeoutSeconds: 10,
    });
    expect(
      readFileSync(logFile, 'utf8')
        .split('\n')
        .filter(line => line && !line.startsWith('LOCAL_PROCESS_OF_')),
    ).toEqual(['GREETING=hello']);
  });

  test('that fails, hangs or does not exist is told with the end of its log', async () => {
    const logFile = path.join(folder, 'log');
    const shell = (script: string, timeoutSeconds: number) =>
      runProcess({ name: 'script', command: 'sh', args: ['-c', script], logFile, timeoutSeconds });
    await expect(shell('echo the reason; exit 3', 10)).rejects.toThrow(/script failed with exit code 3.*the reason/s);
    await expect(shell('sleep 600', 0.1)).rejects.toThrow(/longer than 0.1 s/);
    await expect(startProcess({ name: 'nothing', command: 'no-such-command', logFile })).rejects.toThrow(
      /nothing cannot be started.*no-such-command/,
    );
  });

  test('that ends before it is ready was not started', async () => {
    await expect(
      startProcess({
        name: 'short',
        command: 'sh',
        args: ['-c', 'echo no room; exit 4'],
        logFile: path.join(folder, 'log'),
        readyWhen: async () => false,
      }),
    ).rejects.toThrow(/exit code 4 before it was ready.*no room/s);
  });
});

describe('a lock', () => {
  test('lets one in at a time', async () => {
    const file = path.join(folder, 'lock');
    let inside = 0;
    await Promise.all(
      [1, 2, 3, 4].map(() =>
        withLock(file, async () => {
          inside += 1;
          expect(inside).toBe(1);
          await sleep(20);
          inside -= 1;
        }),
      ),
    );
    expect(existsSync(file)).toBe(false);
  });

  test('is free again when the work fails', async () => {
    const file = path.join(folder, 'lock');
    await expect(
      withLock(file, async () => {
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await withLock(file, async () => 'yes')).toBe('yes');
  });

  test.each([
    [
      'a dead process',
      () => {
        const dead = spawn('true');
        return once(dead, 'exit').then(() => `${dead.pid} 12345`);
      },
    ],
    ['an earlier process with the number of one that runs', async () => `${process.pid} 12345`],
  ])('of %s is taken over, by one at a time', async (_, holder) => {
    const file = path.join(folder, 'lock');
    writeFileSync(file, await holder());
    let inside = 0;
    await Promise.all(
      [1, 2, 3, 4].map(() =>
        withLock(file, async () => {
          inside += 1;
          expect(inside).toBe(1);
          await sleep(20);
          inside -= 1;
        }),
      ),
    );
  });
});

test('the lines of a file are told as they are written, each once', async () => {
  const file = path.join(folder, 'log');
  const told: string[] = [];
  let ended = false;
  const following = (async () => {
    for await (const line of followLines(file, () => ended)) told.push(line);
  })();
  for (const [text, lines] of [
    ['one\ntw', ['one']],
    ['o\nthree\n', ['one', 'two', 'three']],
  ] as const) {
    appendFileSync(file, text);
    await eventually(() => told.length >= lines.length);
    expect(told).toEqual(lines);
  }
  appendFileSync(file, 'end');
  ended = true;
  await following;
  expect(told).toEqual(['one', 'two', 'three', 'end']);
});

test('free ports differ', async () => {
  expect(new Set(await Promise.all([freePort(), freePort(), freePort()])).size).toBe(3);
});
