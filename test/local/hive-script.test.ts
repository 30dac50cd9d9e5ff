// The generated HiveQL on the real Hive and its DynamoDB connector.
import { gzipSync } from 'zlib';
import { AttributeValue } from '@aws-sdk/client-dynamodb';
import { HiveHarness, Loaded } from './hive-script/hive-harness';
import { Column, DataFormat, Dataset } from '../../src';
import { ColumnType, REJECTION } from '../../src/dataset/contract';
import { ACCEPTED_ROWS, CORPUS, corpusFile, corpusLine, KEY_GROUPS, REJECTED_ROWS } from '../csv-corpus';

jest.setTimeout(600_000); // the first run fetches Hive

let hive: HiveHarness;
beforeAll(async () => { hive = await HiveHarness.start(); });
afterAll(async () => { await hive?.stop(); });

const ATTRIBUTE: Record<ColumnType, (text: string) => AttributeValue> = {
  string: S => ({ S }),
  integer: N => ({ N }),
  decimal: S => ({ S }),
  floatingPoint: N => ({ N: String(Number(N)) }), // by value
  bool: text => ({ BOOL: text === 'true' }),
  date: S => ({ S }),
  timestamp: S => ({ S }),
};

const COLUMNS = CORPUS._definition.columns;

function itemOf(values: { readonly [column: string]: string }): Record<string, AttributeValue> {
  const typeOf = (name: string) => COLUMNS.find(column => column.name === name)!.type;
  return Object.fromEntries(Object.entries(values).map(([name, text]) => [name, ATTRIBUTE[typeOf(name)](text)]));
}

/** Items of the corpus by id, numbers as JavaScript spells them. */
function byId({ items }: Loaded): Map<string, Record<string, AttributeValue>> {
  return new Map(items.map(item => [item.id.S!, item.ratio ? { ...item, ratio: ATTRIBUTE.floatingPoint(item.ratio.N!) } : item]));
}

/** What Hadoop and JavaScript read in place of bytes that are no UTF-8 differs in length. */
const sameReplacement = (line: string): string => line.replace(/\ufffd+/g, '\ufffd');

const LONE_CARRIAGE_RETURN = corpusLine({ id: 'a\rb' });

describe('the corpus of rows', () => {
  let loaded: Loaded;
  beforeAll(async () => {
    const lines = [...ACCEPTED_ROWS, ...REJECTED_ROWS].map(row => row.line);
    const third = Math.ceil(lines.length / 3);
    loaded = await hive.load({
      dataset: CORPUS,
      files: {
        'part-00000.csv': corpusFile(lines.slice(0, third)),
        'part-00001.csv.gz': gzipSync(corpusFile(lines.slice(third, 2 * third), { byteOrderMark: true, lineEnd: '\r\n' })),
        'part-00002.csv': corpusFile(['', ...lines.slice(2 * third).flatMap(line => [line, '']), ''], { byteOrderMark: true }),
        'part-00003.csv': corpusFile([]),
        'part-00004.csv': corpusFile([LONE_CARRIAGE_RETURN]),
      },
    });
  });

  test.each(ACCEPTED_ROWS.map(row => [row.name, row.values] as const))('accepted: %s', (_, values) => {
    expect(byId(loaded).get(values.id)).toEqual(itemOf(values));
  });

  test('nothing else is loaded', () => {
    expect(loaded.items.map(item => item.id.S).sort()).toEqual(ACCEPTED_ROWS.map(row => row.values.id).sort());
  });

  test.each(REJECTED_ROWS.map(row => [row.name, row] as const))('rejected: %s', (_, { line, reason }) => {
    for (const part of sameReplacement(line.toString()).split('\n')) {
      const found = loaded.rejected.filter(row => sameReplacement(row.line).replace(/\r$/, '') === part.replace(/\r$/, ''));
      expect(new Set(found.map(row => row.reason))).toEqual(new Set([reason])); // some lines of rows with a line break are equal
      expect(found[0].file).toMatch(/^part-0000[0-2]\.csv(\.gz)?$/);
    }
  });

  test('a lone carriage return is no line end', () => {
    expect(loaded.rejected).toContainEqual({ reason: REJECTION.malformed(CORPUS._definition), file: 'part-00004.csv', line: LONE_CARRIAGE_RETURN });
  });

  test('every row is counted once', () => {
    const rowsRejected = REJECTED_ROWS.reduce((sum, row) => sum + row.lineCount, 1);
    expect(loaded.rejected).toHaveLength(rowsRejected);
    const rowsWritten = ACCEPTED_ROWS.length;
    expect(loaded.counts).toEqual({ rowsRead: rowsWritten + rowsRejected, rowsWritten, rowsRejected, duplicatesDropped: 0 });
  });
});

describe('of several rows with one key', () => {
  test('the greatest is loaded, wherever it stands', async () => {
    const rotated = KEY_GROUPS.map(({ lines }, index) => [...lines.slice(index % lines.length), ...lines.slice(0, index % lines.length)]);
    const lines = rotated.flat();
    const loaded = await hive.load({
      dataset: CORPUS,
      files: {
        'part-00000.csv': corpusFile(lines.filter((_, index) => index % 2 === 0)),
        'part-00001.csv': corpusFile(lines.filter((_, index) => index % 2 === 1)),
      },
    });

    expect(Object.fromEntries(byId(loaded))).toEqual(Object.fromEntries(KEY_GROUPS.map(group => [group.values.id, itemOf(group.values)])));
    expect(loaded.counts).toEqual({
      rowsRead: lines.length, rowsWritten: KEY_GROUPS.length, rowsRejected: 0, duplicatesDropped: lines.length - KEY_GROUPS.length,
    });
  });

  test.each([
    ['integers', Column.integer('version'), ['9', '10', '-1', ''], { N: '10' }],
    ['decimals', Column.decimal('version', 6, 2), ['9.5', '10', '-11'], { S: '10.00' }],
  ])('the latest by %s is loaded', async (_, column, versions, greatest) => {
    const { items } = await hive.load({
      dataset: new Dataset({ name: 'versions', format: DataFormat.csv(), columns: [Column.string('id'), column], key: ['id'], latestBy: 'version' }),
      files: { 'part-00000.csv': Buffer.from(['id,version', ...versions.map(version => `a,${version}`)].join('\n')) },
    });
    expect(items).toEqual([{ id: { S: 'a' }, version: greatest }]);
  });

  test('numbers and points in time that are written differently are one key', async () => {
    const loaded = await hive.load({
      dataset: new Dataset({
        name: 'readings', format: DataFormat.csv(), columns: [Column.floatingPoint('place'), Column.timestamp('time'), Column.string('note')], key: ['place', 'time'],
      }),
      files: { 'part-00000.csv': Buffer.from('place,time,note\n0,2026-01-01T12:00Z,a\n-0.0,2026-01-01 13:00+01,b\n0e5,2026-01-01T12:00:00.0,c\n') },
      tableKey: { place: 'N', time: 'S' },
    });
    expect(loaded.items).toEqual([{ place: { N: expect.stringMatching(/^0(\.0)?$/) }, time: { S: '2026-01-01T12:00:00.000000Z' }, note: { S: 'c' } }]);
    expect(loaded.counts).toMatchObject({ rowsWritten: 1, duplicatesDropped: 2 });
  });
});

describe('other files and tables', () => {
  test.each(['\t', '\\'])('fields may be separated by %j', async delimiter => {
    const format = DataFormat.csv({ delimiter, header: false });
    const { items, rejected } = await hive.load({
      dataset: new Dataset({ name: 'separated', format, columns: [Column.string('id'), Column.string('text')], key: ['id'] }),
      // without header, with a byte order mark, and without a line end at the end
      files: { 'part-00000.csv': Buffer.from(`\ufeffa${delimiter}1,5\nb${delimiter}"x${delimiter}""y"""\nc,d`) },
    });
    expect(items.map(item => [item.id.S, item.text.S]).sort()).toEqual([['a', '1,5'], ['b', `x${delimiter}"y"`]]);
    expect(rejected).toMatchObject([{ line: 'c,d' }]);
  });

  test('a file without header may begin with a byte order mark and a quote', async () => {
    const { items } = await hive.load({
      dataset: new Dataset({ name: 'quoted', format: DataFormat.csv({ header: false }), columns: [Column.string('id')], key: ['id'] }),
      files: { 'part-00000.csv': Buffer.from('\ufeff"a"\r\n'), 'part-00001.csv.gz': gzipSync(Buffer.from('\ufeff"b"\n\nc\n""\n')) },
    });
    expect(items.map(item => item.id.S).sort()).toEqual(['a', 'b', 'c']);
  });

  test('files of nothing but headers end well', async () => {
    const { counts } = await hive.load({ dataset: CORPUS, files: { 'part-00000.csv': corpusFile([]), 'part-00001.csv.gz': gzipSync(corpusFile([])) } });
    expect(counts).toEqual({ rowsRead: 0, rowsWritten: 0, rowsRejected: 0, duplicatesDropped: 0 });
  });

  test('attributes may have any names but for a comma', async () => {
    const attributeNames = { id: 'Order: "№" <input folder>', text: "it's;\\ ${env:HOME} {% x %}" };
    const { items } = await hive.load({
      dataset: new Dataset({ name: 'named', format: DataFormat.csv(), columns: [Column.string('ID'), Column.string('text')], key: ['ID'] }),
      files: { 'part-00000.csv': Buffer.from('ID,text\n1,x\n') },
      attributeNames: { ID: attributeNames.id, text: attributeNames.text },
      tableKey: { [attributeNames.id]: 'S' },
    });
    expect(items).toEqual([{ [attributeNames.id]: { S: '1' }, [attributeNames.text]: { S: 'x' } }]);
  });

  test('a hundred columns, some with names that mean something in HiveQL', async () => {
    const words = ['select', 'date', 'line', 'file', 'reason', 'place', 'well_formed', '_id', 'INPUT__FILE__NAME', 'x'.repeat(127)];
    const columns = Array.from({ length: 100 }, (_, index) => index < 30 ? Column.timestamp(words[index] ?? `time_${index}`) : Column.integer(`number_${index}`));
    const { items } = await hive.load({
      dataset: new Dataset({ name: 'wide', format: DataFormat.csv({ header: false }), columns, key: ['select'], latestBy: 'date' }),
      files: { 'part-00000.csv': Buffer.from(`${columns.map((_, index) => index < 30 ? '2026-01-01T00:00:00+01:00' : index).join(',')}\n`) },
      tableKey: { select: 'S' },
    });
    expect(items).toEqual([Object.fromEntries(columns.map(({ _definition: { name } }, index) => [
      name, index < 30 ? { S: '2025-12-31T23:00:00.000000Z' } : { N: String(index) },
    ]))]);
  });

  test('rows without a required value, and rows that are larger than an item of DynamoDB, are rejected', async () => {
    const names = ['id', 'a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const row = (id: string, bytes: number) => [id, ...names.slice(1).map(() => 'x'.repeat(bytes))].join(',');
    const columns = names.map(name => Column.string(name, { required: name === 'g' }));
    const { items, rejected } = await hive.load({
      dataset: new Dataset({ name: 'large', format: DataFormat.csv(), columns, key: ['id'] }),
      files: { 'part-00000.csv': Buffer.from(`${names.join(',')}\n${row('fits', 58_510)}\n${row('large', 58_520)}\nshort,,,,,,,\n`) },
    });
    expect(items.map(item => item.id.S)).toEqual(['fits']);
    expect(rejected.map(({ reason, line }) => [line.split(',')[0], reason])).toEqual([
      ['large', 'row: larger than an item of DynamoDB, 409600 bytes'],
      ['short', 'g: missing'],
    ]);
  });

  test('a large file with a header loses no row when it is split', async () => {
    const lines = Array.from({ length: 6_000 }, (_, index) => corpusLine({ id: `row-${index}` }));
    const { counts } = await hive.load({
      dataset: CORPUS,
      files: { 'part-00000.csv': corpusFile(lines), 'part-00001.csv': corpusFile(['bad']) },
      edit: script => `set mapreduce.input.fileinputformat.split.maxsize=20000;\nset mapreduce.input.fileinputformat.split.minsize=1;\n${script}`,
    });
    expect(counts).toEqual({ rowsRead: 6_001, rowsWritten: 6_000, rowsRejected: 1, duplicatesDropped: 0 });
  });
});

test('a table that is not there fails the script', async () => {
  const script = "CREATE EXTERNAL TABLE t (a STRING) STORED BY 'org.apache.hadoop.hive.dynamodb.DynamoDBStorageHandler' "
    + "TBLPROPERTIES ('dynamodb.table.name' = 'nowhere', 'dynamodb.column.mapping' = 'a:a');";
  expect(await hive.run(script)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('FAILED: Execution Error') });
});
