import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { DEMO, LOCAL, parseOptions, UsageError } from '../../../local/demo/options';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'demo-options-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

test('the demo runs examples/orders, and ends', () => {
  expect(parseOptions(DEMO, [], folder)).toEqual({ app: DEMO.app, reports: [], keep: false, help: false });
});

test('paths are relative to the folder that the user is in', () => {
  fs.mkdirSync(path.join(folder, 'a b'));
  expect(parseOptions(DEMO, ['--input', 'a b', '--report=out.json', '--report', 'out.html', '--keep'], folder)).toEqual(
    {
      app: DEMO.app,
      input: path.join(folder, 'a b'),
      reports: [path.join(folder, 'out.json'), path.join(folder, 'out.html')],
      keep: true,
      help: false,
    },
  );
});

test('help needs no other option to be right', () => {
  expect(parseOptions(DEMO, ['--input', '/nowhere', '-h'], folder).help).toBe(true);
});

test.each([
  { name: 'an unknown option', line: ['--inptu', 'x'], says: /--inptu/ },
  { name: 'a bare path', line: ['orders'], says: /orders/ },
  { name: 'an option without its path', line: ['--input'], says: /--input/ },
  { name: 'an empty path', line: ['--report='], says: /--report needs a path/ },
  { name: 'a value for a switch', line: ['--keep=yes'], says: /--keep/ },
  { name: 'an input folder that is not there', line: ['--input', 'nowhere'], says: /there is no folder .*nowhere/ },
  { name: 'an input that is a file', line: ['--input', 'file'], says: /needs a folder, but .*file is a file/ },
  { name: 'a report that is a folder', line: ['--report', '.'], says: /needs a file, but .* is a folder/ },
  {
    name: 'a report in a folder that is not there',
    line: ['--report', 'nowhere/report.json'],
    says: /there is no folder .*nowhere/,
  },
])('refuses $name in one line', ({ line, says }) => {
  fs.writeFileSync(path.join(folder, 'file'), '');
  let message = '';
  try {
    parseOptions(DEMO, line, folder);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    message = (error as Error).message;
  }
  expect(message).toMatch(says);
  expect(message).not.toContain('\n');
});

test('any app is run from its folder, with files to load or to be uploaded later', () => {
  const app = path.join(folder, 'my app');
  fs.mkdirSync(app);
  fs.writeFileSync(path.join(app, 'cdk.json'), '{}');
  expect(parseOptions(LOCAL, ['my app', '--keep', '--pipeline', 'Orders'], folder)).toEqual({
    app,
    reports: [],
    keep: true,
    pipeline: 'Orders',
    help: false,
  });
  expect(parseOptions(LOCAL, ['my app', '--input', '.'], folder)).toMatchObject({ app, input: folder, keep: false });
});

test.each([
  { name: 'no app', line: ['--keep'], says: /the folder of one app, got none/ },
  { name: 'two apps', line: ['.', '.', '--keep'], says: /the folder of one app, got \., \./ },
  { name: 'an app that is not there', line: ['nowhere', '--keep'], says: /There is no folder .*nowhere/ },
  { name: 'a folder without a CDK app', line: ['.', '--keep'], says: /has no cdk\.json/ },
  { name: 'an app with nothing to load', line: ['app'], says: /--input DIR.*--keep/ },
])('npm run local refuses $name', ({ line, says }) => {
  fs.mkdirSync(path.join(folder, 'app'));
  fs.writeFileSync(path.join(folder, 'app', 'cdk.json'), '{}');
  expect(() => parseOptions(LOCAL, line, folder)).toThrow(says);
});
