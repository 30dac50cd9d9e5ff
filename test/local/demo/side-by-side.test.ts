import { pairRows } from '../../../local/demo/compare';
import { sideBySide } from '../../../local/demo/side-by-side';
import type { DatasetDefinition } from '../../../src/dataset/contract';

const DATASET: DatasetDefinition = {
  name: 'orders',
  format: { type: 'csv', delimiter: ',', header: true },
  columns: [
    { name: 'id', type: 'string', header: 'id', required: true },
    { name: 'note', type: 'string', header: 'note', required: false },
  ],
  key: ['id'],
};
const TITLES = { dynamodb: 'DynamoDB', redshift: 'Redshift' };
const rows = (count: number) => Array.from({ length: count }, (_, index) => ({ id: `k${100 + index}`, note: null }));

function show(dynamodb: Array<Record<string, string | null>>, redshift = dynamodb, width = 100): string {
  return sideBySide(['id', 'note'], pairRows(DATASET, dynamodb, redshift), TITLES, width);
}

test('both values of a column stand in one line', () => {
  expect(show([{ id: '1', note: null }], [{ id: '1', note: 'x' }]).split('\n')).toEqual(
    [
      '        DynamoDB    Redshift',
      '────────────────────────────────',
      '  id    1           1',
      '≠ note  null        x',
      '────────────────────────────────',
    ].map(line => expect.stringMatching(new RegExp(`^${line.replace(/─+/, '─+')}$`))),
  );
});

test('no line is wider than the terminal', () => {
  const long = [{ id: '1', note: 'y'.repeat(500) }];
  for (const width of [40, 80, 200]) {
    expect(
      Math.max(
        ...show(long, long, width)
          .split('\n')
          .map(line => line.length),
      ),
    ).toBeLessThanOrEqual(width);
  }
});

test('a terminal does not obey what a value holds', () => {
  expect(show([{ id: '1', note: '\u001b[2Jgone\nnext' }])).toContain('\\u001b[2Jgone\\nnext');
});

test('of many rows the differing ones are shown first of all, and the others are counted', () => {
  const differing = [...rows(29), { id: 'k129', note: 'only here' }];
  const text = show(differing, rows(30));
  expect(text).toContain('≠ note  only here');
  expect(text).toContain('… and 10 more rows');
});

test('a row that one target lacks says so', () => {
  expect(show([{ id: '1', note: null }], [])).toContain('(no such row)');
});
