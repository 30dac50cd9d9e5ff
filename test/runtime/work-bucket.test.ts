import {
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import {
  exists,
  getJson,
  getJsonVersion,
  putJson,
  putJsonIfUnchanged,
  putJsonOnce,
} from '../../src/runtime/work-bucket';

const s3 = mockClient(S3Client);

const failure = (name: string, status: number) =>
  new S3ServiceException({ name, message: name, $fault: 'client', $metadata: { httpStatusCode: status } });

const body = (text: string) => ({ Body: { transformToString: async () => text } as any });

beforeEach(() => {
  s3.reset();
  s3.onAnyCommand().rejects(new Error('unexpected call'));
});

describe('getJson', () => {
  test('parses the object', async () => {
    s3.on(GetObjectCommand, { Bucket: 'b', Key: 'k' }).resolves(body('{"a":1}'));
    await expect(getJson('b', 'k')).resolves.toEqual({ a: 1 });
  });

  test('is undefined where nothing is', async () => {
    s3.on(GetObjectCommand).rejects(new NoSuchKey({ message: 'no', $metadata: { httpStatusCode: 404 } }));
    await expect(getJson('b', 'k')).resolves.toBeUndefined();
  });

  test.each([
    ['AccessDenied', 403],
    ['NoSuchBucket', 404],
  ])('does not take %s for a missing object', async (name, status) => {
    s3.on(GetObjectCommand).rejects(failure(name, status));
    await expect(getJson('b', 'k')).rejects.toThrow(name);
  });

  test('names the object that is no JSON', async () => {
    s3.on(GetObjectCommand).resolves(body('{"a"'));
    await expect(getJson('b', 'k')).rejects.toThrow(/s3:\/\/b\/k must hold JSON/);
  });
});

describe('putJsonIfUnchanged', () => {
  test('replaces the version that was read, and tells the new one', async () => {
    s3.on(GetObjectCommand).resolves({ ...body('1'), ETag: '"one"' });
    const { value, version } = await getJsonVersion<number>('b', 'k');
    s3.on(PutObjectCommand, { Bucket: 'b', Key: 'k', Body: '2', IfMatch: '"one"', IfNoneMatch: undefined }).resolves({
      ETag: '"two"',
    });
    await expect(putJsonIfUnchanged('b', 'k', value! + 1, version)).resolves.toBe('"two"');
  });

  test('writes what was not there', async () => {
    s3.on(GetObjectCommand).rejects(failure('NoSuchKey', 404));
    const { value, version } = await getJsonVersion('b', 'k');
    expect(value).toBeUndefined();
    s3.on(PutObjectCommand, { IfNoneMatch: '*', IfMatch: undefined }).resolves({ ETag: '"one"' });
    await expect(putJsonIfUnchanged('b', 'k', 1, version)).resolves.toBe('"one"');
  });

  test.each([
    ['PreconditionFailed', 412],
    ['ConditionalRequestConflict', 409],
    ['NoSuchKey', 404],
  ])('writes nothing after %s', async (name, status) => {
    s3.on(PutObjectCommand).rejects(failure(name, status));
    await expect(putJsonIfUnchanged('b', 'k', 1, '"one"')).resolves.toBeUndefined();
  });

  test('does not take a missing bucket for a change', async () => {
    s3.on(PutObjectCommand).rejects(failure('NoSuchBucket', 404));
    await expect(putJsonIfUnchanged('b', 'k', 1, '"one"')).rejects.toThrow('NoSuchBucket');
  });
});

test('putJson replaces what is there', async () => {
  s3.on(PutObjectCommand).resolves({});
  await putJson('b', 'k', [1, 2]);
  expect(s3.commandCalls(PutObjectCommand)[0].args[0].input).toEqual({
    Bucket: 'b',
    Key: 'k',
    Body: '[1,2]',
    ContentType: 'application/json',
  });
});

describe('putJsonOnce', () => {
  test('writes only if there is no such object', async () => {
    s3.on(PutObjectCommand, { Bucket: 'b', Key: 'k', Body: '{"a":1}', IfNoneMatch: '*' }).resolves({});
    await expect(putJsonOnce('b', 'k', { a: 1 })).resolves.toBe(true);
  });

  test('leaves what somebody else has written', async () => {
    s3.on(PutObjectCommand).rejects(failure('PreconditionFailed', 412));
    await expect(putJsonOnce('b', 'k', {})).resolves.toBe(false);
  });

  test('asks again while another write is under way, and learns who won', async () => {
    s3.on(PutObjectCommand)
      .rejectsOnce(failure('ConditionalRequestConflict', 409))
      .rejectsOnce(failure('PreconditionFailed', 412));
    await expect(putJsonOnce('b', 'k', {})).resolves.toBe(false);
    expect(s3.commandCalls(PutObjectCommand)).toHaveLength(2);
  });

  test('gives up on conflicts that do not end', async () => {
    s3.on(PutObjectCommand).rejects(failure('ConditionalRequestConflict', 409));
    await expect(putJsonOnce('b', 'k', {})).rejects.toMatchObject({ name: 'Etl.Transient' });
  });

  test('any other failure is one', async () => {
    s3.on(PutObjectCommand).rejects(failure('AccessDenied', 403));
    await expect(putJsonOnce('b', 'k', {})).rejects.toThrow('AccessDenied');
  });
});

describe('exists', () => {
  test('is true where an object is', async () => {
    s3.on(HeadObjectCommand, { Bucket: 'b', Key: 'k' }).resolves({});
    await expect(exists('b', 'k')).resolves.toBe(true);
  });

  test('is false where none is', async () => {
    s3.on(HeadObjectCommand).rejects(failure('NotFound', 404));
    await expect(exists('b', 'k')).resolves.toBe(false);
  });

  test('does not take a refusal for a missing object', async () => {
    s3.on(HeadObjectCommand).rejects(failure('Forbidden', 403));
    await expect(exists('b', 'k')).rejects.toThrow('Forbidden');
  });
});
