import { unsettled, watchUntil } from '../../../local/demo/settled';
import type { Look } from '../../../local/demo/watch/watcher';
import type { FileItem } from '../../../src/file-ledger/contract';

const file = (more: Partial<FileItem>): FileItem => ({
  id: '1',
  bucket: 'landing',
  key: 'orders/a',
  versionId: 'v1',
  etag: 'e',
  size: 1,
  status: 'LOADED',
  runId: 'R',
  limit: 0,
  arrived: '2026#1',
  ...more,
});
const UPLOADED = [{ key: 'orders/a', versionId: 'v1', size: 1 }];
const queueOf = (messages: number) => ({ messages: async () => messages });
const reasons = (files: FileItem[], live: string[] = [], messages = 0) =>
  unsettled(UPLOADED, { files, runs: [], live }, queueOf(messages));

test.each(['LOADED', 'REJECTED', 'FAILED'] as const)('an uploaded version that is %s is settled', async status => {
  expect(await reasons([file({ status })])).toEqual([]);
});

test('everything that is still under way keeps the demo waiting, by name', async () => {
  expect(await reasons([])).toEqual(['orders/a: its event has not reached the ledger']);
  expect(await reasons([file({ versionId: 'v0' })])).toEqual(['orders/a: its event has not reached the ledger']);
  expect(await reasons([file({ status: 'PENDING' })])).toEqual(['orders/a: PENDING']);
  expect(await reasons([file({ status: 'CLAIMED' })], ['R'])).toEqual([
    'orders/a: CLAIMED by run R',
    'run R: not settled',
  ]);
  expect(await reasons([file({})], [], 1)).toEqual(['the queue: 1 messages']);
});

const look = (changed: boolean, live: string[] = []): Look => ({
  content: { files: [], runs: [], live },
  changed,
  underWay: [],
});

test('watching ends when the condition holds', async () => {
  const watcher = {
    look: jest
      .fn<Promise<Look>, []>()
      .mockResolvedValueOnce(look(true, ['R']))
      .mockResolvedValue(look(false)),
  };
  expect(await watchUntil(watcher, 600, content => content.live.length === 0)).toEqual({
    content: look(false).content,
    held: true,
  });
  expect(watcher.look).toHaveBeenCalledTimes(2);
});

test('watching goes on as long as something changes, and not much longer', async () => {
  const looks = jest
    .fn<Promise<Look>, []>()
    .mockResolvedValueOnce(look(true))
    .mockResolvedValueOnce(look(true))
    .mockResolvedValue(look(false));
  expect(await watchUntil({ look: looks }, 0.5, () => false)).toEqual({ content: look(false).content, held: false });
  expect(looks).toHaveBeenCalledTimes(3);
});
