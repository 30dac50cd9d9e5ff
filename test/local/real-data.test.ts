// Files that nobody here has made, loaded by the real loader, and held against a reader that knows nothing of it.
import { LoaderBench } from './loader-bench';
import { readFlights } from './real-data/flights';
import { read, ReaderColumn, ReaderDataset } from '../conformance/independent-reader';
import { libraryDataset } from '../conformance/scenarios';

jest.setTimeout(900_000);

let bench: LoaderBench;
beforeAll(async () => {
  bench = await LoaderBench.start();
});
afterAll(async () => {
  await bench?.stop();
});

const column = (name: string, type: ReaderColumn['type'] = 'integer'): ReaderColumn => ({ name, type });

const FLIGHTS: ReaderDataset = {
  columns: [
    column('year'),
    column('month'),
    column('day'),
    column('dep_time', 'string'), // NA, if the flight was cancelled
    column('sched_dep_time'),
    column('dep_delay', 'string'),
    column('arr_time', 'string'),
    column('sched_arr_time'),
    column('arr_delay', 'string'),
    column('carrier', 'string'),
    column('flight'),
    column('tailnum', 'string'),
    column('origin', 'string'),
    column('dest', 'string'),
    column('air_time', 'string'),
    column('distance'),
    column('hour'),
    column('minute'),
    column('time_hour', 'timestamp'),
  ],
  key: ['time_hour', 'carrier', 'flight', 'origin'],
  delimiter: ',',
  header: true,
};

const withNumbers = (names: string[]): ReaderDataset => ({
  ...FLIGHTS,
  columns: FLIGHTS.columns.map(({ name, type }) => column(name, names.includes(name) ? 'integer' : type)),
});

const ALL = 336_776;

test.each([
  ['every flight', FLIGHTS, 2],
  ['of half of them those whose delay is a number', withNumbers(['dep_delay']), 1],
])('the flights of a year: %s', async (_, dataset, halves) => {
  const flights = await readFlights();
  const half = flights.indexOf('\n', flights.length / 2) + 1;
  const header = flights.subarray(0, flights.indexOf('\n') + 1);
  const contents = [flights.subarray(0, half), Buffer.concat([header, flights.subarray(half)])].slice(0, halves);
  const expected = read(contents, dataset);

  const library = libraryDataset(`flights_${halves}`, dataset)._definition;
  const files = contents.map((content, index) => ({ content, gzip: index === 1 }));
  const result = await bench.load(library, files, { maxRejectedRows: 10_000 });
  expect(result).toMatchObject({
    rowsRead: expected.rowsRead,
    rowsWritten: expected.rows.length,
    rowsRejected: expected.rejected.length,
    duplicatesDropped: 0,
  });
  if (halves === 2) expect(result).toMatchObject({ rowsRead: ALL, rowsWritten: ALL });
  else expect(result.rowsRejected).toBeGreaterThan(1_000);

  const values = dataset.columns.map(({ name, type }) =>
    type === 'timestamp' ? `to_char(${name}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')` : name,
  );
  const loaded = await bench.redshift.query(
    `SELECT concat_ws(',', ${values.join(', ')}) AS line FROM analytics.${library.name}`,
  );
  const lines = expected.rows.map(row => dataset.columns.flatMap(({ name }) => row.get(name)?.canonical ?? []).join());
  expect(firstDifference(loaded.map(({ line }) => line!).sort(), lines.sort())).toBeUndefined();
});

/** A comparison of so many lines that fails would not be read by anybody. */
function firstDifference(found: string[], expected: string[]): object | undefined {
  const index = expected.findIndex((line, place) => line !== found[place]);
  return index < 0 ? undefined : { found: found[index], expected: expected[index] };
}
