import { Readable } from 'stream';
import { gzipSync } from 'zlib';
import { GetObjectCommand, GetObjectCommandOutput, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import type { LoaderInput } from '../../../../../src/fargate-redshift-step/contract';
import { prepareSources } from '../../../../../src/fargate-redshift-step/runtime/loader/scan/copy-sources';
import { startRunner } from '../../../../../src/fargate-redshift-step/runtime/loader/scan/threads';

const s3 = mockClient(S3Client);
const columns = ['a', 'b'].map(name => ({ name, header: name, type: 'string' as const, required: false }));
const targets = ['a', 'b'].map(name => ({ name, type: 'character varying(65535)', notNull: false }));
const input = (header: boolean) =>
  ({
    runId: 'run-1',
    stepId: 'Load',
    workBucket: 'work',
    rejectedRowsFolder: 'runs/run-1/Load/rejected/',
    maxRejectedRows: 10,
    dataset: { name: 'd', key: ['a'], columns, format: { type: 'csv', delimiter: ',', header } },
  }) as unknown as LoaderInput;

beforeEach(() => {
  s3.reset();
  s3.rejects(new Error('unexpected call'));
  s3.on(PutObjectCommand).resolves({});
});

interface Content {
  readonly name: string;
  readonly content: Buffer;
}

/** Serves the files in pieces of `size` bytes, ranges of them too, and prepares them. */
function prepare(files: Content[], { header = true, size = 7, rangeBytes = undefined as number | undefined } = {}) {
  s3.on(GetObjectCommand).callsFake(({ Key, Range }: { Key: string; Range?: string }) => {
    const { content } = files.find(({ name }) => Key === `runs/run-1/input/${name}`)!;
    const [from, to] = /^bytes=(\d+)-(\d+)$/
      .exec(Range ?? '')
      ?.slice(1)
      .map(Number) ?? [0, content.length - 1];
    const asked = content.subarray(from, to + 1);
    const pieces = Array.from({ length: Math.ceil(asked.length / size) }, (_, index) =>
      asked.subarray(index * size, (index + 1) * size),
    );
    return { Body: Readable.from(pieces, { objectMode: false }) as GetObjectCommandOutput['Body'] };
  });
  const { workBucket, rejectedRowsFolder, dataset } = input(header);
  const runner = startRunner(
    { workBucket, dataset, targets, rowsFolder: 'runs/run-1/Load/input/', rejectedRowsFolder },
    1,
    () => undefined,
  );
  return prepareSources(
    input(header),
    files.map(({ name, content }) => staged(name, content)),
    runner,
    1,
    () => undefined,
    rangeBytes,
  );
}

const staged = (name: string, content: Buffer) => ({
  id: name,
  key: `runs/run-1/input/${name}`,
  bytes: content.length,
  gzip: name.endsWith('.gz'),
});
const written = () =>
  s3.commandCalls(PutObjectCommand).map(
    ({
      args: [
        {
          input: { Key, Body },
        },
      ],
    }) => [Key!, String(Body)],
  );

test('files without rejected lines are copied as they are', async () => {
  const content = Buffer.from('a,b\r\n1,"x, ""y"""\r\n\n2,\n3,z');
  const files = [
    { name: 'part-00000.csv', content },
    { name: 'part-00001.csv.gz', content: gzipSync(content) },
  ];
  const { sources, rows, rejected } = await prepare(files);
  expect(sources).toEqual(
    files.map(file => ({
      file: file.name,
      key: `runs/run-1/input/${file.name}`,
      bytes: file.content.length,
      gzip: file.name.endsWith('.gz'),
      header: true,
    })),
  );
  expect([rows, rejected]).toEqual([6, 0]);
  expect(written()).toEqual([]);
});

test('of other files COPY gets the good lines only, and the others are kept', async () => {
  const { sources, rows, rejected } = await prepare([
    { name: 'part-00000.csv.gz', content: gzipSync('a,b\n1,x\r\n2,"y\n\r\n3,z\nfour\n "5",5\n,x\n"6",6') },
  ]);
  const key = 'runs/run-1/Load/input/part-00000-00000-00000.csv';
  expect(sources).toEqual([{ file: 'part-00000.csv.gz', key, bytes: 14, gzip: false, header: false }]);
  expect([rows, rejected]).toEqual([3, 4]);
  expect(written()).toEqual([
    [key, '1,x\n3,z\n"6",6\n'],
    [
      'runs/run-1/Load/rejected/part-00000-00000-00000.csv',
      [
        'file,line,reason,raw_line',
        's3://work/runs/run-1/input/part-00000.csv.gz,3,malformed: not 2 fields of CSV in valid UTF-8,"2,""y"',
        's3://work/runs/run-1/input/part-00000.csv.gz,6,malformed: not 2 fields of CSV in valid UTF-8,four',
        's3://work/runs/run-1/input/part-00000.csv.gz,7,malformed: not 2 fields of CSV in valid UTF-8," ""5"",5"',
        's3://work/runs/run-1/input/part-00000.csv.gz,8,a: missing,",x"',
        '',
      ].join('\n'),
    ],
  ]);
});

test('rejected lines are kept byte for byte', async () => {
  await prepare([{ name: 'part-00000.csv', content: Buffer.from('a,b\n1,caf\u00e9\n', 'latin1') }]);
  const body = s3.commandCalls(PutObjectCommand)[0].args[0].input.Body as Buffer;
  expect(body.includes(Buffer.from('"1,caf\u00e9"', 'latin1'))).toBe(true);
});

test('a byte order mark in front of the first row is taken off, a header takes it along', async () => {
  const marked = { name: 'part-00000.csv', content: Buffer.from('\ufeff"1",x\n\ufeff2,y\n') };
  expect((await prepare([marked], { header: false })).sources).toMatchObject([{ header: false, bytes: 13 }]);
  expect(written()).toEqual([['runs/run-1/Load/input/part-00000-00000-00000.csv', '"1",x\n\ufeff2,y\n']]);
  const header = { name: 'part-00000.csv', content: Buffer.from('\ufeffa,b\n2,y\n') };
  expect((await prepare([header])).sources).toMatchObject([{ key: 'runs/run-1/input/part-00000.csv' }]);
});

test('the CR of CRLF is taken off where it could make the last field too long', async () => {
  const longest = 'x'.repeat(65_535);
  const { sources, forms } = await prepare(
    [{ name: 'part-00000.csv', content: Buffer.from(`a,b\r\n1,${longest}\r\n`) }],
    { size: 10_000 },
  );
  expect(sources).toMatchObject([{ header: false }]);
  expect(written()).toEqual([['runs/run-1/Load/input/part-00000-00000-00000.csv', `1,${longest}\n`]]);
  expect(forms.columns.map(({ maxBytes }) => maxBytes)).toEqual([1, 65_535]);
});

test('every line of a row with line breaks is rejected, those in its middle too', async () => {
  const { rejected } = await prepare([
    { name: 'part-00000.csv', content: Buffer.from('a,b\n1,"x\n2,y\n3,z\r\nend"\n4,y\n') },
  ]);
  expect(rejected).toBe(4);
  expect(written()[0][1]).toBe('4,y\n');
});

test('a quote that is opened by mistake takes no other line along', async () => {
  const { rejected } = await prepare(
    [{ name: 'part-00000.csv', content: Buffer.from(`a,b\n1,"x\n2,y\n3,"z"\n4,"\n${'5,y\n'.repeat(20_000)}6,"\n`) }],
    { size: 10_000 },
  );
  expect(rejected).toBe(3);
  expect(written()[0][1].startsWith('2,y\n3,"z"\n5,y\n')).toBe(true);
});

test('a file without line feeds is one rejected line', async () => {
  const { rejected, rows, sources } = await prepare(
    [{ name: 'part-00000.csv', content: Buffer.concat([Buffer.from('a,b\n1,x\n'), Buffer.alloc(9_000_000, 'x')]) }],
    { size: 500_000 },
  );
  expect([rows, rejected]).toEqual([1, 1]);
  expect(sources).toMatchObject([{ bytes: 4 }]);
  const [, kept] = written().find(([key]) => key.includes('/rejected/'))!;
  expect(kept.slice(0, 200)).toContain('part-00000.csv,3,malformed: a line of more than 4000000 bytes,xxx');
  expect(kept.length).toBeLessThan(70_000);
});

test('lines behind one that is too long count', async () => {
  const { rejected, rows } = await prepare(
    [{ name: 'part-00000.csv', content: Buffer.from(`a,b\n1,x\n${'x'.repeat(5_000_000)}\n2,y\n3\n`) }],
    { size: 500_000 },
  );
  expect([rows, rejected]).toEqual([2, 2]);
  expect(written().find(([key]) => key.includes('/rejected/'))![1]).toContain('part-00000.csv,5,malformed');
});

test.each([1_000, 1_001, 1_007, 1_100])(
  'a large plain file is read in ranges of %i bytes, each line once',
  async rangeBytes => {
    const line = (number: number) => (number === 1_500 ? 'bad' : `${number},${'x'.repeat(number % 150)}`);
    const content = Buffer.from(`a,b\n${Array.from({ length: 2_000 }, (_, index) => line(index)).join('\n')}\n`);
    const { rows, rejected, sources } = await prepare([{ name: 'part-00000.csv', content }], { size: 333, rangeBytes });
    expect(
      s3.commandCalls(GetObjectCommand).filter(
        ({
          args: [
            {
              input: { Range },
            },
          ],
        }) => Range,
      ).length,
    ).toBeGreaterThan(100);
    expect([rows, rejected]).toEqual([1_999, 1]);
    expect(sources.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(content.length - 'a,b\nbad\n'.length);
    expect(written().find(([key]) => key.includes('/rejected/'))![1]).toContain('part-00000.csv,1502,malformed');
  },
);

test('a row with line breaks is found in a large file, wherever the ranges are cut', async () => {
  const filler = '1,x\n'.repeat(1_000);
  const preparing = prepare(
    [{ name: 'part-00000.csv', content: Buffer.from(`a,b\n${filler}2,"open\n${filler}end"\n${filler}`) }],
    { rangeBytes: 999, size: 500 },
  );
  await expect(preparing).rejects.toThrow('1002 of 3002 rows (33.4 %) cannot be loaded');
});

test('a line that is longer than the ranges belongs to the one in which it begins', async () => {
  const content = Buffer.from(`a,b\n1,${'x'.repeat(50_000)}\n2,y\n`);
  expect(await prepare([{ name: 'part-00000.csv', content }], { rangeBytes: 1_000, size: 777 })).toMatchObject({
    rows: 2,
    rejected: 0,
  });
});

test('with too many rejected lines a sample of them is kept, and the files are named that alone have too many', async () => {
  const preparing = prepare([
    { name: 'part-00000.csv', content: Buffer.from(`a,b\n${'x\n'.repeat(2_000)}`) },
    { name: 'part-00001.csv', content: Buffer.from('a,b\nx\n') },
  ]);
  await expect(preparing).rejects.toMatchObject({
    name: 'Etl.Data',
    message: expect.stringMatching(/2001 of 2001 rows \(100 %\) cannot be loaded.*"files":\["part-00000.csv"\]/),
  });
  expect(written().map(([key]) => key)).toEqual(['runs/run-1/Load/rejected/part-00000-00000-00000.csv']);
  expect(written()[0][1].trimEnd().split('\n')).toHaveLength(1 + 1_000);
});

test('gzip files that break off are Etl.Data and all named', async () => {
  const content = gzipSync('a,b\n'.repeat(100)).subarray(0, 20);
  const preparing = prepare([
    { name: 'part-00000.csv.gz', content },
    { name: 'part-00001.csv', content: Buffer.from('a,b\n') },
    { name: 'part-00002.csv.gz', content },
  ]);
  await expect(preparing).rejects.toMatchObject({
    name: 'Etl.Data',
    message: expect.stringContaining('"files":["part-00000.csv.gz","part-00002.csv.gz"]'),
  });
});
