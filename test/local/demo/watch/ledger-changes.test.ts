import type { LedgerContent } from '../../../../local/demo/ledger';
import { LedgerChanges } from '../../../../local/demo/watch/ledger-changes';
import type { FileItem, RunItem } from '../../../../src/file-ledger/contract';

const file = (name: string, more: Partial<FileItem> = {}): FileItem => ({
  id: name,
  bucket: 'landing',
  key: `orders/${name}`,
  etag: 'e',
  status: 'PENDING',
  runId: '-',
  limit: 0,
  arrived: `2026#${name}`,
  size: 1,
  ...more,
});
const run = (more: Partial<RunItem> = {}): RunItem => ({
  id: 'R',
  status: 'RUNNING',
  attempt: 1,
  maxAttempts: 3,
  count: 2,
  bytes: 80,
  created: '2026-11-01T00:00:00Z',
  ...more,
});
const content = (files: FileItem[], runs: RunItem[] = []): LedgerContent => ({ files, runs, live: [] });

test('a file is followed from its arrival to its end, each change told once', () => {
  const changes = new LedgerChanges();
  expect(changes.since(content([file('a')])).underWay).toEqual(['orders/a: arrived, waits for a run']);
  expect(changes.since(content([file('a')])).underWay).toEqual([]);
  expect(changes.since(content([file('a', { status: 'CLAIMED', runId: 'R' })])).underWay).toEqual([
    'orders/a: goes into run R',
  ]);
  expect(changes.since(content([file('a', { status: 'PENDING', runId: 'R' })])).underWay).toEqual([
    'orders/a: waits for another run',
  ]);
  expect(changes.since(content([file('a', { status: 'LOADED', runId: 'R2' })]))).toEqual({
    underWay: [],
    settled: ['orders/a: LOADED'],
  });
});

test('what was between two looks need not have been seen', () => {
  expect(
    new LedgerChanges().since(
      content([
        file('a', { status: 'CLAIMED', runId: 'R' }),
        file('b', { status: 'REJECTED', runId: 'R', reason: 'no header' }),
        file('c', { status: 'FAILED', runId: 'R', reason: 'Etl.Configuration: no table' }),
      ]),
    ),
  ).toEqual({
    underWay: ['orders/a: arrived, goes into run R'],
    settled: ['orders/b: REJECTED: no header', 'orders/c: FAILED: Etl.Configuration: no table'],
  });
});

test('many files that do the same are counted, not listed', () => {
  const many = Array.from({ length: 11 }, (_, index) => file(`f${index}`));
  expect(new LedgerChanges().since(content([...many, file('bad', { status: 'REJECTED', reason: 'empty' })]))).toEqual({
    underWay: ['11 files: arrived, waits for a run'],
    settled: ['orders/bad: REJECTED: empty'],
  });
});

test('a run is told when an attempt begins and when it is over', () => {
  const changes = new LedgerChanges();
  expect(changes.since(content([], [run()])).underWay).toEqual(['run R: attempt 1 of 3 (files: 2, bytes: 80)']);
  expect(changes.since(content([], [run({ attempt: 2 })])).underWay).toEqual([
    'run R: attempt 2 of 3 (files: 2, bytes: 80)',
  ]);
  expect(changes.since(content([], [run({ attempt: 2, status: 'SUCCEEDED' })]))).toEqual({
    underWay: [],
    settled: ['run R: SUCCEEDED'],
  });
});

test('a pause is told once, with its reason, and again after a resume', () => {
  const changes = new LedgerChanges();
  const told = (paused?: string) => changes.since({ files: [], runs: [], live: [], paused }).settled;
  expect(told('no such table')).toEqual(['the pipeline is paused: no such table']);
  expect(told('no such table')).toEqual([]);
  expect(told()).toEqual([]);
  expect(told('no such table')).toEqual(['the pipeline is paused: no such table']);
});
