import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListPartsCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { failure, StagingFake } from './staging-fake';

const GIB = 1024 ** 3;
const MINUTE = 60_000;
const CONTENT = 'order_id\n1\n';
const COPY = 'runs/r1/input/part-00000.csv';

let fake: StagingFake;
/** Parts of each upload that S3 knows, by the upload's id. */
let uploads: Map<string, Map<number, string>>;
/** Called before each part is copied. */
let beforePart: (number: number) => void;

beforeEach(() => {
  fake = new StagingFake();
  uploads = new Map();
  beforePart = () => {};
  const partsOf = (uploadId: string) => {
    const parts = uploads.get(uploadId);
    if (!parts) throw failure('NoSuchUpload', 404);
    return parts;
  };
  fake.s3.on(CreateMultipartUploadCommand).callsFake(() => {
    const UploadId = `upload-${uploads.size + 1}`;
    uploads.set(UploadId, new Map());
    return { UploadId };
  });
  fake.s3.on(ListPartsCommand).callsFake(({ UploadId }) => ({
    Parts: [...partsOf(UploadId)].map(([PartNumber, ETag]) => ({ PartNumber, ETag })),
  }));
  fake.s3.on(UploadPartCopyCommand).callsFake(({ UploadId, PartNumber, CopySourceRange }) => {
    beforePart(PartNumber);
    partsOf(UploadId).set(PartNumber, CopySourceRange);
    return { CopyPartResult: { ETag: CopySourceRange } };
  });
  fake.s3.on(CompleteMultipartUploadCommand).callsFake(({ UploadId, Key, MultipartUpload }) => {
    partsOf(UploadId);
    uploads.delete(UploadId);
    fake.work.set(Key, JSON.stringify(MultipartUpload.Parts));
    return {};
  });
  fake.s3.on(AbortMultipartUploadCommand).callsFake(({ UploadId }) => {
    uploads.delete(UploadId);
    return {};
  });
});

const copiedParts = () => fake.s3.commandCalls(UploadPartCopyCommand).map(call => call.args[0].input);

test('a file over 5 GB is copied in parts that are the whole file', async () => {
  fake.arrive({ size: 6 * GIB, content: CONTENT });
  await expect(fake.stage()).resolves.toEqual({
    status: 'done',
    summary: { files: 1, bytes: 6 * GIB, rejectedFiles: 0 },
  });
  const ranges = copiedParts()
    .map(part => part.CopySourceRange!.replace('bytes=', '').split('-').map(Number))
    .sort(([a], [b]) => a - b);
  expect(ranges[0][0]).toBe(0);
  ranges.slice(1).forEach(([first], index) => expect(first).toBe(ranges[index][1] + 1));
  expect(ranges.at(-1)![1]).toBe(6 * GIB - 1);
  expect(copiedParts()[0]).toMatchObject({ Bucket: 'work', Key: COPY, CopySource: 'landing/in/0.csv?versionId=v0' });
  const completed = JSON.parse(fake.work.get(COPY)!) as { PartNumber: number }[];
  expect(completed.map(part => part.PartNumber)).toEqual(ranges.map((_, index) => index + 1));
});

test('a file without version is copied only while it is the one that arrived, in every part', async () => {
  fake.arrive({ size: 6 * GIB, content: CONTENT, versionId: undefined });
  await fake.stage();
  expect(new Set(copiedParts().map(part => part.CopySourceIfMatch))).toEqual(new Set(['"e0"']));
});

test('a file that is overwritten meanwhile is rejected', async () => {
  fake.arrive({ size: 6 * GIB, content: CONTENT, versionId: undefined });
  beforePart = number => {
    if (number === 3) throw failure('PreconditionFailed', 412);
  };
  await expect(fake.stage()).resolves.toMatchObject({ status: 'done', summary: { files: 0, rejectedFiles: 1 } });
});

test('the largest objects have no more parts than S3 takes', async () => {
  fake.arrive({ size: 40 * 1024 * GIB, content: CONTENT });
  await fake.stage();
  expect(copiedParts().length).toBeLessThanOrEqual(10_000);
});

test('a call whose time is up leaves the rest to the next, which copies no part again', async () => {
  fake.arrive({}, { size: 20 * GIB, content: CONTENT }, {});
  let remaining = 15 * MINUTE;
  beforePart = () => {
    remaining -= MINUTE;
  };
  const calls = [];
  let answer = await fake.stage({}, () => remaining);
  while (answer.status === 'running') {
    calls.push(answer.nextChunk);
    remaining = 15 * MINUTE;
    answer = await fake.stage({ nextChunk: answer.nextChunk }, () => remaining);
  }
  expect(answer).toMatchObject({ status: 'done', summary: { files: 3, bytes: 20 * GIB + 22 } });
  expect(calls.length).toBeGreaterThan(1);
  expect(fake.s3.commandCalls(CreateMultipartUploadCommand)).toHaveLength(1);
  const numbers = copiedParts().map(part => part.PartNumber);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(numbers).toHaveLength(40);
});

test('a call that broke off is gone on with', async () => {
  fake.arrive({ size: 6 * GIB, content: CONTENT });
  beforePart = number => {
    if (number === 5) throw failure('SlowDown', 503);
  };
  await expect(fake.stage()).rejects.toMatchObject({ name: 'Etl.Transient' });
  beforePart = () => {};
  await expect(fake.stage()).resolves.toMatchObject({ status: 'done', summary: { files: 1 } });
  expect(fake.s3.commandCalls(CreateMultipartUploadCommand)).toHaveLength(1);
});

test('whoever finds another upload of the file already begun goes on with that one, and leaves none behind', async () => {
  fake.arrive({ size: 6 * GIB, content: CONTENT });
  uploads.set('first', new Map());
  fake.s3.on(CreateMultipartUploadCommand).callsFake(() => {
    fake.work.set('runs/r1/staging/upload-00000.json', JSON.stringify({ uploadId: 'first' }));
    uploads.set('second', new Map());
    return { UploadId: 'second' };
  });
  await expect(fake.stage()).resolves.toMatchObject({ status: 'done' });
  expect(new Set(copiedParts().map(part => part.UploadId))).toEqual(new Set(['first']));
  expect([...uploads.keys()]).toEqual([]);
});

test('an upload that somebody else has completed is complete', async () => {
  fake.arrive({ size: 6 * GIB, content: CONTENT });
  fake.work.set('runs/r1/staging/upload-00000.json', JSON.stringify({ uploadId: 'completed' }));
  fake.s3.on(HeadObjectCommand, { Key: COPY }).resolves({ ContentLength: 6 * GIB });
  await expect(fake.stage()).resolves.toMatchObject({ status: 'done', summary: { files: 1 } });
  expect(copiedParts()).toEqual([]);
});

test('an upload that a lifecycle rule has ended is begun again', async () => {
  fake.arrive({ size: 6 * GIB, content: CONTENT });
  fake.work.set('runs/r1/staging/upload-00000.json', JSON.stringify({ uploadId: 'expired' }));
  fake.s3.on(HeadObjectCommand).rejects(failure('NotFound', 404));
  await expect(fake.stage()).resolves.toEqual({ status: 'running', nextChunk: 0 });
  await expect(fake.stage()).resolves.toMatchObject({ status: 'done', summary: { files: 1 } });
});
