import { spawn, type ChildProcess } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { setTimeout as sleep } from 'timers/promises';

jest.setTimeout(120_000); // beside other tests each start of a process may take long

const TSX = require.resolve('tsx/cli');
const DEMO = path.join(__dirname, 'lifetime', 'sleeping-demo.ts');

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'demo-lifetime-'));
});
afterEach(() => {
  for (const pid of pids.splice(0).filter(isAlive)) process.kill(pid, 'SIGKILL'); // of a test that failed
  fs.rmSync(folder, { recursive: true });
});

const pids: number[] = [];

interface SleepingDemo {
  readonly launcher: ChildProcess;
  /** The processes that must not outlive the demo, and the demo's own. */
  readonly pids: { readonly child: number; readonly demo: number };
  output(): string;
  exitCode(): Promise<number | null>;
}

async function start(what = ''): Promise<SleepingDemo> {
  const launcher = spawn(process.execPath, [TSX, DEMO, folder, what], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  launcher.stdout.on('data', chunk => {
    output += chunk;
  });
  const exited = new Promise<number | null>(resolve => launcher.once('exit', resolve));
  let told: RegExpExecArray | null = null;
  while (!told) {
    await sleep(50);
    told = /child (\d+) demo (\d+)/.exec(output);
  }
  const [child, demo] = [Number(told[1]), Number(told[2])];
  pids.push(launcher.pid!, demo, child);
  return { launcher, pids: { child, demo }, output: () => output, exitCode: () => exited };
}

async function untilGone(...expected: number[]): Promise<void> {
  for (const deadline = Date.now() + 30_000; expected.some(isAlive); await sleep(50)) {
    if (Date.now() > deadline) throw new Error(`still running: ${expected.filter(isAlive).join(', ')}`);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // killed, and not asked for its exit code by anybody: where the first process of a container does not do that
    return !/^\d+ \(.*\) Z/s.test(fs.existsSync('/proc/self/stat') ? fs.readFileSync(`/proc/${pid}/stat`, 'utf8') : '');
  } catch {
    return false;
  }
}

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s stops everything', async (signal, exitCode) => {
  const demo = await start();
  process.kill(demo.pids.demo, signal);
  expect(await demo.exitCode()).toBe(exitCode);
  expect(demo.output()).toContain(`${signal} received`);
  await untilGone(demo.pids.child);
});

test('a signal that comes twice at once, as from a terminal through npm, is one signal', async () => {
  const demo = await start();
  process.kill(demo.pids.demo, 'SIGINT');
  process.kill(demo.launcher.pid!, 'SIGINT');
  expect(await demo.exitCode()).toBe(130);
  expect(demo.output()).toContain('stopping everything: done');
  expect(demo.output().match(/SIGINT received/g)).toHaveLength(1);
});

test('Ctrl-C while an engine starts is one sentence, and no failure of that engine', async () => {
  const demo = await start('start');
  while (!fs.existsSync(path.join(folder, 'sleeper.log'))) await sleep(50);
  process.kill(demo.pids.demo, 'SIGINT');
  expect(await demo.exitCode()).toBe(130);
  const lines = demo.output().trimEnd().split('\n');
  expect(lines.slice(lines.findIndex(line => line.includes('SIGINT')))).toEqual([
    expect.stringContaining('SIGINT received'),
    expect.stringContaining('stopping everything …'),
    expect.stringContaining('stopping everything: done'),
  ]);
});

test('Ctrl-C is the normal end of a demo that is kept', async () => {
  const demo = await start('keep');
  process.kill(demo.pids.demo, 'SIGINT');
  expect(await demo.exitCode()).toBe(0);
  await untilGone(demo.pids.child);
});

test('an error that nobody caught stops everything', async () => {
  const demo = await start('reject');
  expect(await demo.exitCode()).toBe(1);
  expect(demo.output()).toContain('nobody caught this');
  await untilGone(demo.pids.child);
});

test('errors of what is being stopped do not break the stopping off', async () => {
  const demo = await start('depend');
  process.kill(demo.pids.demo, 'SIGINT');
  expect(await demo.exitCode()).toBe(130);
  expect(demo.output()).toContain('stopping everything: done');
  expect(demo.output()).not.toContain('what I need is gone');
});

test('a killed parent takes the demo and all it started with it', async () => {
  const demo = await start();
  demo.launcher.kill('SIGKILL');
  await untilGone(demo.pids.demo, demo.pids.child);
});

test('a killed demo takes all it started with it', async () => {
  const demo = await start();
  process.kill(demo.pids.demo, 'SIGKILL');
  await untilGone(demo.pids.child);
});

test('output that nobody reads any more ends the demo', async () => {
  const demo = await start('talk');
  demo.launcher.stdout!.destroy();
  expect(await demo.exitCode()).toBe(1);
  await untilGone(demo.pids.child);
});
