import { spawnSync } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { missingPrerequisites, writeProblem } from '../../local/prerequisites';

const COMPLETE: Record<string, string | undefined> = {
  'python3 --version': 'Python 3.11.7',
  'python3 -c': '',
  'java -version':
    'Picked up JAVA_TOOL_OPTIONS: -Xmx512m\nopenjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment',
  'javac -version': 'javac 17.0.15',
  'mvn --version': '\u001b[1mApache Maven 3.8.7\u001b[m\nMaven home: /usr/share/maven',
};

function missing(machine: Record<string, string | undefined> = {}, node = '20.16.0', platform = 'linux') {
  const answers = { ...COMPLETE, ...machine };
  return missingPrerequisites((command, option) => answers[`${command} ${option}`], node, platform);
}

test('a complete machine lacks nothing', () => {
  expect(missing()).toEqual([]);
  expect(missing({ 'python3 --version': 'Python 3.10.0' }, '24.1.0', 'darwin')).toEqual([]);
});

test.each([
  { name: 'an old Node.js', node: '20.15.1', says: /^Node.js 20.16 or newer is needed, found 20.15.1\. Get it/ },
  {
    name: 'no Python',
    machine: { 'python3 --version': undefined },
    says: /^Python 3.10 or newer.* no command python3\. Get it/,
  },
  {
    name: 'an old Python',
    machine: { 'python3 --version': 'Python 3.9.18' },
    says: /^Python 3.10 or newer.* found only: python3 is 3.9.18\. Get it/,
  },
  {
    name: 'a Python without venv',
    machine: { 'python3 -c': undefined },
    says: /venv module.* Python 3.11.7 found \(python3\) .*apt install python3-venv/,
  },
  { name: 'no Java', machine: { 'java -version': undefined }, says: /^A Java 17 JDK .* no command java\. Get it/ },
  {
    name: 'an old Java',
    machine: { 'java -version': 'java version "1.8.0_402"' },
    says: /^A Java 17 JDK .* found 1.8.0\. Get it/,
  },
  {
    name: 'a newer Java',
    machine: { 'java -version': 'openjdk version "24" 2025-03-18' },
    says: /^A Java 17 JDK .* found 24\. Get it/,
  },
  {
    name: 'a Java without compiler',
    machine: { 'javac -version': undefined },
    says: /^A Java 17 JDK .*17.0.15 found has no compiler/,
  },
  { name: 'no Maven', machine: { 'mvn --version': undefined }, says: /^Maven 3.6 or newer.* no command mvn.* Get it/ },
  {
    name: 'an old Maven',
    machine: { 'mvn --version': 'Apache Maven 3.3.9' },
    says: /^Maven 3.6 or newer.* found 3.3.9\. Get it/,
  },
  { name: 'Windows', platform: 'win32', says: /^Linux or macOS is needed, found win32/ },
])('$name is one message', ({ node, machine, platform, says }) => {
  expect(missing(machine, node, platform)).toEqual([expect.stringMatching(says)]);
});

test('a newer Python under another name will do', () => {
  expect(
    missing({
      'python3 --version': 'Python 3.9.18',
      'python3.12 --version': 'Python 3.12.1',
      'python3.12 -c': '',
    }),
  ).toEqual([]);
});

test('everything that is missing is told at once', () => {
  const nothing = Object.fromEntries(Object.keys(COMPLETE).map(command => [command, undefined]));
  expect(missing(nothing, '18.0.0')).toHaveLength(4);
});

test('this machine is complete: the other tests of this folder run on it', () => {
  expect(missingPrerequisites()).toEqual([]);
});

test('a machine that lacks something gets one message for each, before anything is installed', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'demo-prerequisites-'));
  const local = path.resolve(__dirname, '..', '..', 'local');
  fs.mkdirSync(path.join(folder, 'local'));
  for (const name of ['install.js', 'prerequisites.js']) {
    fs.copyFileSync(path.join(local, name), path.join(folder, 'local', name));
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(folder, 'local', 'install.js')], {
    encoding: 'utf8',
    env: { PATH: folder },
  });
  fs.rmSync(folder, { recursive: true });
  expect(status).toBe(1);
  expect(stdout).toBe('');
  expect(stderr.trimEnd().split('\n')).toEqual(
    ['Python ', 'A Java ', 'Maven '].map(name => expect.stringMatching(new RegExp(`^${name}.* is needed`))),
  );
});

test('a folder that cannot be written into says so', () => {
  expect(writeProblem(os.tmpdir())).toBeUndefined();
  expect(writeProblem('/proc')).toMatch(/^\/proc cannot be written \(\w+\): it is read-only, or belongs to somebody/);
});
