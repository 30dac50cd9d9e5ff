import { Column, DataFormat, Dataset } from '../src';
import { REJECTION } from '../src/dataset/contract';

// What a row of CSV means, as data: every engine that loads rows is tested with it. `fields` are raw text of a line,
// `values` the canonical text of what must be loaded (see Dataset); columns that are not named are empty in the line,
// and null in the target.

export const CORPUS = new Dataset({
  name: 'corpus',
  format: DataFormat.csv(),
  columns: [
    Column.string('id'),
    Column.string('label'),
    Column.integer('quantity'),
    Column.decimal('amount', 6, 2),
    Column.decimal('share', 3, 3),
    Column.decimal('total', 38, 0),
    Column.floatingPoint('ratio'),
    Column.bool('gift'),
    Column.date('ordered_on'),
    Column.timestamp('updated_at'),
    Column.string('note'),
  ],
  key: ['id'],
  latestBy: 'updated_at',
});

type Values = { readonly [column: string]: string };

export interface CorpusRow {
  readonly name: string;
  /** Without the line end. Lines with a line break inside are `lineCount` lines to an engine that reads by lines. */
  readonly line: Buffer;
  readonly lineCount: number;
}

export interface AcceptedRow extends CorpusRow {
  /** Canonical text of every column that is not null. */
  readonly values: Values;
}

export interface RejectedRow extends CorpusRow {
  readonly reason: string;
}

const definition = CORPUS._definition;
const names = definition.columns.map(column => column.name);

/** A line of the corpus' columns. */
export function corpusLine(fields: Values): string {
  const unknown = Object.keys(fields).filter(name => !names.includes(name));
  if (unknown.length > 0) throw new Error(`the corpus has no columns ${unknown}`);
  return names.map(name => fields[name] ?? '').join(',');
}

function corpusRow(name: string, line: string | Buffer): CorpusRow {
  const bytes = Buffer.from(line as string);
  return { name, line: bytes, lineCount: bytes.toString('latin1').split('\n').length };
}

const accepted: AcceptedRow[] = [];
const rejected: RejectedRow[] = [];

function accept(name: string, fields: Values, values: Values = fields): void {
  const id = `accepted-${accepted.length}`;
  accepted.push({ ...corpusRow(name, corpusLine({ id, ...fields })), values: { id, ...values } });
}

function reject(name: string, fields: Values, reason: string): void {
  rejected.push({ ...corpusRow(name, corpusLine({ id: `rejected-${rejected.length}`, ...fields })), reason });
}

function rejectMalformed(name: string, line: string | Buffer): void {
  rejected.push({ ...corpusRow(name, line), reason: REJECTION.malformed(definition) });
}

const columnNamed = (name: string) => definition.columns.find(column => column.name === name)!;

function acceptEach(column: string, textsAndCanonicals: [string, string][]): void {
  for (const [text, canonical] of textsAndCanonicals) {
    accept(`${column} ${text}`, { [column]: text }, { [column]: canonical });
  }
}

function rejectEach(column: string, texts: string[]): void {
  for (const text of texts) {
    reject(
      `${column} ${JSON.stringify(text)}`,
      { [column]: text.includes(',') ? `"${text}"` : text },
      REJECTION.invalid(columnNamed(column)),
    );
  }
}

// ---- fields

accept('all other columns empty', {});
accept('all other columns empty between quotes', Object.fromEntries(names.slice(1).map(name => [name, '""'])), {});
accept('every column', {
  label: 'Ada',
  quantity: '3',
  amount: '12.50',
  share: '0.125',
  total: '7',
  ratio: '0.5',
  gift: 'true',
  ordered_on: '2026-01-31',
  updated_at: '2026-01-31T12:00:00.000000Z',
  note: 'x',
});
accept(
  'every field between quotes',
  {
    label: '"Ada"',
    quantity: '"3"',
    amount: '"12.50"',
    ratio: '"0.5"',
    gift: '"t"',
    ordered_on: '"2026-01-31"',
    updated_at: '"2026-01-31 12:00"',
  },
  {
    label: 'Ada',
    quantity: '3',
    amount: '12.50',
    ratio: '0.5',
    gift: 'true',
    ordered_on: '2026-01-31',
    updated_at: '2026-01-31T12:00:00.000000Z',
  },
);
accept('a delimiter between quotes', { label: '"a,b"' }, { label: 'a,b' });
accept('doubled quotes', { label: '"say ""hi"""', note: '""""' }, { label: 'say "hi"', note: '"' });
accept('5,000 doubled quotes', { note: `"${'""'.repeat(5_000)}"` }, { note: '"'.repeat(5_000) });
accept('backslashes', { label: 'C:\\temp\\', note: '"\\"' }, { label: 'C:\\temp\\', note: '\\' });
accept('a backslash before a doubled quote', { note: '"\\"""' }, { note: '\\"' });
accept('text that looks like an escape', { label: '\\n', note: '\\N' });
accept('spaces belong to the value', { label: ' Ada ', note: '" "' }, { label: ' Ada ', note: ' ' });
accept('tabs and control characters', { label: 'a\tb', note: 'a\u0001b\u001fc\u007f' });
accept('a single quote', { label: "it's" });
accept('variables and wildcards', { label: '${env:HOME}', note: '%_$1' });
accept('words that other formats take for null', { label: 'NULL', note: 'null' });
accept('text in several alphabets', { label: 'Grüße 東京', note: '"𝒳😀é"' }, { label: 'Grüße 東京', note: '𝒳😀é' });
accept('line ends that Unicode has besides CR and LF', { label: 'a\u0085b', note: 'a\u2028b\u2029c\u000bd\u000ce' });
accept('a byte order mark inside a row', { label: '\ufeffa' });
accept('a value of 65,535 bytes', { note: 'x'.repeat(65_535) });
accept('65,535 bytes of text in two-byte characters', { note: 'é'.repeat(32_767) + 'x' });
accept('a key of 1,024 bytes', { id: 'k'.repeat(1_024) });
accept('a key with quotes and delimiters', { id: '"k "",; k"' }, { id: 'k ",; k' });

rejectMalformed('too few fields', 'few,Ada');
rejectMalformed('a single field', 'single');
rejectMalformed('too many fields', `${corpusLine({ id: 'many' })},`);
rejectMalformed('a quote that is not closed', corpusLine({ id: 'open', note: '"open' }));
rejectMalformed('a quote inside an unquoted field', corpusLine({ id: 'inside', label: 'a"b' }));
rejectMalformed('text after a closing quote', corpusLine({ id: 'after', label: '"a"b' }));
rejectMalformed('a space before an opening quote', corpusLine({ id: 'before', label: ' "a"' }));
rejectMalformed('a space after a closing quote', corpusLine({ id: 'behind', label: '"a" ' }));
rejectMalformed('a single quote character', corpusLine({ id: 'quote', label: '"' }));
rejectMalformed('a backslash before a quote', corpusLine({ id: 'backslash', label: '"a\\"b"' }));
rejectMalformed('NUL', corpusLine({ id: 'nul', label: 'a\0b' }));
rejectMalformed('NUL between quotes', corpusLine({ id: 'nul-quoted', label: '"a\0b"' }));
rejectMalformed('the replacement character', corpusLine({ id: 'replacement', label: 'a\ufffdb' }));
rejectMalformed('bytes that are no UTF-8', Buffer.from(corpusLine({ id: 'latin', label: 'caf\u00e9' }), 'latin1'));
rejectMalformed(
  'a surrogate in UTF-8',
  Buffer.concat([Buffer.from('surrogate,'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from(','.repeat(9))]),
);
rejectMalformed('a carriage return between quotes', corpusLine({ id: 'return', label: '"a\rb"' }));
rejectMalformed('a line break between quotes', corpusLine({ id: 'break', label: '"a\nb"' }));
rejectMalformed('a line break of Windows between quotes', corpusLine({ id: 'windows', label: '"a\r\nb"' }));

reject('the key is empty', { id: '', label: 'x' }, REJECTION.missing(columnNamed('id')));
reject('the key is empty between quotes', { id: '""', label: 'x' }, REJECTION.missing(columnNamed('id')));
reject('a key of 1,025 bytes', { id: 'k'.repeat(1_025) }, REJECTION.tooLong(columnNamed('id'), 1_024));
reject('a key of 1,026 bytes in 513 characters', { id: 'é'.repeat(513) }, REJECTION.tooLong(columnNamed('id'), 1_024));
reject('a value of 65,536 bytes', { note: 'x'.repeat(65_536) }, REJECTION.tooLong(columnNamed('note'), 65_535));
reject(
  '65,536 bytes of text in two-byte characters',
  { note: 'é'.repeat(32_768) },
  REJECTION.tooLong(columnNamed('note'), 65_535),
);
reject('a value of 70,000 bytes', { note: 'x'.repeat(70_000) }, REJECTION.tooLong(columnNamed('note'), 65_535));
reject(
  'an integer of 70,000 digits',
  { quantity: '0'.repeat(70_000) },
  REJECTION.tooLong(columnNamed('quantity'), 65_535),
);
reject(
  'several columns at fault: the first is named',
  { quantity: 'x', amount: 'y' },
  REJECTION.invalid(columnNamed('quantity')),
);

// ---- types

acceptEach('quantity', [
  ['0', '0'],
  ['-0', '0'],
  ['+0', '0'],
  ['7', '7'],
  ['+7', '7'],
  ['-7', '-7'],
  ['007', '7'],
  ['-007', '-7'],
  ['9223372036854775807', '9223372036854775807'],
  ['-9223372036854775808', '-9223372036854775808'],
  ['+00009223372036854775807', '9223372036854775807'],
  ['9007199254740993', '9007199254740993'],
  ['0'.repeat(60) + '12', '12'],
]);
rejectEach('quantity', [
  '9223372036854775808',
  '-9223372036854775809',
  '9999999999999999999',
  '99999999999999999999',
  '1.0',
  '1e3',
  '1 000',
  ' 1',
  '1 ',
  '0x10',
  '--1',
  '+',
  '-',
  'one',
  '١',
  '1L',
  '1\u2028',
]);

acceptEach('amount', [
  ['0', '0.00'],
  ['-0', '0.00'],
  ['-0.00', '0.00'],
  ['1', '1.00'],
  ['1.', '1.00'],
  ['1.5', '1.50'],
  ['.5', '0.50'],
  ['-.5', '-0.50'],
  ['+12.34', '12.34'],
  ['-12.34', '-12.34'],
  ['9999.99', '9999.99'],
  ['-9999.99', '-9999.99'],
  ['0009999.99', '9999.99'],
  ['1.230000', '1.23'],
  ['00.10', '0.10'],
  ['-0.01', '-0.01'],
]);
rejectEach('amount', [
  '10000',
  '10000.00',
  '1.234',
  '0.001',
  '.',
  '-',
  '1,5',
  '1.2.3',
  '1e2',
  '$1',
  'NaN',
  '1.5d',
  ' 1.5',
]);
acceptEach('share', [
  ['0', '0.000'],
  ['.125', '0.125'],
  ['0.125', '0.125'],
  ['000.5', '0.500'],
  ['-.999', '-0.999'],
  ['0.', '0.000'],
  ['-0.0', '0.000'],
]);
rejectEach('share', ['1', '1.000', '0.1234', '.']);
acceptEach('total', [
  ['99999999999999999999999999999999999999', '99999999999999999999999999999999999999'],
  ['-99999999999999999999999999999999999999', '-99999999999999999999999999999999999999'],
  ['00012345678901234567890123456789012345678', '12345678901234567890123456789012345678'],
  ['5.', '5'],
  ['5.000', '5'],
  ['-0', '0'],
  ['.0', '0'],
  ['-.00', '0'],
]);
rejectEach('total', ['100000000000000000000000000000000000000', '5.5', '.5', '.', '-.']);

acceptEach('ratio', [
  ['0', '0'],
  ['-0.0', '0'],
  ['0e100', '0'],
  ['1', '1'],
  ['1.', '1'],
  ['.5', '0.5'],
  ['-2.5e3', '-2500'],
  ['1E-5', '0.00001'],
  ['+1e+5', '100000'],
  ['1e-05', '0.00001'],
  ['0.1', '0.1'],
  ['3.141592653589793', '3.141592653589793'],
  ['9007199254740993', '9007199254740992'],
  ['1e-130', '1e-130'],
  ['9.99e125', '9.99e125'],
  ['9.999999999999998e125', '9.999999999999998e125'],
  ['-9.999999999999998e125', '-9.999999999999998e125'],
  ['123456789012345678901234567890', '1.2345678901234568e29'],
]);
rejectEach('ratio', [
  '1e126',
  '9.9999999999999999e125',
  '-1e126',
  '10e125',
  '9.9e-131',
  '0.9e-125e',
  '0.000001e-125',
  'NaN',
  'Infinity',
  '-inf',
  '1d',
  '1f',
  '0x1p3',
  '1e',
  'e5',
  '.',
  '1,5',
  ' 1',
  '1e1.5',
  '1e400',
  '1e-400',
  '1234567890123456789012345678901',
]);

acceptEach('gift', [
  ['true', 'true'],
  ['false', 'false'],
  ['TRUE', 'true'],
  ['False', 'false'],
  ['t', 'true'],
  ['T', 'true'],
  ['f', 'false'],
  ['F', 'false'],
  ['1', 'true'],
  ['0', 'false'],
  ['tRuE', 'true'],
]);
rejectEach('gift', ['yes', 'no', 'y', 'n', '2', '01', 'tru', 'on', 'off', ' true', 'true ']);

acceptEach('ordered_on', [
  ['2026-01-31', '2026-01-31'],
  ['2024-02-29', '2024-02-29'],
  ['2000-02-29', '2000-02-29'],
  ['0001-01-01', '0001-01-01'],
  ['9999-12-31', '9999-12-31'],
  ['1582-10-10', '1582-10-10'],
  ['1500-02-28', '1500-02-28'],
  ['1900-12-31', '1900-12-31'],
]);
rejectEach('ordered_on', [
  '2023-02-29',
  '1900-02-29',
  '1500-02-29',
  '2026-00-10',
  '2026-13-01',
  '2026-01-00',
  '2026-01-32',
  '2026-04-31',
  '0000-01-01',
  '10000-01-01',
  '2026-1-31',
  '26-01-31',
  '20260131',
  '2026/01/31',
  '31.01.2026',
  '2026-01-31T00:00:00',
  '-2026-01-31',
  'today',
  '2026-01-31 ',
  '0000-02-29',
  '2026-01-31\u2028',
]);

acceptEach('updated_at', [
  ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.000000Z'],
  ['2026-01-31 12:00:00', '2026-01-31T12:00:00.000000Z'],
  ['2026-01-31T12:00', '2026-01-31T12:00:00.000000Z'],
  ['2026-01-31T12:00Z', '2026-01-31T12:00:00.000000Z'],
  ['2026-01-31T12:00:00.5', '2026-01-31T12:00:00.500000Z'],
  ['2026-01-31T12:00:00.123456Z', '2026-01-31T12:00:00.123456Z'],
  ['2026-01-31T12:00:00.123456000', '2026-01-31T12:00:00.123456Z'],
  ['2026-01-31T12:00:59.999999+02:00', '2026-01-31T10:00:59.999999Z'],
  ['2026-01-31T12:00:00+0200', '2026-01-31T10:00:00.000000Z'],
  ['2026-01-31T12:00:00+02', '2026-01-31T10:00:00.000000Z'],
  ['2026-01-31 12:00-05:30', '2026-01-31T17:30:00.000000Z'],
  ['2026-01-31T12:00:00-00:00', '2026-01-31T12:00:00.000000Z'],
  ['2026-01-31T23:30:00-01:00', '2026-02-01T00:30:00.000000Z'],
  ['2026-12-31T23:30:00.25-14:00', '2027-01-01T13:30:00.250000Z'],
  ['2026-01-01T00:00:00+14:00', '2025-12-31T10:00:00.000000Z'],
  ['2024-03-01T00:30:00+01:00', '2024-02-29T23:30:00.000000Z'],
  ['1900-03-01T00:30:00+01:00', '1900-02-28T23:30:00.000000Z'],
  ['1582-10-15T00:00:00+00:01', '1582-10-14T23:59:00.000000Z'],
  ['1582-10-10T00:00:00', '1582-10-10T00:00:00.000000Z'],
  // hours that a change to daylight saving time leaves out somewhere
  ['2026-03-29T02:30:00', '2026-03-29T02:30:00.000000Z'],
  ['2026-03-08T02:30:00', '2026-03-08T02:30:00.000000Z'],
  ['0001-01-01T00:00:00', '0001-01-01T00:00:00.000000Z'],
  ['0001-01-01T12:00:00+12:00', '0001-01-01T00:00:00.000000Z'],
  ['9999-12-31T23:59:59.999999', '9999-12-31T23:59:59.999999Z'],
  ['9999-12-31T23:59:59.999999+13:59', '9999-12-31T10:00:59.999999Z'],
]);
rejectEach('updated_at', [
  '2026-01-31',
  '2026-01-31T',
  '2026-01-31t12:00:00',
  '2026-01-31  12:00',
  '2026-01-31T24:00:00',
  '2026-01-31T12:60:00',
  '2026-01-31T12:00:60',
  '2026-01-31T12',
  '2026-01-31T1:00',
  '2026-01-31T12:00:00.',
  '2026-01-31T12:00:00.1234567',
  '2026-01-31T12:00:00z',
  '2026-01-31T12:00:00 Z',
  '2026-01-31T12:00:00 +02:00',
  '2026-01-31T12:00:00+2',
  '2026-01-31T12:00:00+14:01',
  '2026-01-31T12:00:00+14:59',
  '2026-01-31T12:00:00-15:00',
  '2026-01-31T12:00:00+02:60',
  '2026-01-31T12:00:00 UTC',
  '2026-01-31T12:00:00 Europe/Berlin',
  '2023-02-29T12:00:00',
  '1769860800',
  '1582-10-10',
  'now',
  '0001-01-01T00:00:00+00:01',
  '9999-12-31T23:59:00-00:01',
  '0000-12-31T23:00:00-02:00',
]);

export const ACCEPTED_ROWS: readonly AcceptedRow[] = accepted;
export const REJECTED_ROWS: readonly RejectedRow[] = rejected;

// ---- rows with one key

export interface KeyGroup {
  readonly name: string;
  readonly lines: readonly string[];
  /** Canonical text of every column that is not null in the one row that must be loaded. */
  readonly values: Values;
}

/** The first row is the one that must win; an engine's test gives them in several orders. */
function group(id: string, name: string, winner: Values, ...others: Values[]): KeyGroup {
  return { name, lines: [winner, ...others].map(fields => corpusLine({ id, ...fields })), values: { id, ...winner } };
}

export const KEY_GROUPS: readonly KeyGroup[] = [
  group(
    'latest',
    'the greatest latestBy wins',
    { updated_at: '2026-01-02T00:00:00.000000Z', note: 'new' },
    { updated_at: '2026-01-01T23:59:59.999999Z', note: 'old' },
    { updated_at: '2025-12-31T00:00:00Z', note: 'older' },
  ),
  group(
    'instants',
    'points in time are compared, not texts',
    { updated_at: '2026-01-01T12:00:00.000000Z', note: 'noon in UTC' },
    { updated_at: '2026-01-01T13:00:00+02:00', note: 'an hour before' },
  ),
  group(
    'nulls',
    'null is the smallest latestBy',
    { updated_at: '0001-01-01T00:00:00.000000Z' },
    { note: 'without time' },
  ),
  group(
    'same',
    'equal rows are one',
    { label: 'a', note: 'b' },
    { label: 'a', note: 'b' },
    { label: '"a"', note: 'b' },
  ),
  group('text', 'then text, by its bytes', { label: 'b' }, { label: 'a' }, { label: 'B' }, {}),
  group(
    'unicode',
    'text above U+FFFF is greater than all below it',
    { label: '😀' },
    { label: '\uff21' },
    { label: 'z' },
  ),
  group('prefix', 'a longer text is greater than its beginning', { label: 'ab' }, { label: 'a' }),
  group(
    'control',
    'a longer text is greater than its beginning, whatever follows',
    { label: 'a\u0001' },
    { label: 'a' },
  ),
  group('integers', 'then integers, as text', { quantity: '9' }, { quantity: '10' }, { quantity: '-5' }),
  group('decimals', 'then decimals, as text', { amount: '9.00' }, { amount: '10.00' }, { amount: '-9.50' }),
  group('doubles', 'then floating-point numbers, by value', { ratio: '10' }, { ratio: '9' }, { ratio: '-1e5' }),
  group('bools', 'then booleans', { gift: 'true' }, { gift: 'false' }, {}),
  group('dates', 'then dates', { ordered_on: '2026-02-01' }, { ordered_on: '2026-01-31' }, {}),
  group('order', 'columns count in their order', { label: 'b', note: 'a' }, { label: 'a', note: 'z' }),
];

export interface CorpusFileOptions {
  readonly lineEnd?: string;
  readonly byteOrderMark?: boolean;
  readonly header?: boolean;
}

/** The bytes of a file of rows. */
export function corpusFile(lines: readonly (string | Buffer)[], options: CorpusFileOptions = {}): Buffer {
  const lineEnd = Buffer.from(options.lineEnd ?? '\n');
  const all = [...(options.header === false ? [] : [names.join(',')]), ...lines];
  return Buffer.concat([
    Buffer.from(options.byteOrderMark ? '\ufeff' : ''),
    ...all.flatMap(line => [Buffer.from(line as string), lineEnd]),
  ]);
}
