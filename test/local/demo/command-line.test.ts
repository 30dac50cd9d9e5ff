import { spawnSync } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';

jest.setTimeout(120_000); // beside other tests each start of a process may take long

const REPOSITORY = path.resolve(__dirname, '..', '..', '..');

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'demo-command-line-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

const demo = (commandLine: string[]) => command('demo.ts', commandLine);

function command(script: string, commandLine: string[]) {
  return spawnSync(
    process.execPath,
    [require.resolve('tsx/cli'), '--tsconfig', 'tsconfig.dev.json', `local/${script}`, ...commandLine],
    {
      cwd: REPOSITORY,
      encoding: 'utf8',
      env: { ...process.env, INIT_CWD: folder },
    },
  );
}

test('--help explains every option', () => {
  const { status, stdout } = demo(['--help']);
  expect(status).toBe(0);
  for (const option of ['--input', '--keep', '--report', '--help']) expect(stdout).toContain(option);
});

test('an option that is wrong ends the demo before anything starts', () => {
  const { status, stderr, stdout } = demo(['--nope']);
  expect(status).toBe(2);
  expect(stderr).toContain('--nope');
  expect(stdout).toBe('');
});

test('a folder is looked for where the user is, and must hold a file', () => {
  fs.mkdirSync(path.join(folder, 'empty'));
  const { status, stderr } = demo(['--input', 'empty']);
  expect(status).toBe(2);
  expect(stderr).toContain(`there is no file in ${path.join(folder, 'empty')}`);
});

test('an app is named by its folder, where the user is', () => {
  const { status, stderr } = command('run.ts', ['my-app', '--keep']);
  expect(status).toBe(2);
  expect(stderr).toContain(`There is no folder ${path.join(folder, 'my-app')}.`);
  expect(stderr).toContain('npm run local -- --help');
});
