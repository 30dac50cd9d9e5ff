import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { filesOf, sampleFiles } from '../../../local/demo/input';
import { UsageError } from '../../../local/demo/options';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'demo-input-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

function write(...names: string[]): void {
  for (const name of names) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), 'x');
  }
}

test('every file below the folder, sorted by its path, whatever its name', () => {
  write('b.csv', 'a/2.csv', 'a/b c+d%20.csv', 'ä "quoted" \'name\'.csv', '.hidden');
  expect(filesOf(folder).map(file => file.key)).toEqual([
    '.hidden',
    'a/2.csv',
    'a/b c+d%20.csv',
    'b.csv',
    'ä "quoted" \'name\'.csv',
  ]);
});

test('links are followed, but not in circles', () => {
  write('a/file');
  fs.symlinkSync(folder, path.join(folder, 'a', 'up'));
  fs.symlinkSync(path.join(folder, 'a', 'file'), path.join(folder, 'link'));
  expect(filesOf(folder).map(file => file.key)).toEqual(['a/file', 'link']);
});

test('a folder without any file is an error', () => {
  fs.mkdirSync(path.join(folder, 'empty'));
  expect(() => filesOf(folder)).toThrow(new UsageError(`--input: there is no file in ${folder}`));
});

test('a link to nothing is an error', () => {
  fs.symlinkSync('nowhere', path.join(folder, 'link'));
  expect(() => filesOf(folder)).toThrow(/link is neither a file nor a folder/);
});

test('a path that is too long for a key is an error', () => {
  write(`${'d'.repeat(200)}/`.repeat(5) + 'f'.repeat(20));
  expect(() => filesOf(folder)).toThrow(/is 1025 bytes long, and 1000 fit into an object's key/);
});

test('a name that is not UTF-8 is an error', () => {
  fs.writeFileSync(Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.from([0xe9])]), 'x');
  expect(() => filesOf(folder)).toThrow(/not UTF-8/);
});

test('every sample is there', () => {
  for (const { file } of sampleFiles()) expect(fs.statSync(file).size).toBeGreaterThan(0);
});
