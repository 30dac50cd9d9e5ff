import { FakeTable } from './fake-table';
import { fakeTime, LANDING_BUCKET, Story } from './story';
import { newFileItem } from '../../src/file-ledger/runtime/file-item';

const WAITING = 100_000;
const PER_RUN = 10_000;
/** Every call by which the ledger reads. */
const READS = ['GetItem', 'Query', 'Scan', 'BatchGetItem', 'GetObject', 'ListObjectsV2', 'HeadObject'];

/** Calls since the last time, and the items that queries answered. */
class Meter {
  private entries = 0;

  constructor(private readonly story: Story) {
    const { query } = FakeTable.prototype;
    const count = (output: ReturnType<typeof query>) => (this.entries += output.Items?.length ?? 0);
    jest.spyOn(FakeTable.prototype, 'query').mockImplementation(function (this: FakeTable, ...input) {
      const output = query.apply(this, input);
      count(output);
      return output;
    });
  }

  public read(): { calls: Record<string, number>; entries: number } {
    const calls: Record<string, number> = {};
    for (const call of this.story.aws.calls.splice(0)) calls[call] = (calls[call] ?? 0) + 1;
    const { entries } = this;
    this.entries = 0;
    return { calls, entries };
  }
}

afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

test('100,000 files that wait go out in runs of 10,000, and no read grows with what is already loaded', async () => {
  const time = fakeTime('2026-03-01T10:00:00Z');
  const story = new Story({ maxFiles: PER_RUN });
  for (let number = 0; number < WAITING; number++) {
    const file = newFileItem({
      bucket: LANDING_BUCKET,
      key: `in/${number}.csv`,
      versionId: `version-${number}`,
      etag: `etag-${number}`,
      lastModified: new Date(),
      size: 10,
      eventTime: new Date(Date.now() + number),
    });
    story.aws.items.set(file.id, JSON.parse(JSON.stringify(file)));
  }
  const meter = new Meter(story);
  await story.sweep();
  const begin = meter.read();
  const ends: ReturnType<Meter['read']>[] = [];
  for (let run = 1; run <= WAITING / PER_RUN; run++) {
    time.advanceMinutes(1);
    await story.end(story.running(), 'SUCCEEDED');
    ends.push(meter.read());
  }

  expect(story.runs().map(({ count }) => count)).toEqual(Array(WAITING / PER_RUN).fill(PER_RUN));
  expect(new Set(story.files().map(({ status }) => status))).toEqual(new Set(['LOADED']));
  const transactions = PER_RUN / 100;
  // one page of each partition, and one more of some: the files of a run are not spread quite evenly
  expect(begin.calls.Query).toBeLessThanOrEqual(2 * 8);
  expect(begin.calls.TransactWriteItems).toBe(transactions);
  const last = ends.pop()!;
  for (const end of ends) {
    expect(end.calls.TransactWriteItems).toBe(2 * transactions); // settles a run, and claims the next one
    expect(end.calls.Query).toBeLessThanOrEqual(2 * 8);
    expect(end.entries).toBeLessThanOrEqual(2 * PER_RUN);
    const reads = READS.filter(name => name !== 'Query').map(name => end.calls[name]);
    expect(reads).toEqual(READS.filter(name => name !== 'Query').map(name => ends[0].calls[name]));
  }
  expect(last.calls.Query).toBe(8); // nothing waits any more
});
