import { CopyObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CONTENT, failure, StagingFake } from './staging-fake';
import { FILES_PER_CHUNK, type StageFilesEvent } from '../../../src/etl-pipeline/contract';
import type { LedgerFile } from '../../../src/file-ledger/contract';

const MINUTE = 60_000;

let fake: StagingFake;
let work: StagingFake['work'];
let landing: StagingFake['landing'];
let s3: StagingFake['s3'];
beforeEach(() => {
  fake = new StagingFake();
  ({ work, landing, s3 } = fake);
});

const arrive = (...files: Parameters<StagingFake['arrive']>) => fake.arrive(...files);
const stage = (more: Partial<StageFilesEvent> = {}, remaining = 15 * MINUTE) => fake.stage(more, () => remaining);
const staged = () => JSON.parse(work.get('runs/r1/staged.json')!);
const copies = () => s3.commandCalls(CopyObjectCommand).map(call => call.args[0].input);

describe('copies', () => {
  test('the exact version, whatever the key, under a name of its own', async () => {
    arrive({ key: 'in/a b+c%/d?&ü\'"(1).csv', versionId: 'v/1+' }, {});
    await expect(stage()).resolves.toEqual({ status: 'done', summary: { files: 2, bytes: 22, rejectedFiles: 0 } });
    expect(copies()[0]).toEqual({
      Bucket: 'work',
      Key: 'runs/r1/input/part-00000.csv',
      CopySource: "landing/in/a%20b%2Bc%25/d%3F%26%C3%BC'%22(1).csv?versionId=v%2F1%2B",
      TaggingDirective: 'REPLACE',
      MetadataDirective: 'REPLACE',
      ContentType: 'text/csv',
    });
    expect(s3.commandCalls(GetObjectCommand).map(call => call.args[0].input)).toContainEqual({
      Bucket: 'landing',
      Key: 'in/a b+c%/d?&ü\'"(1).csv',
      Range: 'bytes=0-65535',
      VersionId: 'v/1+',
    });
    expect(staged()).toEqual({
      files: [
        { id: 'id-0', key: 'runs/r1/input/part-00000.csv', bytes: 11, gzip: false },
        { id: 'id-1', key: 'runs/r1/input/part-00001.csv', bytes: 11, gzip: false },
      ],
      rejected: [],
    });
  });

  test.each(['"e0"', 'e0'])('an object without version only while it is the one that arrived (etag %s)', async etag => {
    arrive({ versionId: undefined, etag });
    await stage();
    expect(copies()[0]).toMatchObject({ CopySource: 'landing/in/0.csv', CopySourceIfMatch: '"e0"' });
    expect(s3.commandCalls(GetObjectCommand).map(call => call.args[0].input)).toContainEqual({
      Bucket: 'landing',
      Key: 'in/0.csv',
      Range: 'bytes=0-65535',
      IfMatch: '"e0"',
    });
  });
});

describe('rejects a file and goes on with the others', () => {
  test.each<[string, Partial<LedgerFile> & { content?: string | Error }, RegExp]>([
    ['empty', { content: '' }, /^is empty and has no header/],
    ['of other columns', { content: 'ORDER_ID,id\n1,1\n' }, /^has another header.*order_id.*got ORDER_ID,id/],
    ['deleted', { content: failure('NoSuchKey', 404) }, /^was deleted after it had arrived/],
    ['whose version is deleted', { content: failure('NoSuchVersion', 404) }, /^was deleted after it had arrived/],
    ['that is a delete marker', { content: failure('MethodNotAllowed', 405) }, /^was deleted after it had arrived/],
    [
      'overwritten',
      { versionId: undefined, content: failure('PreconditionFailed', 412) },
      /^was overwritten after it had arrived/,
    ],
    ['archived', { content: failure('InvalidObjectState', 403) }, /^is archived/],
    [
      'of SSE-C',
      { content: failure('InvalidRequest', 400, 'The object was stored using a form of Server Side Encryption.') },
      /SSE-C/,
    ],
    [
      'that may not be read',
      { content: failure('AccessDenied', 403, 'Access Denied') },
      /^may not be read: Access Denied/,
    ],
    [
      'whose key is disabled',
      { content: failure('KMS.DisabledException', 400) },
      /^cannot be decrypted: KMS.DisabledException/,
    ],
  ])('%s', async (_, file, reason) => {
    arrive(file, {});
    await expect(stage()).resolves.toEqual({ status: 'done', summary: { files: 1, bytes: 11, rejectedFiles: 1 } });
    expect(staged()).toEqual({
      files: [{ id: 'id-1', key: 'runs/r1/input/part-00001.csv', bytes: 11, gzip: false }],
      rejected: [{ id: 'id-0', reason: expect.stringMatching(reason) }],
    });
  });

  test('that is overwritten between look and copy', async () => {
    arrive({ versionId: undefined }, {});
    s3.on(CopyObjectCommand, { Key: 'runs/r1/input/part-00000.csv' }).rejects(failure('PreconditionFailed', 412));
    await stage();
    expect(staged().rejected).toEqual([{ id: 'id-0', reason: expect.stringMatching(/overwritten/) }]);
  });

  test('to the last', async () => {
    arrive({ content: '' }, { content: failure('NoSuchKey', 404) });
    await expect(stage()).resolves.toEqual({ status: 'done', summary: { files: 0, bytes: 0, rejectedFiles: 2 } });
  });
});

describe('fails', () => {
  test('if no file may be read, and records nothing', async () => {
    arrive({ content: failure('AccessDenied', 403, 'no right') }, { content: failure('AccessDenied', 403) });
    await expect(stage()).rejects.toMatchObject({
      name: 'Etl.Configuration',
      message: expect.stringMatching(
        /^Run r1: none of the files may be read, .*in\/0.csv .*no right.* s3:GetObject and s3:GetObjectVersion/,
      ),
    });
    expect([...work.keys()]).toEqual(['runs/r1/files.json']);
  });

  test('if the work bucket may not be written', async () => {
    arrive({});
    s3.on(CopyObjectCommand).rejects(failure('AccessDenied', 403));
    await expect(stage()).rejects.toMatchObject({
      name: 'Etl.Configuration',
      message: expect.stringMatching(/s3:PutObject/),
    });
  });

  test.each([
    ['SlowDown', 503],
    ['InternalError', 500],
  ])('for a while on %s', async (name, status) => {
    arrive({ content: failure(name, status) }, {});
    await expect(stage()).rejects.toMatchObject({
      name: 'Etl.Transient',
      message: expect.stringMatching(/^Run r1: S3 did not serve s3:\/\/landing\/in\/0.csv/),
    });
    landing.set('in/0.csv', CONTENT);
    await expect(stage()).resolves.toMatchObject({ status: 'done', summary: { files: 2 } });
  });

  test('with the error itself where it is not known', async () => {
    arrive({ content: failure('InvalidRequest', 400, 'something else') });
    await expect(stage()).rejects.toMatchObject({ name: 'InvalidRequest' });
  });

  test('if the list of files is gone', async () => {
    await expect(stage()).rejects.toMatchObject({
      name: 'Etl.Configuration',
      message: expect.stringMatching(/runs\/r1\/files.json, does not exist/),
    });
  });
});

describe('many files', () => {
  const many = Array.from({ length: 2 * FILES_PER_CHUNK + 1 }, (_, index) =>
    index === 150 ? { content: 'other\n' } : {},
  );

  test('are staged in several calls, each within its time', async () => {
    arrive(...many);
    await expect(stage({}, 9 * MINUTE)).resolves.toEqual({ status: 'running', nextChunk: 1 });
    await expect(stage({ nextChunk: 1 }, 9 * MINUTE)).resolves.toEqual({ status: 'running', nextChunk: 2 });
    await expect(stage({ nextChunk: 2 }, 9 * MINUTE)).resolves.toEqual({
      status: 'done',
      summary: { files: 200, bytes: 2_200, rejectedFiles: 1 },
    });
    expect(copies()).toHaveLength(200);
    expect(staged().files.at(-1).key).toBe('runs/r1/input/part-00200.csv');
    expect(staged().rejected).toEqual([{ id: 'id-150', reason: expect.any(String) }]);
  });

  test('are staged in one call if there is time', async () => {
    arrive(...many);
    await expect(stage({}, 11 * MINUTE)).resolves.toMatchObject({
      status: 'done',
      summary: { files: 200, rejectedFiles: 1 },
    });
  });

  test('of which a later part may not be read are rejected', async () => {
    arrive(...many.map((file, index) => (index < FILES_PER_CHUNK ? file : { content: failure('AccessDenied', 403) })));
    await expect(stage()).resolves.toMatchObject({ status: 'done', summary: { files: 100, rejectedFiles: 101 } });
  });

  test('of many gigabytes are staged in chunks that one call can copy', async () => {
    arrive(...Array.from({ length: 9 }, () => ({ size: 5 * 1024 ** 3, content: CONTENT })));
    await expect(stage({}, 9 * MINUTE)).resolves.toEqual({ status: 'running', nextChunk: 1 });
    expect(copies()).toHaveLength(4);
  });

  test('are not copied again after a call that broke off', async () => {
    arrive(...many);
    landing.set('in/120.csv', failure('SlowDown', 503));
    await expect(stage()).rejects.toMatchObject({ name: 'Etl.Transient' });
    const before = copies().length;
    landing.set('in/120.csv', CONTENT);
    await expect(stage()).resolves.toMatchObject({ status: 'done' });
    expect(
      copies()
        .slice(before)
        .map(copy => copy.Key),
    ).not.toContain('runs/r1/input/part-00099.csv');
    expect(copies().slice(before)).toHaveLength(100);
  });
});

describe('another attempt', () => {
  test('takes what the one before has staged', async () => {
    arrive({}, { content: '' });
    const first = await stage();
    s3.resetHistory();
    await expect(stage({ attempt: 2 })).resolves.toEqual(first);
    expect(s3.commandCalls(GetObjectCommand)).toHaveLength(1);
    expect(copies()).toEqual([]);
  });

  test('that stages at the same time agrees with whoever was first', async () => {
    arrive({});
    s3.on(PutObjectCommand, { Key: 'runs/r1/staged.json' }).callsFake(() => {
      work.set(
        'runs/r1/staged.json',
        JSON.stringify({ files: [], rejected: [{ id: 'id-0', reason: 'of the other attempt' }] }),
      );
      throw failure('PreconditionFailed', 412);
    });
    await expect(stage()).resolves.toEqual({ status: 'done', summary: { files: 0, bytes: 0, rejectedFiles: 1 } });
  });
});
