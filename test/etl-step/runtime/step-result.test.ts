import { GetObjectCommand, NoSuchKey, PutObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { checkRows, findResult, writeResultOnce } from '../../../src/etl-step/runtime/step-result';

const RESULT = { rowsRead: 10, rowsWritten: 7, rowsRejected: 2, duplicatesDropped: 1, seconds: 5 };
const KEY = 'runs/r1/ToTarget/result.json';
const s3 = mockClient(S3Client);
const holds = (result: object) =>
  s3
    .on(GetObjectCommand, { Bucket: 'work', Key: KEY })
    .resolves({ Body: { transformToString: async () => JSON.stringify(result) } as any });

beforeEach(() => {
  s3.reset();
  s3.onAnyCommand().rejects(new Error('unexpected call'));
});

test('finds the result of an earlier attempt', async () => {
  holds(RESULT);
  await expect(findResult('work', 'r1', 'ToTarget')).resolves.toEqual(RESULT);
});

test('finds nothing before the step is done', async () => {
  s3.on(GetObjectCommand).rejects(new NoSuchKey({ message: 'no', $metadata: { httpStatusCode: 404 } }));
  await expect(findResult('work', 'r1', 'ToTarget')).resolves.toBeUndefined();
});

test('records the result', async () => {
  s3.on(PutObjectCommand, { Bucket: 'work', Key: KEY, Body: JSON.stringify(RESULT), IfNoneMatch: '*' }).resolves({});
  await expect(writeResultOnce('work', 'r1', 'ToTarget', RESULT)).resolves.toEqual(RESULT);
});

test('keeps the first result', async () => {
  s3.on(PutObjectCommand).rejects(
    new S3ServiceException({ name: 'PreconditionFailed', $fault: 'client', $metadata: { httpStatusCode: 412 } }),
  );
  const first = { ...RESULT, seconds: 1 };
  holds(first);
  await expect(writeResultOnce('work', 'r1', 'ToTarget', RESULT)).resolves.toEqual(first);
});

test.each([{ rowsRead: 11 }, { rowsWritten: 8 }, { rowsRejected: 0 }, { duplicatesDropped: 0 }])(
  'refuses a result whose rows do not add up: %j',
  async wrong => {
    const result = { ...RESULT, ...wrong };
    expect(() => checkRows('r1', 'ToTarget', result)).toThrow(
      expect.objectContaining({ name: 'Etl.RowsLost', message: expect.stringMatching(/^Run r1, step 'ToTarget'/) }),
    );
    await expect(writeResultOnce('work', 'r1', 'ToTarget', result)).rejects.toMatchObject({ name: 'Etl.RowsLost' });
  },
);
