import { Readable } from 'stream';
import { gzipSync } from 'zlib';
import { GetObjectCommand, GetObjectCommandOutput, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import type { LoaderInput } from '../../../../src/fargate-redshift-step/contract';
import { prepareSources } from '../../../../src/fargate-redshift-step/runtime/loader/copy-sources';

const s3 = mockClient(S3Client);
const columns = ['a', 'b'].map(name => ({ name, header: name, type: 'string', required: false }));
const input = (header: boolean) => ({
  runId: 'run-1',
  stepId: 'Load',
  workBucket: 'work',
  rejectedRowsFolder: 'runs/run-1/Load/rejected/',
  maxRejectedRows: 10,
  dataset: { name: 'd', key: ['a'], columns, format: { type: 'csv', delimiter: ',', header } },
} as unknown as LoaderInput);

beforeEach(() => {
  s3.reset();
  s3.rejects(new Error('unexpected call'));
  s3.on(PutObjectCommand).resolves({});
});

/** Serves the content in pieces of `size` bytes. */
function serve(key: string, content: Buffer, size = 7): void {
  s3.on(GetObjectCommand, { Bucket: 'work', Key: key }).callsFake(() => {
    const pieces = Array.from({ length: Math.ceil(content.length / size) }, (_, index) => content.subarray(index * size, (index + 1) * size));
    return { Body: Readable.from(pieces, { objectMode: false }) as GetObjectCommandOutput['Body'] };
  });
}

const file = (name: string, bytes: number) => ({ id: name, key: `runs/run-1/input/${name}`, bytes, gzip: name.endsWith('.gz') });
const written = () => s3.commandCalls(PutObjectCommand).map(({ args: [{ input: { Key, Body } }] }) => [Key!, String(Body)]);

test('files without malformed lines are copied as they are', async () => {
  const content = Buffer.from('a,b\r\n1,"x, ""y"""\r\n\n2,\n3,z');
  const files = [file('part-00000.csv', content.length), file('part-00001.csv.gz', 5)];
  serve(files[0].key, content);
  serve(files[1].key, gzipSync(content));
  const { sources, malformed } = await prepareSources(input(true), files, () => undefined);
  expect(sources).toEqual(files.map(staged => ({ key: staged.key, bytes: staged.bytes, gzip: staged.gzip, header: true, file: staged })));
  expect(malformed.size).toBe(0);
  expect(written()).toEqual([]);
});

test('of other files COPY gets the good lines only, and the others are kept', async () => {
  const staged = file('part-00000.csv.gz', 9);
  serve(staged.key, gzipSync('a,b\n1,x\r\n2,"y\n\r\n3,z\nfour\n "5",5\n"6",6'));
  const { sources, malformed } = await prepareSources(input(true), [staged], () => undefined);
  const key = 'runs/run-1/Load/input/part-00000-00000.csv';
  expect(sources).toEqual([{ key, bytes: 14, gzip: false, header: false, file: staged }]);
  expect(malformed).toEqual(new Map([[staged.id, 3]]));
  expect(written()).toEqual([
    [key, '1,x\n3,z\n"6",6\n'],
    ['runs/run-1/Load/rejected/malformed-00000.csv', [
      'file,line,reason,raw_line',
      's3://work/runs/run-1/input/part-00000.csv.gz,3,malformed: not 2 fields of CSV in valid UTF-8,"2,""y"',
      's3://work/runs/run-1/input/part-00000.csv.gz,6,malformed: not 2 fields of CSV in valid UTF-8,four',
      's3://work/runs/run-1/input/part-00000.csv.gz,7,malformed: not 2 fields of CSV in valid UTF-8," ""5"",5"',
      '',
    ].join('\n')],
  ]);
});

test('a byte order mark in front of the first row is taken off, a header takes it along', async () => {
  const staged = file('part-00000.csv', 9);
  serve(staged.key, Buffer.from('\ufeff"1",x\n\ufeff2,y\n'));
  expect((await prepareSources(input(false), [staged], () => undefined)).sources).toMatchObject([{ header: false, bytes: 13 }]);
  expect(written()).toEqual([['runs/run-1/Load/input/part-00000-00000.csv', '"1",x\n\ufeff2,y\n']]);
  serve(staged.key, Buffer.from('\ufeffa,b\n2,y\n'));
  expect((await prepareSources(input(true), [staged], () => undefined)).sources).toMatchObject([{ key: staged.key }]);
});

test('the CR of CRLF is taken off where it could make the last field too long', async () => {
  const staged = file('part-00000.csv', 9);
  const longest = 'x'.repeat(65_535);
  serve(staged.key, Buffer.from(`a,b\r\n1,${longest}\r\n`), 10_000);
  expect((await prepareSources(input(true), [staged], () => undefined)).sources).toMatchObject([{ header: false }]);
  expect(written()).toEqual([['runs/run-1/Load/input/part-00000-00000.csv', `1,${longest}\n`]]);
});

test('keeps no more malformed lines than the run may reject, and counts them all', async () => {
  const staged = file('part-00000.csv', 9);
  serve(staged.key, Buffer.from(`a,b\n${'x\n'.repeat(25)}`));
  const { sources, malformed } = await prepareSources(input(true), [staged], () => undefined);
  expect(sources).toEqual([]);
  expect(malformed.get(staged.id)).toBe(25);
  expect(written()[0][1].trimEnd().split('\n')).toHaveLength(1 + 10);
});

test('a gzip file that breaks off is Etl.Data and named', async () => {
  const staged = file('part-00000.csv.gz', 9);
  serve(staged.key, gzipSync('a,b\n'.repeat(100)).subarray(0, 20));
  await expect(prepareSources(input(true), [staged], () => undefined)).rejects.toMatchObject({ name: 'Etl.Data', message: expect.stringContaining('part-00000.csv.gz') });
});
