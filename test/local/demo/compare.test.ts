import { canonicalText, pairRows, sortByKey } from '../../../local/demo/compare';
import type { ColumnDefinition, DatasetDefinition } from '../../../src/dataset/contract';

const column = (name: string, type: ColumnDefinition['type'], more = {}): ColumnDefinition => ({
  name,
  type,
  header: name,
  required: false,
  ...more,
});

test.each([
  { type: 'string', one: ' a', other: 'a', same: false },
  { type: 'string', one: '', other: null, same: false },
  { type: 'integer', one: '007', other: '7', same: true },
  { type: 'integer', one: '9223372036854775807', other: '9223372036854775806', same: false },
  { type: 'decimal', one: '0.5', other: '.50', same: true },
  { type: 'decimal', one: '-0.00', other: '0.00', same: true },
  { type: 'decimal', one: '12345678901234567890123456.78', other: '12345678901234567890123456.79', same: false },
  { type: 'decimal', one: '1.001', other: '1.00', same: false },
  { type: 'decimal', one: '1E2', other: '100.00', same: false },
  { type: 'floatingPoint', one: '1e+20', other: '100000000000000000000', same: true },
  { type: 'floatingPoint', one: '-0', other: '0', same: true },
  { type: 'floatingPoint', one: '0.1', other: '0.10000000000000002', same: false },
  { type: 'bool', one: 't', other: 'true', same: true },
  { type: 'bool', one: 'f', other: 'true', same: false },
  { type: 'date', one: '2026-11-01', other: '2026-11-02', same: false },
  { type: 'timestamp', one: '2026-11-01T10:00:00.000000Z', other: '2026-11-01 10:00:00', same: true },
  { type: 'timestamp', one: '2026-11-01T10:00:00.250000Z', other: '2026-11-01 10:00:00.25', same: true },
  { type: 'timestamp', one: '2026-11-01T10:00:00.000000Z', other: '2026-11-01 10:00:00.000001', same: false },
  { type: 'timestamp', one: '2026-11-01T10:00:00.000000Z', other: '2026-11-01 10:00:00+02', same: false },
] as const)('$type: $one and $other mean the same: $same', ({ type, one, other, same }) => {
  const ofType = column('c', type, { precision: 28, scale: 2 });
  expect(canonicalText(ofType, one) === canonicalText(ofType, other)).toBe(same);
});

const DATASET: DatasetDefinition = {
  name: 'orders',
  format: { type: 'csv', delimiter: ',', header: true },
  columns: [column('id', 'string'), column('placed', 'timestamp'), column('gift', 'bool')],
  key: ['id'],
};

test('rows are paired by key, and a difference names its column', () => {
  const pairs = pairRows(
    DATASET,
    [
      { id: 'b', placed: '2026-11-01T10:00:00.000000Z', gift: 'true' },
      { id: 'a', placed: null, gift: null },
    ],
    [
      { id: 'a', placed: null, gift: 'f' },
      { id: 'b', placed: '2026-11-01 10:00:00', gift: 't' },
    ],
  );
  expect(pairs.map(({ key, differences }) => ({ key, differences }))).toEqual([
    { key: 'a', differences: ['gift'] },
    { key: 'b', differences: [] },
  ]);
});

test('a row that one target lacks differs in every column, and so does a key held twice', () => {
  const row = { id: 'a', placed: null, gift: null };
  expect(pairRows(DATASET, [row], []).map(pair => pair.differences)).toEqual([['id', 'placed', 'gift']]);
  expect(pairRows(DATASET, [row], [row, row]).map(pair => pair.differences.length)).toEqual([0, 3]);
});

test('rows are sorted by their key, not by how a target lists them', () => {
  expect(sortByKey(DATASET, [{ id: 'b' }, { id: 'a' }, { id: 'B' }]).map(row => row.id)).toEqual(['B', 'a', 'b']);
});
