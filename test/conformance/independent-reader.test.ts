import { MALFORMED, read, ReaderDataset } from './independent-reader';
import { ACCEPTED_ROWS, CORPUS, corpusFile, KEY_GROUPS, REJECTED_ROWS } from '../csv-corpus';

// The reader is held against rows whose outcome is written down by hand.

const {
  columns,
  key,
  latestBy,
  format: { delimiter },
} = CORPUS._definition;
const dataset: ReaderDataset = { columns, key, latestBy, delimiter, header: true };

const texts = (row: ReadonlyMap<string, { canonical: string }>) =>
  Object.fromEntries([...row].map(([name, { canonical }]) => [name, canonical]));

/** Floating-point numbers have many spellings. */
const byValue = ({ ratio, ...values }: { readonly [column: string]: string }) =>
  ratio === undefined ? values : { ...values, ratio: Number(ratio) };

test.each(ACCEPTED_ROWS.map(row => [row.name, row] as const))('accepts %s', (_, { line, values }) => {
  const { rows, rejected } = read([corpusFile([line])], dataset);
  expect(rejected).toEqual([]);
  expect(rows.map(texts).map(byValue)).toEqual([byValue(values)]);
});

test.each(REJECTED_ROWS.map(row => [row.name, row] as const))('rejects %s', (_, { line, lineCount, reason }) => {
  const { rows, rejected, rowsRead } = read([corpusFile([line])], dataset);
  expect(rows).toEqual([]);
  expect(rejected.map(({ fault }) => fault)).toEqual(
    Array(lineCount).fill(reason.startsWith(MALFORMED) ? MALFORMED : reason.split(':')[0]),
  );
  expect(rowsRead).toBe(lineCount);
});

test.each(KEY_GROUPS.map(group => [group.name, group] as const))('of rows with one key: %s', (_, { lines, values }) => {
  for (const ordered of [lines, [...lines].reverse()]) {
    const { rows, duplicates } = read([corpusFile(ordered)], dataset);
    expect(rows.map(texts).map(byValue)).toEqual([byValue(values)]);
    expect(duplicates).toBe(lines.length - 1);
  }
});
