import { spawn } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import type { RunReport } from '../../local/demo/report';

jest.setTimeout(1_200_000); // it starts every engine, the first time it fetches them

const REPOSITORY = path.resolve(__dirname, '..', '..');

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flights-'));
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

/** What `npm run local -- …` does. */
function runLocal(...commandLine: string[]): Promise<{ exitCode: number | null; output: string }> {
  const child = spawn(
    process.execPath,
    [require.resolve('tsx/cli'), '--tsconfig', 'tsconfig.dev.json', 'local/run.ts', ...commandLine],
    { cwd: REPOSITORY, env: { ...process.env, INIT_CWD: REPOSITORY }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => {
      output += chunk;
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', exitCode => resolve({ exitCode, output }));
  });
}

test('an app of another dataset, with a key of two columns and a step of its own, runs on one machine', async () => {
  const [json, page] = ['report.json', 'report.html'].map(name => path.join(folder, name));
  const { exitCode, output } = await runLocal(
    'examples/flights',
    '--input',
    'examples/flights/reports',
    '--report',
    json,
    '--report',
    page,
  );
  expect({ exitCode, output }).toMatchObject({ exitCode: 0 });

  const report = JSON.parse(fs.readFileSync(json, 'utf8')) as RunReport;
  expect(report.files.map(({ key, status }) => [key, status])).toEqual([
    ['reports/2026-11-20.csv', 'LOADED'],
    ['reports/2026-11-21.csv', 'LOADED'],
  ]);
  const keys = [
    ['CX 101', '2026-11-20', '188'], // its second report of that day
    ['CX 101', '2026-11-21', '176'],
    ['CX 102', '2026-11-20', '203'],
    ['CX 102', '2026-11-21', null],
  ];
  for (const rows of [report.dynamodb, report.redshift]) {
    expect(rows?.map(row => [row.flight_number, row.flown_on, row.passengers])).toEqual(keys);
  }
  const sum = (stepId: string) => report.runs.reduce((rows, { steps }) => rows + (steps[stepId]?.rowsRejected ?? 0), 0);
  expect([sum('ToDynamo'), sum('ToRedshift')]).toEqual([1, 1]);
  for (const { runId, otherResults } of report.runs) {
    expect(otherResults).toEqual({ Summary: { run: runId, flights: expect.any(Number), agreed: true } });
  }

  expect(output).toContain('yes: 4 rows, the same in every column');
  expect(output).toContain('Summary is done. It returned {"run":');
  expect(output).toContain('rowsRead, rowsWritten, rowsRejected, duplicatesDropped, seconds');
  expect(fs.readFileSync(page, 'utf8')).toContain('Every file is loaded or rejected.');
});
