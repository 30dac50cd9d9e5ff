import { objectsCreated } from '../../src/s3-queue-trigger/runtime/s3-events';

const notification = (object: object, eventName = 'ObjectCreated:Put') => ({
  eventVersion: '2.1',
  eventSource: 'aws:s3',
  eventTime: '2026-03-01T10:00:00.123Z',
  eventName,
  s3: {
    bucket: { name: 'landing', arn: 'arn:aws:s3:::landing' },
    object: { key: 'k', size: 1, eTag: 'e', sequencer: '0055AED6DCD90281E5', ...object },
  },
});

const message = (...records: object[]) => JSON.stringify({ Records: records });

describe('a notification of S3', () => {
  test('names the version, the content and the time', () => {
    expect(objectsCreated(message(notification({ versionId: 'v1' })))).toEqual([
      {
        bucket: 'landing',
        key: 'k',
        versionId: 'v1',
        etag: 'e',
        sequencer: '0055AED6DCD90281E5',
        time: new Date('2026-03-01T10:00:00.123Z'),
      },
    ]);
  });

  test.each([
    ['in/a+b.csv', 'in/a b.csv'],
    ['in/a%2Bb.csv', 'in/a+b.csv'],
    ['in/100%25+%C3%BC.csv', 'in/100% ü.csv'],
    ['%22quoted%22%0Aline', '"quoted"\nline'],
  ])('encodes its key as forms do: %s', (encoded, key) => {
    expect(objectsCreated(message(notification({ key: encoded })))[0].key).toBe(key);
  });

  test('may hold several records; only those of new objects count', () => {
    const objects = objectsCreated(
      message(
        notification({ key: 'a' }),
        notification({ key: 'b' }, 'ObjectRemoved:Delete'),
        notification({ key: 'c' }, 'ObjectCreated:Copy'),
      ),
    );
    expect(objects.map(object => object.key)).toEqual(['a', 'c']);
  });

  test.each([[undefined], ['null']])('has no version if that is %p', versionId => {
    expect(objectsCreated(message(notification({ versionId })))[0].versionId).toBeUndefined();
  });

  test('that only tests the connection announces nothing', () => {
    expect(objectsCreated('{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"landing"}')).toEqual([]);
  });
});

describe('an event of EventBridge', () => {
  const event = (detailType: string, object: object) =>
    JSON.stringify({
      source: 'aws.s3',
      'detail-type': detailType,
      time: '2026-03-01T10:00:00Z',
      detail: { bucket: { name: 'landing' }, object: { key: 'in/a+b%20c.csv', etag: 'e', ...object } },
    });

  test('has its key as it is', () => {
    expect(objectsCreated(event('Object Created', { 'version-id': 'v1', sequencer: '00' }))).toEqual([
      {
        bucket: 'landing',
        key: 'in/a+b%20c.csv',
        versionId: 'v1',
        etag: 'e',
        sequencer: '00',
        time: new Date('2026-03-01T10:00:00Z'),
      },
    ]);
  });

  test('of another kind announces nothing', () => {
    expect(objectsCreated(event('Object Deleted', {}))).toEqual([]);
  });
});

test.each(['hello', '{"hello":"world"}', 'null', '[]', '{"source":"aws.ec2"}'])('%s is no event of S3', text => {
  expect(() => objectsCreated(text)).toThrow(/must be an event of S3.*got:/);
});

test('a key that is not encoded properly fails its message', () => {
  expect(() => objectsCreated(message(notification({ key: '100%' })))).toThrow(URIError);
});
