import { readFileSync } from 'fs';
import * as path from 'path';

const dockerfile = readFileSync(
  path.join(__dirname, '../../src/fargate-redshift-step/runtime/loader/Dockerfile'),
  'utf8',
);
const instructions = dockerfile.split('\n').filter(line => /^[A-Z]+ /.test(line));
const values = (instruction: string) =>
  instructions.filter(line => line.startsWith(`${instruction} `)).map(line => line.slice(instruction.length + 1));

test('the image is made from one base that cannot change, in a registry without limits for AWS', () => {
  expect(values('FROM')).toEqual([
    expect.stringMatching(/^public\.ecr\.aws\/docker\/library\/node:22[.0-9]*-alpine[.0-9]*@sha256:[0-9a-f]{64}$/),
  ]);
});

test('the image runs nothing while it is built, so that it builds for ARM on any machine', () => {
  expect(values('RUN')).toEqual([]);
});

test('the image runs as an unprivileged user', () => {
  expect(values('USER')).toEqual(['node']);
  expect(instructions.indexOf('USER node')).toBeLessThan(instructions.findIndex(line => line.startsWith('ENTRYPOINT')));
});

test('the program is the process that gets SIGTERM, not a shell', () => {
  expect(values('ENTRYPOINT').map(value => JSON.parse(value))).toEqual([['node', 'index.js']]);
});
