import type { statfsSync } from 'fs';
import { explain, spaceProblem } from '../../../local/demo/explain';
import { ProcessFailure } from '../../../local/processes';

const failure = (message: string, more: object = {}) => Object.assign(new Error(message), more);

test.each([
  failure('ENOSPC: no space left on device, write', { code: 'ENOSPC', path: '/checkout/.local/run/hive.log' }),
  failure('initdb failed with exit code 1. The end of initdb.log:\ncould not write: No space left on device'),
])('a full disk says that there is no space, in one sentence and without a stack', error => {
  const text = explain(error);
  expect(text).toMatch(/^There is no space left on the disk/);
  expect(text).not.toContain('\n');
});

test('a read-only folder says so, with its name', () => {
  for (const code of ['EROFS', 'EACCES']) {
    const text = explain(failure(`${code}: mkdir`, { code, path: '/checkout/.local' }));
    expect(text).toMatch(/^\/checkout\/\.local cannot be written: it is read-only/);
    expect(text).not.toContain('\n');
  }
});

test('a process that has failed has said why itself', () => {
  expect(explain(new ProcessFailure('cdk deploy failed with exit code 1.'))).toBe(
    'cdk deploy failed with exit code 1.',
  );
});

test('anything else keeps its stack', () => {
  expect(explain(failure('a bug'))).toMatch(/^Error: a bug\n +at /);
  expect(explain('a text')).toBe('a text');
});

test('a disk that is nearly full is told of before anything starts', () => {
  const free = (bytes: number) => (() => ({ bavail: bytes / 4096, bsize: 4096 })) as unknown as typeof statfsSync;
  expect(spaceProblem('/checkout', free(501_000_000))).toBeUndefined();
  expect(spaceProblem('/checkout', free(99_000_000))).toMatch(
    /no space left.*There are 99 MB, and a run needs about 500 MB/,
  );
});
