// Judges the JSON report of a default demo run (`npm run demo -- --report FILE`) by what the samples of
// local/demo/sample-data say.
//   DEMO_REPORT=FILE node --test .ci/demo.test.mjs
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const report = JSON.parse(readFileSync(process.env.DEMO_REPORT, 'utf8'));

const columns = ['order_id', 'customer', 'status', 'quantity', 'amount', 'gift', 'ordered_on', 'updated_at', 'note'];
// updated_at without what the targets write differently: `T`, zone and the zeros at the end
const expectedRows = [
  [
    '1001',
    'Ada Lovelace',
    'shipped',
    '2',
    '39.90',
    'false',
    '2026-11-02',
    '2026-11-06 16:20:00',
    'left with a neighbour',
  ],
  ['1002', 'Grace Hopper', 'placed', '1', '1250.00', 'true', '2026-11-02', '2026-11-02 09:30:00', 'Wrap it, please'],
  ['1003', 'José Núñez', 'placed', '12', '7.50', 'false', '2026-11-02', '2026-11-02 10:00:00', null],
  [
    '1004',
    'Lin "Max" Wei',
    'placed',
    '3',
    '0.99',
    'false',
    '2026-11-02',
    '2026-11-02 11:45:30.25',
    'from C:\\orders\\1004',
  ],
  [
    '2001',
    'Edsger Dijkstra',
    'paid',
    '1',
    '19999999.99',
    'false',
    '2026-11-03',
    '2026-11-03 07:00:00',
    'largest order so far',
  ],
  ['2002', 'Barbara Liskov', 'paid', '40', '80.00', 'true', '2026-11-03', '2026-11-03 07:05:00', null],
  ['2003', 'Margaret Hamilton', 'returned', '1', '-49.95', 'false', '2026-11-05', '2026-11-06 16:30:00', null],
  ['3001', 'Alan Turing', 'placed', '1', '64.00', 'false', '2026-11-04', '2026-11-04 09:00:00', 'this row is good'],
];

function rowsWith(timestampText) {
  return expectedRows.map(values =>
    Object.fromEntries(
      columns.map((name, index) => [name, name === 'updated_at' ? timestampText(values[index]) : values[index]]),
    ),
  );
}

test('every file has its final status, once: the event that came twice brought no second entry', () => {
  const files = report.files
    .map(({ key, status }) => ({ key, status }))
    .sort((one, other) => (one.key < other.key ? -1 : 1));
  assert.deepEqual(files, [
    { key: 'orders/2026-11-02-web.csv', status: 'LOADED' },
    { key: 'orders/2026-11-03-shop.csv.gz', status: 'LOADED' },
    { key: 'orders/2026-11-04-bad-row.csv', status: 'LOADED' },
    { key: 'orders/2026-11-05-bad-file.csv', status: 'REJECTED' },
    { key: 'orders/2026-11-06 update + returns.csv', status: 'LOADED' },
  ]);
});

test('a rejected file says why, a loaded one says nothing', () => {
  for (const { key, status, reason } of report.files) {
    if (status === 'REJECTED') assert.match(reason, /header/i, key);
    else assert.equal(reason, null, key);
  }
});

test('every file is a version of its own, and was settled by a run that succeeded', () => {
  assert.equal(new Set(report.files.map(file => file.versionId)).size, 5);
  const succeeded = report.runs.filter(run => run.status === 'SUCCEEDED').map(run => run.runId);
  assert.equal(succeeded.length, report.runs.length, 'some run did not succeed');
  for (const { key, versionId, runId } of report.files) {
    assert.equal(typeof versionId, 'string', key);
    assert.ok(succeeded.includes(runId), `${key} belongs to run ${runId}, which is none of the runs`);
  }
});

test('each step has counted every row', () => {
  for (const { runId, seconds } of report.runs) assert.ok(seconds > 0, `run ${runId} took ${seconds} s`);
  const stepIds = new Set(report.runs.flatMap(run => Object.keys(run.steps)));
  assert.equal(stepIds.size, 2);
  for (const stepId of stepIds) {
    const steps = report.runs.map(run => run.steps[stepId]).filter(step => step);
    const sum = name => steps.reduce((total, step) => total + step[name], 0);
    assert.equal(sum('rowsRead'), 10, `${stepId}: rows read`);
    assert.equal(sum('rowsRejected'), 1, `${stepId}: rows rejected`);
    // order 1001 and its update: one row is dropped if both came in one run, else each is written
    assert.equal(sum('rowsWritten') + sum('duplicatesDropped'), 9, `${stepId}: rows written and duplicates dropped`);
    if (report.runs.length === 1) assert.equal(sum('duplicatesDropped'), 1, `${stepId}: duplicates dropped`);
  }
});

test('DynamoDB holds exactly the expected items', () => {
  assert.deepEqual(
    report.dynamodb,
    rowsWith(text => {
      const [date, time] = text.split(' ');
      const [seconds, fraction = ''] = time.split('.');
      return `${date}T${seconds}.${fraction.padEnd(6, '0')}Z`;
    }).map(row => ({ ...row, amount: String(Number(row.amount)) })),
  ); // DynamoDB's numbers have no zeros at the end
});

test('Redshift holds exactly the expected rows', () => {
  assert.deepEqual(
    report.redshift,
    rowsWith(text => text),
  );
});
