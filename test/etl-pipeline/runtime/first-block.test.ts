import { createHash } from 'crypto';
import { gzipSync } from 'zlib';
import type { DatasetDefinition } from '../../../src/dataset/contract';
import { FIRST_BLOCK_BYTES, inspectFirstBlock } from '../../../src/etl-pipeline/runtime/first-block';

const column = (name: string, header = name) => ({ name, header, type: 'string' as const, required: false });
const dataset: DatasetDefinition = {
  name: 'orders',
  format: { type: 'csv', delimiter: ',', header: true },
  key: [],
  columns: [column('order_id'), column('note', 'Note, in short')],
};
const headerless: DatasetDefinition = { ...dataset, format: { type: 'csv', delimiter: ',', header: false } };
const HEADER = 'order_id,"Note, in short"';

/** A file that is longer than the first block, and its first block. */
const longText = (start: string) => Buffer.from(start.padEnd(200_000, 'a row of some text,with a note\n'));
const inspectWhole = (content: string | Buffer, of = dataset) => inspectFirstBlock(Buffer.from(content), true, of);
const inspectStart = (content: Buffer, of = dataset) =>
  inspectFirstBlock(content.subarray(0, FIRST_BLOCK_BYTES), false, of);

/** Bytes that gzip cannot make smaller: a block of it holds less than a block. */
const incompressible = Buffer.concat(
  Array.from({ length: 4_000 }, (_, index) => createHash('sha256').update(String(index)).digest()),
);

// text that gzip can make a little smaller
const random = Buffer.from(
  Array.from({ length: 300_000 }, (_, index) => 33 + ((index * 7919 + ((index * index) % 10_007)) % 90)),
);

describe('accepts', () => {
  test.each([
    ['lines that end in LF', `${HEADER}\n1,a\n`],
    ['lines that end in CR LF', `${HEADER}\r\n1,a\r\n`],
    ['a header alone', `${HEADER}\n`],
    ['a header without end of line', HEADER],
    ['a byte order mark', `\ufeff${HEADER}\n1,a\n`],
    ['quotes around every name', '"order_id","Note, in short"\n'],
    ['rows of any kind', `${HEADER}\nnot,a,row "at all\0\n`],
  ])('%s', async (_, content) => {
    await expect(inspectWhole(content)).resolves.toEqual({ gzip: false, problem: undefined });
    await expect(inspectWhole(gzipSync(content))).resolves.toEqual({ gzip: true, problem: undefined });
  });

  test('a file of which only the beginning is seen', async () => {
    await expect(inspectStart(longText(`${HEADER}\n`))).resolves.toEqual({ gzip: false, problem: undefined });
    for (const rows of [random, incompressible]) {
      const compressed = gzipSync(Buffer.concat([Buffer.from(`${HEADER}\n`), rows]));
      expect(compressed.length).toBeGreaterThan(FIRST_BLOCK_BYTES);
      await expect(inspectStart(compressed)).resolves.toEqual({ gzip: true, problem: undefined });
    }
  });

  test('a gzip file of several members', async () => {
    const members = Buffer.concat([gzipSync(HEADER.slice(0, 5)), gzipSync(`${HEADER.slice(5)}\n`), gzipSync('1,a\n')]);
    await expect(inspectWhole(members)).resolves.toEqual({ gzip: true, problem: undefined });
  });

  test('a small gzip file that holds more than is looked at', async () => {
    await expect(inspectWhole(gzipSync(longText(`${HEADER}\n`)))).resolves.toEqual({ gzip: true, problem: undefined });
  });

  test('anything that looks like text where files have no header', async () => {
    for (const content of ['', '1,a\n', 'BZh,PK\n']) {
      await expect(inspectWhole(content, headerless)).resolves.toEqual({ gzip: false, problem: undefined });
    }
  });

  test('another delimiter', async () => {
    const semicolons: DatasetDefinition = { ...dataset, format: { type: 'csv', delimiter: ';', header: true } };
    await expect(inspectWhole('order_id;Note, in short\n', semicolons)).resolves.toEqual({
      gzip: false,
      problem: undefined,
    });
  });
});

describe('rejects', () => {
  const bytes = (text: string) => Buffer.from(text, 'latin1');
  test.each<[string, string | Buffer, RegExp]>([
    ['an empty file', '', /^is empty and has no header: the first line must be the header order_id,Note, in short$/],
    ['an empty first line', `\n${HEADER}\n`, /begins with an empty line/],
    [
      'other names',
      'order_id,remark\n',
      /another header: the first line must be the header .* \(2 columns\), got order_id,remark \(2 columns\)$/,
    ],
    ['names in another order', '"Note, in short",order_id\n', /another header/],
    ['names in other letters', 'ORDER_ID,"Note, in short"\n', /another header/],
    ['spaces around names', 'order_id, "Note, in short"\n', /first line that is not CSV/],
    ['too few names', 'order_id\n', /got order_id \(1 columns\)/],
    ['too many names', `${HEADER},more\n`, /\(3 columns\)/],
    [
      'rows without header, which the reason does not quote',
      '4711,a secret\n2,b\n',
      /^has no header, or a foreign one: [^]* got 2 columns, none of them of these names$/,
    ],
    ['a quote that is not closed', 'order_id,"Note\n1,a\n', /first line that is not CSV \(CSV_QUOTE_NOT_CLOSED\)/],
    ['lines that end in CR', `${HEADER}\r1,a\r`, /carriage return alone/],
    ['Latin-1', bytes('order_id,\xfcber\n'), /is not in UTF-8/],
    ['UTF-16 LE', Buffer.from(`\ufeff${HEADER}\n`, 'utf16le'), /is text in UTF-16 \(little-endian\)/],
    ['UTF-16 BE', Buffer.from(`\ufeff${HEADER}\n`, 'utf16le').swap16(), /is text in UTF-16 \(big-endian\)/],
    ['UTF-16 without mark', Buffer.from(`${HEADER}\n`, 'utf16le'), /NUL characters in its first line/],
    ['a picture', bytes('\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR'), /^is binary, not text: [^]* Upload a CSV file/],
    ['a program', bytes('\x7fELF\x02\x01\x01\x00\n'), /^is binary, not text/],
    ['UTF-32', bytes('\xff\xfe\x00\x00o\x00\x00\x00'), /is text in UTF-32/],
    [
      'a zip archive',
      bytes('PK\x03\x04\x14\x00'),
      /is a zip archive or an Excel workbook, but the files of dataset 'orders' must be CSV/,
    ],
    ['Parquet', bytes('PAR1\x15\x04\x15'), /is a Parquet file/],
    ['bzip2', bytes('BZh91AY&SY\x01'), /is compressed with bzip2/],
    ['zstd', bytes('\x28\xb5\x2f\xfd\x04'), /is compressed with zstd/],
    ['xz', bytes('\xfd7zXZ\x00\x00'), /is compressed with xz/],
    ['an old Excel file', bytes('\xd0\xcf\x11\xe0\xa1'), /old Excel/],
    ['PDF', '%PDF-1.7\n', /is a PDF document/],
  ])('%s, plain and compressed', async (_, content, problem) => {
    await expect(inspectWhole(content)).resolves.toEqual({ gzip: false, problem: expect.stringMatching(problem) });
    await expect(inspectWhole(gzipSync(content))).resolves.toEqual({
      gzip: true,
      problem: expect.stringMatching(problem),
    });
  });

  test('a foreign format where files have no header', async () => {
    await expect(inspectWhole(bytes('PAR1\x15\x04'), headerless)).resolves.toEqual({
      gzip: false,
      problem: expect.stringMatching(/Parquet/),
    });
  });

  test('a first line that does not end', async () => {
    await expect(inspectStart(Buffer.alloc(100_000, 'x'))).resolves.toEqual({
      gzip: false,
      problem: expect.stringMatching(/no end of a line in its first 65536 bytes/),
    });
    await expect(inspectWhole(gzipSync(Buffer.alloc(100_000, 'x')))).resolves.toEqual({
      gzip: true,
      problem: expect.stringMatching(/no end of a line/),
    });
    const compressed = gzipSync(random);
    await expect(inspectStart(compressed)).resolves.toEqual({
      gzip: true,
      problem: expect.stringMatching(/no end of a line in its first 65536 bytes/),
    });
  });

  test('a header of any length with a short reason', async () => {
    const { problem } = await inspectWhole(`order_id,${'x'.repeat(60_000)}\n`);
    expect(problem).toMatch(/… \(60009 characters\)/);
    expect(problem!.length).toBeLessThan(1_000);
  });

  test('gzip in gzip', async () => {
    await expect(inspectWhole(gzipSync(gzipSync(HEADER)))).resolves.toEqual({
      gzip: true,
      problem: 'is compressed with gzip twice',
    });
  });

  test('a gzip file that was cut off', async () => {
    const compressed = gzipSync(`${HEADER}\n1,a\n`);
    await expect(inspectWhole(compressed.subarray(0, -4))).resolves.toEqual({
      gzip: true,
      problem: 'is not a readable gzip file: unexpected end of file',
    });
  });

  test('a damaged gzip file', async () => {
    const whole = gzipSync(longText(`${HEADER}\n`));
    whole[whole.length - 6] = 255 - whole[whole.length - 6]; // in its checksum
    await expect(inspectWhole(whole)).resolves.toEqual({
      gzip: true,
      problem: 'is not a readable gzip file: incorrect data check',
    });
    const start = gzipSync(random).fill(0xff, 100, 200);
    await expect(inspectStart(start)).resolves.toEqual({
      gzip: true,
      problem: expect.stringMatching(/^is not a readable gzip file: /),
    });
  });
});
