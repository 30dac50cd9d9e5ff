import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { bundlesAreFresh } from '../../../local/demo/bundles';

let repository: string;
beforeEach(() => {
  repository = fs.mkdtempSync(path.join(os.tmpdir(), 'demo-bundles-'));
  for (const file of [
    'package-lock.json',
    '.projen/tasks.json',
    'src/trigger/trigger.ts',
    'src/trigger/runtime/sweep.lambda.ts',
    'src/step/runtime/loader/main.ts',
  ]) {
    write(file, 100);
  }
});
afterEach(() => fs.rmSync(repository, { recursive: true }));

function write(file: string, seconds: number): void {
  const full = path.join(repository, file);
  fs.mkdirSync(path.dirname(full), { recursive: true });
  fs.writeFileSync(full, '');
  fs.utimesSync(full, seconds, seconds);
}

function bundle(): void {
  write('assets/trigger/runtime/sweep.lambda/index.js', 200);
  write('assets/step/runtime/loader/main/index.js', 200);
}

test('a fresh clone has to be bundled', () => {
  expect(bundlesAreFresh(repository)).toBe(false);
});

test('what is bundled need not be bundled again', () => {
  bundle();
  expect(bundlesAreFresh(repository)).toBe(true);
});

test('one missing bundle is enough', () => {
  bundle();
  fs.rmSync(path.join(repository, 'assets/step'), { recursive: true });
  expect(bundlesAreFresh(repository)).toBe(false);
});

test.each(['src/trigger/trigger.ts', 'package-lock.json', '.projen/tasks.json', 'src/trigger/runtime/new.lambda.ts'])(
  'a change of %s is noticed',
  file => {
    bundle();
    write(file, 300);
    expect(bundlesAreFresh(repository)).toBe(false);
  },
);
