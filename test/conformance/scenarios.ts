import { ReaderColumn, ReaderDataset } from './independent-reader';
import { Random } from './random';
import { extremeText, goodText, mutated } from './texts';
import { Column, DataFormat, Dataset } from '../../src';

// Files that both steps load, and whose rows must be in both targets as the independent reader finds them.

export interface ConformanceFile {
  readonly content: Buffer;
  /** Whether the file is compressed when it is staged. */
  readonly gzip: boolean;
}

export interface Scenario {
  readonly name: string;
  readonly dataset: ReaderDataset;
  readonly files: readonly ConformanceFile[];
}

/** The dataset as the library knows it. */
export function libraryDataset(name: string, { columns, key, latestBy, delimiter, header }: ReaderDataset): Dataset {
  return new Dataset({
    name,
    format: DataFormat.csv({ delimiter, header }),
    columns: columns.map(libraryColumn),
    key: [...key],
    latestBy,
  });
}

function libraryColumn({ name, type, precision, scale, required }: ReaderColumn): Column {
  return type === 'decimal' ? Column.decimal(name, precision!, scale!, { required }) : Column[type](name, { required });
}

const EVERY_TYPE: readonly ReaderColumn[] = [
  { name: 'id', type: 'string' },
  { name: 'label', type: 'string' },
  { name: 'quantity', type: 'integer' },
  { name: 'amount', type: 'decimal', precision: 6, scale: 2 },
  { name: 'share', type: 'decimal', precision: 3, scale: 3 },
  { name: 'total', type: 'decimal', precision: 38, scale: 0 },
  { name: 'price', type: 'decimal', precision: 38, scale: 20 },
  { name: 'ratio', type: 'floatingPoint' },
  { name: 'gift', type: 'bool' },
  { name: 'ordered_on', type: 'date' },
  { name: 'updated_at', type: 'timestamp' },
  { name: 'note', type: 'string' },
];

const everyType = (change: Partial<ReaderDataset> = {}): ReaderDataset => ({
  columns: EVERY_TYPE,
  key: ['id'],
  latestBy: 'updated_at',
  delimiter: ',',
  header: true,
  ...change,
});

// ---- lines

function field(random: Random, text: string, delimiter: string): string {
  const needsQuotes = text.includes('"') || text.includes(delimiter);
  return needsQuotes || random.chance(0.15) ? `"${text.replaceAll('"', '""')}"` : text;
}

function lineOf(random: Random, texts: string[], delimiter: string): Buffer {
  return Buffer.from(texts.map(text => field(random, text, delimiter)).join(delimiter));
}

/** A row with at most one odd value, so that rows are not rejected for several reasons at once. */
function someLine(random: Random, { columns, key, delimiter }: ReaderDataset, id: string): Buffer {
  const odd = random.chance(0.5) ? random.from(1, columns.length - 1) : -1;
  const texts = columns.map((column, index) => {
    if (index === 0) return id;
    if (index === odd) {
      return random.chance(0.5) ? extremeText(random, column) : mutated(random, goodText(random, column));
    }
    return random.chance(0.2) && !key.includes(column.name) ? '' : goodText(random, column);
  });
  const line = lineOf(random, texts, delimiter);
  return random.chance(0.08) ? damaged(random, line) : line;
}

const DAMAGE = [
  ...[...'",;\t\\\r\0\ufffd'].map(character => Buffer.from(character)),
  ...[[0xff], [0xc3], [0xed, 0xa0, 0x80]].map(noUtf8 => Buffer.from(noUtf8)),
];

/** The line with bytes put in or taken out somewhere. */
function damaged(random: Random, line: Buffer): Buffer {
  const at = random.below(line.length + 1);
  return Buffer.concat([
    line.subarray(0, at),
    random.pick([Buffer.alloc(0), random.pick(DAMAGE)]),
    line.subarray(at + random.below(3)),
  ]);
}

function someLines(random: Random, dataset: ReaderDataset, count: number, prefix: string): Buffer[] {
  return Array.from({ length: count }, (_, index) => someLine(random, dataset, `${prefix}-${index}`));
}

// ---- files

interface FileOptions {
  readonly lineEnd?: string;
  readonly byteOrderMark?: boolean;
  readonly endsWithLineEnd?: boolean;
  readonly emptyLines?: boolean;
  readonly gzip?: boolean;
}

function fileOf(
  { columns, delimiter, header }: ReaderDataset,
  lines: readonly Buffer[],
  options: FileOptions = {},
): ConformanceFile {
  const lineEnd = Buffer.from(options.lineEnd ?? '\n');
  const all = [...(header ? [Buffer.from(columns.map(({ name }) => name).join(delimiter))] : []), ...lines];
  const parts = all.flatMap((line, index) => [
    line,
    index === all.length - 1 && options.endsWithLineEnd === false ? Buffer.alloc(0) : lineEnd,
    options.emptyLines && index % 3 === 0 ? lineEnd : Buffer.alloc(0),
  ]);
  const content = Buffer.concat([Buffer.from(options.byteOrderMark ? '\ufeff' : ''), ...parts]);
  return { content, gzip: options.gzip ?? false };
}

function valuesOfEveryType(): Scenario {
  const random = new Random(1);
  const dataset = everyType();
  return {
    name: 'every type, good, null, unparsable and extreme',
    dataset,
    files: [fileOf(dataset, someLines(random, dataset, 1_500, 'row'))],
  };
}

function kindsOfFiles(): Scenario {
  const random = new Random(2);
  const dataset = everyType({ delimiter: ';' });
  const lines = (name: string) => someLines(random, dataset, 60, name);
  return {
    name: 'every kind of file',
    dataset,
    files: [
      fileOf(dataset, lines('plain')),
      fileOf(dataset, lines('crlf'), { lineEnd: '\r\n' }),
      fileOf(dataset, lines('gzip'), { gzip: true }),
      fileOf(dataset, lines('gzip-crlf-bom'), { gzip: true, lineEnd: '\r\n', byteOrderMark: true }),
      fileOf(dataset, lines('bom'), { byteOrderMark: true }),
      fileOf(dataset, lines('no-end'), { endsWithLineEnd: false }),
      fileOf(dataset, lines('crlf-no-end'), { lineEnd: '\r\n', endsWithLineEnd: false }),
      fileOf(dataset, lines('empty-lines'), { emptyLines: true }),
      fileOf(dataset, lines('crlf-empty-lines'), { emptyLines: true, lineEnd: '\r\n', gzip: true }),
      fileOf(dataset, []),
      fileOf(dataset, [], { endsWithLineEnd: false }),
      fileOf(dataset, [], { gzip: true }),
    ],
  };
}

function withoutHeader(): Scenario {
  const random = new Random(3);
  const dataset = everyType({ header: false, delimiter: '\t' });
  const empty = Buffer.alloc(0);
  return {
    name: 'files without header, some without anything',
    dataset,
    files: [
      fileOf(dataset, someLines(random, dataset, 80, 'plain')),
      fileOf(dataset, someLines(random, dataset, 80, 'bom'), { byteOrderMark: true, lineEnd: '\r\n', gzip: true }),
      { content: empty, gzip: false },
      { content: empty, gzip: true },
      { content: Buffer.from('\ufeff'), gzip: false },
      { content: Buffer.from('\r\n\n\r\n'), gzip: false },
    ],
  };
}

function manyFiles(): Scenario {
  const random = new Random(4);
  const dataset = everyType();
  const files = Array.from({ length: 40 }, (_, file) =>
    fileOf(dataset, someLines(random, dataset, random.below(6), `file-${file}`), {
      gzip: random.chance(0.5),
      lineEnd: random.pick(['\n', '\r\n']),
      byteOrderMark: random.chance(0.3),
      endsWithLineEnd: random.chance(0.5),
    }),
  );
  return { name: 'many small files', dataset, files };
}

/** Few keys and few values, so that rows tie in every column. */
function duplicates(): Scenario {
  const random = new Random(5);
  const dataset = everyType();
  const few = new Map(
    EVERY_TYPE.map(column => [column.name, ['', '', ...Array.from({ length: 3 }, () => goodText(random, column))]]),
  );
  few.set('label', ['', 'a', 'ab', 'a\u0001', 'B', 'é', '\uff21', '😀']);
  few.set('quantity', ['', '9', '10', '-5', '+09']);
  few.set('amount', ['', '9', '10.00', '-9.5', '+9.0']);
  few.set('ratio', ['', '9', '1e1', '-0.0', '0', '10.0']);
  few.set('updated_at', [
    '',
    '2026-01-01T12:00:00Z',
    '2026-01-01 13:00+01',
    '2026-01-01T12:00:00.000001',
    '2025-12-31T23:59:59.999999Z',
  ]);
  const text = (name: string) => (random.chance(0.6) ? '' : random.pick(few.get(name)!));
  const line = () =>
    lineOf(
      random,
      EVERY_TYPE.map(({ name }) => (name === 'id' ? `key-${random.below(60)}` : text(name))),
      ',',
    );
  const files = Array.from({ length: 4 }, (_, file) =>
    fileOf(dataset, Array.from({ length: 250 }, line), { gzip: file % 2 === 0 }),
  );
  return { name: 'several rows with one key', dataset, files };
}

/** Keys of two columns that are not text, each in several spellings. */
function keysOf(
  name: string,
  seed: number,
  columns: readonly [ReaderColumn, ReaderColumn],
  spellings: readonly [string[], string[]],
  latestBy?: ReaderColumn,
): Scenario {
  const random = new Random(seed);
  const others: ReaderColumn[] = [...(latestBy ? [latestBy] : []), { name: 'note', type: 'string' }];
  const key = columns.map(column => column.name);
  const dataset: ReaderDataset = {
    columns: [...columns, ...others],
    key,
    latestBy: latestBy?.name,
    delimiter: ',',
    header: true,
  };
  const line = () =>
    lineOf(
      random,
      [
        ...spellings.map(texts => random.pick(texts)),
        ...others.map(column => (random.chance(0.2) ? '' : goodText(random, column))),
      ],
      ',',
    );
  return {
    name,
    dataset,
    files: [0, 1].map(file => fileOf(dataset, Array.from({ length: 60 }, line), { gzip: file === 1 })),
  };
}

export const SCENARIOS: readonly Scenario[] = [
  valuesOfEveryType(),
  kindsOfFiles(),
  withoutHeader(),
  manyFiles(),
  duplicates(),
  keysOf(
    'keys of decimals and timestamps',
    6,
    [
      { name: 'place', type: 'decimal', precision: 10, scale: 3 },
      { name: 'time', type: 'timestamp' },
    ],
    [
      ['1.5', '01.500', '+1.5', '-0', '0.', '.0', '', '1.2345', '-1.5'],
      ['2026-01-01T12:00Z', '2026-01-01 13:00+01', '2026-01-01T12:00:00.0', '2026-01-01', ''],
    ],
    { name: 'version', type: 'integer' },
  ),
  keysOf(
    'keys of floating-point and whole numbers',
    7,
    [
      { name: 'place', type: 'floatingPoint' },
      { name: 'number', type: 'integer' },
    ],
    [
      ['1', '1.0', '10e-1', '-0.0', '0e5', '1e126', '0.1', '1e-1'],
      ['7', '+07', '-7', '9223372036854775807', '9223372036854775808'],
    ],
    { name: 'version', type: 'decimal', precision: 20, scale: 10 },
  ),
  keysOf(
    'keys of days and text, and no latestBy',
    8,
    [
      { name: 'day', type: 'date' },
      { name: 'shop', type: 'string' },
    ],
    [
      ['2026-01-31', '2024-02-29', '2023-02-29', '0001-01-01'],
      ['a', 'A', '"', ',', 'é', 'k'.repeat(1_024), 'k'.repeat(1_025), ''],
    ],
  ),
];
