// The same files through both steps on the real engines, held against a reader that knows nothing of the library.
import { gzipSync } from 'zlib';
import { AttributeValue } from '@aws-sdk/client-dynamodb';
import { HiveHarness } from './hive-script/hive-harness';
import { LoaderBench } from './loader-bench';
import { MALFORMED, read, ReaderColumn, ReaderDataset, Reading, Row } from '../conformance/independent-reader';
import { libraryDataset, SCENARIOS } from '../conformance/scenarios';

jest.setTimeout(600_000); // the first run fetches Hive

let hive: HiveHarness;
let redshift: LoaderBench;
beforeAll(async () => {
  [hive, redshift] = await Promise.all([HiveHarness.start(), LoaderBench.start()]);
});
afterAll(async () => {
  await Promise.all([hive?.stop(), redshift?.stop()]);
});

/** Rows as a target holds them, by their key. */
type Held = Record<string, Record<string, unknown>>;

const keyOf = (values: Record<string, unknown>, { key }: ReaderDataset): string =>
  JSON.stringify(key.map(name => values[name]));

/** Numbers have many spellings: exact ones are compared without zeros at the end, floating-point ones by value. */
function comparable(text: string, type: ReaderColumn['type']): unknown {
  switch (type) {
    case 'floatingPoint':
      return Number(text) + 0;
    case 'integer':
    case 'decimal':
      return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
    default:
      return text;
  }
}

function held(rows: readonly Map<string, string>[], dataset: ReaderDataset): Held {
  const entries = rows.map(row => {
    const values = Object.fromEntries(
      dataset.columns.flatMap(({ name, type }) => (row.has(name) ? [[name, comparable(row.get(name)!, type)]] : [])),
    );
    return [keyOf(values, dataset), values] as const;
  });
  expect(new Set(entries.map(([key]) => key)).size).toBe(rows.length);
  return Object.fromEntries(entries);
}

const canonical = (row: Row) => new Map([...row].map(([name, value]) => [name, value.canonical]));

const ATTRIBUTE = {
  string: 'S',
  integer: 'N',
  decimal: 'N',
  floatingPoint: 'N',
  bool: 'BOOL',
  date: 'S',
  timestamp: 'S',
} as const;

function itemTexts(item: Record<string, AttributeValue>, { columns }: ReaderDataset): Map<string, string> {
  const typeOf = new Map(columns.map(({ name, type }) => [name, type]));
  return new Map(
    Object.entries(item).map(([name, attribute]) => {
      const [type, value] = Object.entries(attribute)[0];
      expect([name, type]).toEqual([name, ATTRIBUTE[typeOf.get(name)!]]);
      return [name, String(value)];
    }),
  );
}

const tableKey = ({ key, columns }: ReaderDataset): Record<string, 'S' | 'N'> =>
  Object.fromEntries(
    key.map(name => {
      return [name, ATTRIBUTE[columns.find(column => column.name === name)!.type] as 'S' | 'N'];
    }),
  );

async function redshiftRows(table: string, { columns }: ReaderDataset): Promise<Map<string, string>[]> {
  const expressions = columns.map(({ name, type }) => {
    if (type === 'timestamp') return `to_char(${name}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS ${name}`;
    return type === 'bool' ? `${name}::text AS ${name}` : name;
  });
  const rows = await redshift.redshift.query(`SELECT ${expressions.join(', ')} FROM analytics.${table}`);
  return rows.map(
    row => new Map(Object.entries(row).flatMap(([name, value]) => (value === null ? [] : [[name, value]]))),
  );
}

/** What is at fault, from the reason beside a rejected row. */
const fault = (reason: string): string => (reason.startsWith(MALFORMED) ? MALFORMED : reason.split(':')[0]);

/** What Hadoop and JavaScript read in place of bytes that are no UTF-8 differs in length. */
const sameReplacement = (line: string): string => line.replace(/\ufffd+/g, '\ufffd');

function expectCounts(counts: object, { rowsRead, rows, rejected, duplicates }: Reading): void {
  expect(counts).toMatchObject({
    rowsRead,
    rowsWritten: rows.length,
    rowsRejected: rejected.length,
    duplicatesDropped: duplicates,
  });
}

describe.each(SCENARIOS.map((scenario, index) => [scenario.name, { ...scenario, index }] as const))(
  '%s',
  (_, { dataset, files, index }) => {
    const expected = read(
      files.map(file => file.content),
      dataset,
    );
    const library = libraryDataset(`conformance_${index}`, dataset);

    test('DynamoDB', async () => {
      const names = files.map(({ gzip }, file) => `part-${String(file).padStart(5, '0')}.csv${gzip ? '.gz' : ''}`);
      const staged = Object.fromEntries(
        files.map(({ content, gzip }, file) => [names[file], gzip ? gzipSync(content) : content]),
      );
      const loaded = await hive.load({ dataset: library, files: staged, tableKey: tableKey(dataset) });
      expect(
        held(
          loaded.items.map(item => itemTexts(item, dataset)),
          dataset,
        ),
      ).toEqual(held(expected.rows.map(canonical), dataset));
      expect(
        loaded.rejected
          .map(({ reason, file, line }) => [file, fault(reason), sameReplacement(line).replace(/\r$/, '')].join(' '))
          .sort(),
      ).toEqual(
        expected.rejected
          .map(row => [names[row.file], row.fault, sameReplacement(row.line.toString())].join(' '))
          .sort(),
      );
      expectCounts(loaded.counts, expected);
    });

    test('Redshift', async () => {
      const result = await redshift.load(library._definition, [...files]);
      expect(held(await redshiftRows(library.name, dataset), dataset)).toEqual(
        held(expected.rows.map(canonical), dataset),
      );
      expectCounts(result, expected);
    });
  },
);

test('a row that is larger than an item of DynamoDB is loaded into Redshift alone', async () => {
  const columns: ReaderColumn[] = ['id', 'a', 'b', 'c', 'd', 'e', 'f', 'g'].map(name => ({ name, type: 'string' }));
  const dataset: ReaderDataset = { columns, key: ['id'], delimiter: ',', header: false };
  const library = libraryDataset('conformance_large', dataset);
  const content = Buffer.from(
    ['small', 'large'].map(id => [id, ...Array(7).fill('x'.repeat(id === 'large' ? 60_000 : 1))].join(',')).join('\n'),
  );

  const { items, rejected } = await hive.load({ dataset: library, files: { 'part-00000.csv': content } });
  expect(items.map(item => item.id)).toEqual([{ S: 'small' }]);
  expect(rejected.map(({ line, reason }) => [line.slice(0, 5), reason])).toEqual([
    ['large', expect.stringContaining('larger than an item of DynamoDB')],
  ]);
  expect(await redshift.load(library._definition, [{ content }])).toMatchObject({
    rowsRead: 2,
    rowsWritten: 2,
    rowsRejected: 0,
  });
});
