// The generated HiveQL on the real Hive and its DynamoDB connector.
import { gzipSync } from 'zlib';
import { AttributeValue } from '@aws-sdk/client-dynamodb';
import { HiveHarness, Loaded } from './hive-script/hive-harness';
import { Column, DataFormat, Dataset, HiveTransform } from '../../src';
import { ColumnType, REJECTION } from '../../src/dataset/contract';
import { ACCEPTED_ROWS, CORPUS, corpusFile, corpusLine, KEY_GROUPS, REJECTED_ROWS } from '../csv-corpus';

jest.setTimeout(600_000); // the first run fetches Hive

let hive: HiveHarness;
beforeAll(async () => {
  hive = await HiveHarness.start();
});
afterAll(async () => {
  await hive?.stop();
});

/** Digits as DynamoDB gives them back: without zeros at the end of a fraction. */
const exact = (digits: string) => (digits.includes('.') ? digits.replace(/[.]?0+$/, '') : digits);

const ATTRIBUTE: Record<ColumnType, (text: string) => AttributeValue> = {
  string: S => ({ S }),
  integer: N => ({ N }),
  decimal: text => ({ N: exact(text) }),
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

/** Items of the corpus by id, numbers in one spelling each. */
function byId({ items }: Loaded): Map<string, Record<string, AttributeValue>> {
  return new Map(
    items.map(item => [
      item.id.S!,
      Object.fromEntries(
        Object.entries(item).map(([name, value]) => [
          name,
          value.N === undefined ? value : ATTRIBUTE[COLUMNS.find(column => column.name === name)!.type](value.N),
        ]),
      ),
    ]),
  );
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
        'part-00001.csv.gz': gzipSync(
          corpusFile(lines.slice(third, 2 * third), { byteOrderMark: true, lineEnd: '\r\n' }),
        ),
        'part-00002.csv': corpusFile(['', ...lines.slice(2 * third).flatMap(line => [line, '']), ''], {
          byteOrderMark: true,
        }),
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
      const found = loaded.rejected.filter(
        row => sameReplacement(row.line).replace(/\r$/, '') === part.replace(/\r$/, ''),
      );
      // some lines of rows with a line break are equal
      expect(new Set(found.map(row => row.reason))).toEqual(new Set([reason]));
      expect(found[0].file).toMatch(/^part-0000[0-2]\.csv(\.gz)?$/);
    }
  });

  test('a lone carriage return is no line end', () => {
    expect(loaded.rejected).toContainEqual({
      reason: REJECTION.malformed(CORPUS._definition),
      file: 'part-00004.csv',
      line: LONE_CARRIAGE_RETURN,
    });
  });

  test('every row is counted once', () => {
    const rowsRejected = REJECTED_ROWS.reduce((sum, row) => sum + row.lineCount, 1);
    expect(loaded.rejected).toHaveLength(rowsRejected);
    const rowsWritten = ACCEPTED_ROWS.length;
    expect(loaded.counts).toEqual({
      rowsRead: rowsWritten + rowsRejected,
      rowsWritten,
      rowsRejected,
      duplicatesDropped: 0,
      bytesWritten: expect.any(Number),
    });
  });
});

describe('of several rows with one key', () => {
  test('the greatest is loaded, wherever it stands', async () => {
    const rotated = KEY_GROUPS.map(({ lines }, index) => [
      ...lines.slice(index % lines.length),
      ...lines.slice(0, index % lines.length),
    ]);
    const lines = rotated.flat();
    const loaded = await hive.load({
      dataset: CORPUS,
      files: {
        'part-00000.csv': corpusFile(lines.filter((_, index) => index % 2 === 0)),
        'part-00001.csv': corpusFile(lines.filter((_, index) => index % 2 === 1)),
      },
    });

    expect(Object.fromEntries(byId(loaded))).toEqual(
      Object.fromEntries(KEY_GROUPS.map(group => [group.values.id, itemOf(group.values)])),
    );
    expect(loaded.counts).toEqual({
      rowsRead: lines.length,
      rowsWritten: KEY_GROUPS.length,
      rowsRejected: 0,
      duplicatesDropped: lines.length - KEY_GROUPS.length,
      bytesWritten: expect.any(Number),
    });
  });

  test.each([
    ['integers', Column.integer('version'), ['9', '10', '-1', ''], { N: '10' }],
    ['decimals', Column.decimal('version', 6, 2), ['9.5', '10', '-11'], { N: '10' }],
  ])('the latest by %s is loaded', async (_, column, versions, greatest) => {
    const { items } = await hive.load({
      dataset: new Dataset({
        name: 'versions',
        format: DataFormat.csv(),
        columns: [Column.string('id'), column],
        key: ['id'],
        latestBy: 'version',
      }),
      files: { 'part-00000.csv': Buffer.from(['id,version', ...versions.map(version => `a,${version}`)].join('\n')) },
    });
    expect(items).toEqual([{ id: { S: 'a' }, version: greatest }]);
  });

  test('numbers and points in time that are written differently are one key', async () => {
    const loaded = await hive.load({
      dataset: new Dataset({
        name: 'readings',
        format: DataFormat.csv(),
        columns: [Column.floatingPoint('place'), Column.timestamp('time'), Column.string('note')],
        key: ['place', 'time'],
      }),
      files: {
        'part-00000.csv': Buffer.from(
          'place,time,note\n0,2026-01-01T12:00Z,a\n-0.0,2026-01-01 13:00+01,b\n0e5,2026-01-01T12:00:00.0,c\n',
        ),
      },
      tableKey: { place: 'N', time: 'S' },
    });
    expect(loaded.items).toEqual([
      {
        place: { N: expect.stringMatching(/^0(\.0)?$/) },
        time: { S: '2026-01-01T12:00:00.000000Z' },
        note: { S: 'c' },
      },
    ]);
    expect(loaded.counts).toMatchObject({ rowsWritten: 1, duplicatesDropped: 2 });
  });
});

describe('other files and tables', () => {
  test.each(['\t', '\\'])('fields may be separated by %j', async delimiter => {
    const format = DataFormat.csv({ delimiter, header: false });
    const { items, rejected } = await hive.load({
      dataset: new Dataset({
        name: 'separated',
        format,
        columns: [Column.string('id'), Column.string('text')],
        key: ['id'],
      }),
      // without header, with a byte order mark, and without a line end at the end
      files: { 'part-00000.csv': Buffer.from(`\ufeffa${delimiter}1,5\nb${delimiter}"x${delimiter}""y"""\nc,d`) },
    });
    expect(items.map(item => [item.id.S, item.text.S]).sort()).toEqual([
      ['a', '1,5'],
      ['b', `x${delimiter}"y"`],
    ]);
    expect(rejected).toMatchObject([{ line: 'c,d' }]);
  });

  test('a file without header may begin with a byte order mark and a quote', async () => {
    const { items } = await hive.load({
      dataset: new Dataset({
        name: 'quoted',
        format: DataFormat.csv({ header: false }),
        columns: [Column.string('id')],
        key: ['id'],
      }),
      files: {
        'part-00000.csv': Buffer.from('\ufeff"a"\r\n'),
        'part-00001.csv.gz': gzipSync(Buffer.from('\ufeff"b"\n\nc\n""\n')),
      },
    });
    expect(items.map(item => item.id.S).sort()).toEqual(['a', 'b', 'c']);
  });

  test('files of nothing but headers end well', async () => {
    const { counts } = await hive.load({
      dataset: CORPUS,
      files: { 'part-00000.csv': corpusFile([]), 'part-00001.csv.gz': gzipSync(corpusFile([])) },
    });
    expect(counts).toEqual({ rowsRead: 0, rowsWritten: 0, rowsRejected: 0, duplicatesDropped: 0, bytesWritten: 0 });
  });

  test('attributes may have any names but for commas and control characters', async () => {
    const attributeNames = {
      id: 'Order: "№" <input folder>',
      text: "it's;\\ ${env:HOME} {% x %}",
      price: '价格 "€" 😀: {n}',
      at: '№ 日',
    };
    const { items } = await hive.load({
      dataset: new Dataset({
        name: 'named',
        format: DataFormat.csv(),
        columns: [Column.string('ID'), Column.string('text'), Column.decimal('price', 9, 2), Column.timestamp('at')],
        key: ['ID'],
      }),
      files: { 'part-00000.csv': Buffer.from('ID,text,price,at\n1,x,1.25,1970-01-01T00:00:01Z\n') },
      attributeNames: {
        ID: attributeNames.id,
        text: attributeNames.text,
        price: attributeNames.price,
        at: attributeNames.at,
      },
      epochSeconds: ['at'],
      tableKey: { [attributeNames.id]: 'S' },
    });
    expect(items).toEqual([
      {
        [attributeNames.id]: { S: '1' },
        [attributeNames.text]: { S: 'x' },
        [attributeNames.price]: { N: '1.25' },
        [attributeNames.at]: { N: '1' },
      },
    ]);
  });

  test('a hundred columns, some with names that mean something in HiveQL', async () => {
    const words = [
      'select',
      'date',
      'line',
      'file',
      'reason',
      'place',
      'well_formed',
      '_id',
      'INPUT__FILE__NAME',
      'x'.repeat(127),
    ];
    const columns = Array.from({ length: 100 }, (_, index) =>
      index < 30 ? Column.timestamp(words[index] ?? `time_${index}`) : Column.integer(`number_${index}`),
    );
    const { items } = await hive.load({
      dataset: new Dataset({
        name: 'wide',
        format: DataFormat.csv({ header: false }),
        columns,
        key: ['select'],
        latestBy: 'date',
      }),
      files: {
        'part-00000.csv': Buffer.from(
          `${columns.map((_, index) => (index < 30 ? '2026-01-01T00:00:00+01:00' : index)).join(',')}\n`,
        ),
      },
      tableKey: { select: 'S' },
    });
    expect(items).toEqual([
      Object.fromEntries(
        columns.map(({ _definition: { name } }, index) => [
          name,
          index < 30 ? { S: '2025-12-31T23:00:00.000000Z' } : { N: String(index) },
        ]),
      ),
    ]);
  });

  test('rows without a required value, and rows that are larger than an item of DynamoDB, are rejected', async () => {
    const names = ['id', 'a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const row = (id: string, bytes: number) => [id, ...names.slice(1).map(() => 'x'.repeat(bytes))].join(',');
    const columns = names.map(name => Column.string(name, { required: name === 'g' }));
    const { items, rejected } = await hive.load({
      dataset: new Dataset({ name: 'large', format: DataFormat.csv(), columns, key: ['id'] }),
      files: {
        'part-00000.csv': Buffer.from(
          `${names.join(',')}\n${row('fits', 58_510)}\n${row('large', 58_520)}\nshort,,,,,,,\n`,
        ),
      },
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
      edit: script =>
        `set mapreduce.input.fileinputformat.split.maxsize=20000;\nset ` +
        `mapreduce.input.fileinputformat.split.minsize=1;\n${script}`,
    });
    expect(counts).toMatchObject({ rowsRead: 6_001, rowsWritten: 6_000, rowsRejected: 1, duplicatesDropped: 0 });
  });
});

describe('decimals are exact numbers', () => {
  const DIGITS = '12345678901234567890123456789012345678';
  const decimals = (...columns: Column[]) =>
    new Dataset({ name: 'decimals', format: DataFormat.csv({ header: false }), columns, key: ['id'] });
  const rows = (...lines: string[]) => ({ 'part-00000.csv': Buffer.from(`${lines.join('\n')}\n`) });

  test('of 38 digits, at any scale; nulls are absent', async () => {
    const { items } = await hive.load({
      dataset: decimals(
        Column.string('id'),
        Column.decimal('whole', 38, 0),
        Column.decimal('mixed', 38, 19),
        Column.decimal('fraction', 38, 38),
      ),
      files: rows(
        `a,-${DIGITS},${DIGITS.slice(0, 19)}.${DIGITS.slice(19)},0.${DIGITS}`,
        `b,,,0.${'0'.repeat(37)}1`,
        'c,0,-0.00,',
        'd,,,',
      ),
    });
    const numbers = (item: Loaded['items'][number]) =>
      Object.entries(item)
        .filter(([, value]) => value.N !== undefined)
        .map(([name, value]) => [name, exact(value.N!)]);
    const byKey = Object.fromEntries(items.map(item => [item.id.S, Object.fromEntries(numbers(item))]));
    expect(byKey).toEqual({
      a: { whole: `-${DIGITS}`, mixed: `${DIGITS.slice(0, 19)}.${DIGITS.slice(19)}`, fraction: `0.${DIGITS}` },
      b: { fraction: `0.${'0'.repeat(37)}1` },
      c: { whole: '0', mixed: '0' },
      d: {},
    });
  });

  test('in a key too, where digits that are written differently are one key', async () => {
    const { items, counts } = await hive.load({
      dataset: decimals(Column.decimal('id', 38, 2), Column.string('note')),
      files: rows(
        '999999999999999999999999999999999999.99,a',
        '0999999999999999999999999999999999999.990,b',
        '-1,c',
        '-1.00,d',
        '.5,e',
      ),
      tableKey: { id: 'N' },
    });
    expect(items.map(item => [exact(item.id.N!), item.note.S]).sort()).toEqual([
      ['-1', 'd'],
      ['0.5', 'e'],
      ['999999999999999999999999999999999999.99', 'b'],
    ]);
    expect(counts).toMatchObject({ rowsWritten: 3, duplicatesDropped: 2 });
  });

  test('in a dataset of nothing else', async () => {
    const { items } = await hive.load({
      dataset: decimals(Column.decimal('id', 5, 0), Column.decimal('amount', 5, 1)),
      files: rows('1,1.5', '2,'),
      tableKey: { id: 'N' },
    });
    expect(
      items
        .map(item =>
          Object.values(item)
            .map(value => exact(value.N!))
            .sort(),
        )
        .sort(),
    ).toEqual([['1', '1.5'], ['2']]);
  });
});

describe('timestamps as epoch seconds', () => {
  const EVENTS = new Dataset({
    name: 'events',
    format: DataFormat.csv({ header: false }),
    columns: [Column.string('id'), Column.timestamp('expires'), Column.string('note')],
    key: ['id'],
    latestBy: 'expires',
  });
  const load = (...lines: string[]) =>
    hive.load({
      dataset: EVENTS,
      files: { 'part-00000.csv': Buffer.from(`${lines.join('\n')}\n`) },
      epochSeconds: ['expires'],
    });

  test('are whole seconds, rounded down', async () => {
    const TIMES = [
      '1970-01-01T00:00:00Z',
      '1970-01-01T00:00:00.999999Z',
      '1969-12-31T23:59:59.000001Z',
      '2026-01-31T12:00:00+02:00',
      '2026-01-31 12:00',
      '2024-02-29T23:30:00-01:00',
      '1582-10-04T00:00:00',
      '1582-10-15T00:00:00',
      '1500-03-01T00:00:00',
      '0001-01-01T00:00:00',
      '9999-12-31T23:59:59.999999',
      '2026-03-29T02:30:00',
    ];
    const { items } = await load(...TIMES.map(time => `${time},${time},`), 'none,,');
    const toSeconds = (time: string) =>
      Math.floor(Date.parse(/Z|[+-][0-9]{2}:[0-9]{2}$/.test(time) ? time : `${time.replace(' ', 'T')}Z`) / 1000);
    expect(Object.fromEntries(items.map(item => [item.id.S, item.expires?.N]))).toEqual({
      ...Object.fromEntries(TIMES.map(time => [time, String(toSeconds(time))])),
      none: undefined,
    });
  });

  test('decide by their fractions which row is the latest', async () => {
    const { items } = await load(
      'a,2026-01-01T00:00:00.2Z,z',
      'a,2026-01-01T00:00:00.7Z,b',
      'a,2026-01-01T00:00:00.5Z,y',
    );
    expect(items).toEqual([{ id: { S: 'a' }, expires: { N: '1767225600' }, note: { S: 'b' } }]);
  });

  test('of one second are one key', async () => {
    const { items, counts } = await hive.load({
      dataset: new Dataset({
        name: 'ticks',
        format: DataFormat.csv({ header: false }),
        columns: [Column.timestamp('at'), Column.integer('value')],
        key: ['at'],
      }),
      files: {
        'part-00000.csv': Buffer.from('1970-01-01T00:00:01.2Z,1\n1970-01-01T00:00:01.7Z,2\n1970-01-01T00:00:02Z,3\n'),
      },
      epochSeconds: ['at'],
      tableKey: { at: 'N' },
    });
    expect(items.map(item => [item.at.N, item.value.N]).sort()).toEqual([
      ['1', '2'],
      ['2', '3'],
    ]);
    expect(counts).toMatchObject({ rowsRead: 3, rowsWritten: 2, duplicatesDropped: 1 });
  });
});

describe('a transform', () => {
  const SALES = new Dataset({
    name: 'sales',
    format: DataFormat.csv({ header: false }),
    columns: [
      Column.string('id'),
      Column.string('text'),
      Column.integer('quantity'),
      Column.decimal('price', 38, 10),
      Column.floatingPoint('ratio'),
      Column.bool('gift'),
      Column.date('day'),
      Column.timestamp('at'),
    ],
    key: ['id'],
    latestBy: 'at',
  });
  const FIRST =
    'a,"say ""hi"", ' +
    '№",9007199254740993,1234567890123456789012345678.0123456789,0.1,t,1500-02-28,0001-01-01T00:00:00.000001Z';
  const load = (transform: HiveTransform, ...lines: string[]) =>
    hive.load({ dataset: SALES, files: { 'part-00000.csv': Buffer.from(`${lines.join('\n')}\n`) }, transform });

  test('gets every type as it is, and gives it on', async () => {
    const { items, rejected } = await load(
      HiveTransform.inline('SELECT * FROM sales', [
        Column.string('id'),
        Column.string('text'),
        Column.integer('quantity'),
        Column.decimal('price', 38, 10),
        Column.floatingPoint('ratio'),
        Column.bool('gift'),
        Column.date('day'),
        Column.timestamp('at'),
      ]),
      FIRST,
      'b,,,,,,,',
    );
    expect(rejected).toEqual([]);
    expect(items.sort((a, b) => (a.id.S! < b.id.S! ? -1 : 1))).toEqual([
      {
        id: { S: 'a' },
        text: { S: 'say "hi", №' },
        quantity: { N: '9007199254740993' },
        price: { N: '1234567890123456789012345678.0123456789' },
        ratio: { N: '0.1' },
        gift: { BOOL: true },
        day: { S: '1500-02-28' },
        at: { S: '0001-01-01T00:00:00.000001Z' },
      },
      { id: { S: 'b' } },
    ]);
  });

  test('computes, filters, and is judged again; one row of each key is loaded', async () => {
    const { items, rejected, counts } = await load(
      HiveTransform.inline(
        `
      SELECT -- it's; a comment
        upper(id) AS id, quantity * price AS total, cast(day AS DATE) AS day, at,
        CASE WHEN text = "x;'<run>\${y}" THEN 'quoted' ELSE text END AS note, quantity
      FROM sales
      WHERE quantity <> 0 AND quantity<1000;
    `,
        [
          Column.string('id'),
          Column.decimal('total', 8, 2),
          Column.date('day'),
          Column.timestamp('at'),
          Column.string('note', { required: true }),
        ],
      ),
      '"a","x;\'<run>${y}",2,1.5,,,2026-01-31,2026-01-01T00:00:00Z',
      'A,newer,3,1.5,,,,2026-01-02T00:00:00Z',
      'b,zero,0,1,,,,',
      'c,"many ""digits""",7,10000000,,,,',
      'd,,7,1,,,,',
      'e,not a number,x,1,,,,',
    );
    expect(items).toEqual(
      [{ id: { S: 'A' }, total: { N: '4.5' }, at: { S: '2026-01-02T00:00:00.000000Z' }, note: { S: 'newer' } }].map(
        item => ({ ...item, total: { N: expect.stringMatching(/^4\.50?$/) } }),
      ),
    );
    expect(rejected.sort((a, b) => (a.line < b.line ? -1 : 1))).toEqual([
      { reason: 'total: not a valid decimal(8,2)', file: 'transform', line: '"C","70000000","","","many ""digits"""' },
      { reason: 'note: missing', file: 'transform', line: '"D","7","","",""' },
      { reason: 'quantity: not a valid integer', file: 'part-00000.csv', line: 'e,not a number,x,1,,,,' },
    ]);
    expect(counts).toEqual({
      rowsRead: 6,
      rowsWritten: 1,
      rowsRejected: 3,
      duplicatesDropped: 1,
      rowsFiltered: 1,
      bytesWritten: expect.any(Number),
    });
  });

  test('may aggregate and join', async () => {
    const { items, counts } = await load(
      HiveTransform.inline(
        `
      SELECT s.text AS id, max(s.at) AS at, count(*) AS quantity, avg(s.ratio) AS ratio
      FROM sales s JOIN (SELECT DISTINCT text FROM sales WHERE id LIKE 'a%') wanted ON s.text = wanted.text
      GROUP BY s.text
    `,
        [Column.string('id'), Column.timestamp('at'), Column.integer('quantity'), Column.floatingPoint('ratio')],
      ),
      'a1,x,,,1,,,2026-01-01T00:00:00Z',
      'a2,y,,,1,,,',
      'b1,x,,,2,,,2026-01-03T00:00:00Z',
      'b2,z,,,1,,,',
    );
    expect(items.sort((a, b) => (a.id.S! < b.id.S! ? -1 : 1))).toEqual([
      { id: { S: 'x' }, at: { S: '2026-01-03T00:00:00.000000Z' }, quantity: { N: '2' }, ratio: { N: '1.5' } },
      { id: { S: 'y' }, quantity: { N: '1' }, ratio: { N: expect.stringMatching(/^1(\.0)?$/) } },
    ]);
    expect(counts).toMatchObject({ rowsRead: 4, rowsWritten: 2, rowsFiltered: 2 });
  });

  test('that yields more rows than it reads fails the load', async () => {
    await expect(
      load(
        HiveTransform.inline("SELECT concat(id, n) AS id, at FROM sales LATERAL VIEW explode(array('1', '2')) t AS n", [
          Column.string('id'),
          Column.timestamp('at'),
        ]),
        'a,,,,,,,',
      ),
    ).rejects.toThrow(
      expect.objectContaining({ name: 'Etl.Configuration', message: expect.stringContaining('got 2 of 1') }),
    );
  });
});

test('what is written is counted in bytes of names and values', async () => {
  const columns = [Column.string('id'), Column.string('naive'), Column.decimal('price', 9, 2), Column.bool('gift')];
  const { counts } = await hive.load({
    dataset: new Dataset({ name: 'counted', format: DataFormat.csv({ header: false }), columns, key: ['id'] }),
    files: { 'part-00000.csv': Buffer.from('a,é,1.5,t\na,,,\nb,,,\n,rejected,,\n') },
    attributeNames: { naive: 'naïve' },
  });
  expect(counts).toMatchObject({
    rowsWritten: 2,
    bytesWritten: Buffer.byteLength('id' + 'a' + 'naïve' + 'é' + 'price' + '1.50' + 'gift' + 'true' + 'id' + 'b'),
  });
});

test('the files and the rejected rows outlive the session, whose tables are gone', async () => {
  const dataset = new Dataset({
    name: 'kept',
    format: DataFormat.csv({ header: false }),
    columns: [Column.string('id')],
    key: ['id'],
  });
  const { runId } = await hive.load({ dataset, files: { 'part-00000.csv': Buffer.from('a\n') } });
  expect(await hive.stagedFiles(runId)).toEqual(['part-00000.csv']);
  expect((await hive.run('SHOW TABLES;')).stdout.trim()).toBe('');
});

test('a table that is not there fails the script', async () => {
  const script =
    "CREATE EXTERNAL TABLE t (a STRING) STORED BY 'org.apache.hadoop.hive.dynamodb.DynamoDBStorageHandler' " +
    "TBLPROPERTIES ('dynamodb.table.name' = 'nowhere', 'dynamodb.column.mapping' = 'a:a');";
  expect(await hive.run(script)).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('FAILED: Execution Error'),
  });
});
