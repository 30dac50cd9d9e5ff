import { LoadProgress } from '../../../../local/demo/watch/load-progress';

beforeEach(() => {
  jest.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  jest.useRealTimers();
});

test('rows read and written are told when there are more, but not at every look', async () => {
  let progress = { rowsRead: 0, rowsWritten: 0 };
  const changes = new LoadProgress({ progress: async () => progress });
  const look = async () => changes.since();

  expect(await look()).toEqual([]);
  progress = { rowsRead: 60_000, rowsWritten: 962 };
  expect(await look()).toEqual(['Hive: 60,000 rows read, 962 written to DynamoDB so far']);
  progress = { rowsRead: 60_000, rowsWritten: 1_987 };
  jest.advanceTimersByTime(1_000);
  expect(await look()).toEqual([]);
  jest.advanceTimersByTime(4_000);
  expect(await look()).toEqual(['Hive: 60,000 rows read, 1,987 written to DynamoDB so far']);
  jest.advanceTimersByTime(600_000);
  expect(await look()).toEqual([]); // nothing has changed
});
