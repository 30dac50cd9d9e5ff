import { fileId, newFileItem, waitingShard, type Arrival } from '../../src/file-ledger/runtime/file-item';

const OBJECT: Arrival = {
  bucket: 'b',
  key: 'k',
  versionId: 'v1',
  etag: 'e1',
  lastModified: new Date('2026-01-01T00:00:00Z'),
  size: 1,
  eventTime: new Date('2026-01-01T00:00:01Z'),
};

describe('the identity of a file', () => {
  test('is its version, if it has one', () => {
    const id = fileId(OBJECT);
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(fileId({ ...OBJECT, etag: 'e2', lastModified: new Date(0) })).toBe(id);
    expect(fileId({ ...OBJECT, versionId: 'v2' })).not.toBe(id);
    expect(fileId({ ...OBJECT, bucket: 'other' })).not.toBe(id);
  });

  test('is its content and time, if it has none', () => {
    const { versionId, ...unversioned } = OBJECT;
    const id = fileId(unversioned);
    expect(fileId({ ...unversioned })).toBe(id);
    expect(fileId({ ...unversioned, etag: 'e2' })).not.toBe(id);
    expect(fileId({ ...unversioned, lastModified: new Date(0) })).not.toBe(id);
  });

  test('does not confuse where the bucket ends and the key begins', () => {
    expect(fileId({ ...OBJECT, bucket: 'ab', key: 'c' })).not.toBe(fileId({ ...OBJECT, bucket: 'a', key: 'bc' }));
  });
});

test('files spread over 8 shards, and each has its own for ever', () => {
  expect([waitingShard('00…'), waitingShard('07…'), waitingShard('08…'), waitingShard('ff…')]).toEqual([0, 7, 0, 7]);
});

describe('the order of arrival', () => {
  const arrived = (arrival: Partial<Arrival>) => newFileItem({ ...OBJECT, ...arrival }).arrived;

  test("is that of the events' times", () => {
    expect(
      arrived({ eventTime: new Date('2026-01-01T00:00:02Z') }) > arrived({ versionId: 'v2', sequencer: 'ff' }),
    ).toBe(true);
  });

  test('is that of the sequencers at one time, also if they are not equally long', () => {
    expect(arrived({ sequencer: '0055AED6DCD90282' }) > arrived({ sequencer: '0055AED6DCD90281E5' })).toBe(true);
  });
});

test('metadata is kept only if there is some', () => {
  expect(newFileItem({ ...OBJECT, metadata: {} }).metadata).toBeUndefined();
  expect(newFileItem({ ...OBJECT, metadata: { origin: 'shop' } }).metadata).toEqual({ origin: 'shop' });
});
