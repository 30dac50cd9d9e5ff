import { createHash } from 'crypto';
import { read } from './independent-reader';
import { Scenario, SCENARIOS } from './scenarios';

// Rows that were all good, or all bad in one column, would prove nothing.

const readings = new Map(
  SCENARIOS.map(({ name, dataset, files }) => [
    name,
    read(
      files.map(file => file.content),
      dataset,
    ),
  ]),
);

const hashes = ({ files }: Scenario) => files.map(({ content }) => createHash('sha256').update(content).digest('hex'));

test.each([...readings])('%s: some rows are accepted', (_, { rows }) => {
  expect(rows.length).toBeGreaterThan(0);
});

test('in every column of every type, many rows are rejected', () => {
  const [
    {
      dataset: { columns },
      name,
    },
  ] = SCENARIOS;
  const faults = readings.get(name)!.rejected.map(({ fault }) => fault);
  for (const fault of ['malformed', ...columns.slice(1).map(column => column.name)]) {
    expect(faults.filter(other => other === fault).length).toBeGreaterThan(10);
  }
});

test('some scenarios have duplicates', () => {
  expect([...readings.values()].filter(({ duplicates }) => duplicates > 50)).toHaveLength(4);
});

test('the same rows come out every time', () => {
  jest.isolateModules(() => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const again: typeof import('./scenarios') = require('./scenarios');
    expect(again.SCENARIOS.map(hashes)).toEqual(SCENARIOS.map(hashes));
  });
});
