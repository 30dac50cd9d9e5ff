// A load that is interrupted at every statement and at every request to AWS that a recorded load makes, and then
// repeated: the table, the load history and the rejected rows are as after one load, and nothing is left running.
//
// LOAD_FAULTS=all tries every interruption at every point; by default every second point of an append, which shows a
// second load at once, and every fourth of an upsert meets one of them.
import { ChildProcess } from 'child_process';
import { setTimeout as pause } from 'timers/promises';
import { LoaderBench, LoaderRun } from './loader-bench';
import { Column, DataFormat, Dataset } from '../../src';
import { AwsProxy, startAwsProxy } from './redshift-faults/aws-proxy';
import { LOADER_EXIT, LoaderInput } from '../../src/fargate-redshift-step/contract';

jest.setTimeout(3_600_000); // so many loads: it is a matter of minutes, and of more on a busy machine

const INTERRUPTIONS = ['SIGKILL', 'SIGTERM', 'cut', 'silence'] as const;
type Interruption = (typeof INTERRUPTIONS)[number];

/** What a load has done so far, and where it is interrupted. */
class Points {
  readonly seen: string[] = [];
  child?: ChildProcess;

  constructor(
    private readonly at?: number,
    private readonly interruption?: Interruption,
  ) {}

  async meet(what: string, moment: 'before' | 'after'): Promise<'cut' | 'silence' | undefined> {
    const point = this.seen.push(`${moment} ${what}`) - 1;
    if (point !== this.at) return undefined;
    switch (this.interruption!) {
      case 'SIGKILL':
        this.child!.kill('SIGKILL');
        await new Promise(resolve => this.child!.once('exit', resolve));
        return undefined;
      case 'SIGTERM':
        this.child!.kill('SIGTERM');
        return undefined;
      case 'cut':
        return 'cut';
      case 'silence':
        this.child!.kill('SIGTERM');
        return 'silence';
    }
  }
}

let bench: LoaderBench;
let aws: AwsProxy;
let points = new Points();

beforeAll(async () => {
  bench = await LoaderBench.start();
  bench.redshift.watch((sql, moment) => points.meet(sql, moment));
  aws = await startAwsProxy(bench.awsEndpoint, (request, moment) => points.meet(request, moment));
});
afterAll(async () => {
  aws?.stop();
  await bench?.stop();
});

const columns = [Column.string('id'), Column.integer('amount'), Column.timestamp('updated_at')];
let tables = 0;
const dataset = () =>
  new Dataset({ name: `faults_${++tables}`, format: DataFormat.csv(), columns, key: ['id'], latestBy: 'updated_at' })
    ._definition;

const HEADER = 'id,amount,updated_at\n';
const FILES = [
  { content: `${HEADER}a,1,2026-01-01T00:00:00Z\na,2,2026-01-02T00:00:00Z\nb,x,\nc,3,\n` },
  { content: `${HEADER}d,4,\n`, gzip: true },
];
const COUNTS = { rowsRead: 5, rowsWritten: 3, rowsRejected: 1, duplicatesDropped: 1 };
const ROWS = ['a 2', 'c 3', 'd 4'];

async function run(input: LoaderInput, interrupted: Points): Promise<LoaderRun> {
  points = interrupted;
  return bench.run(
    input,
    child => {
      interrupted.child = child;
    },
    { AWS_ENDPOINT_URL: aws.endpoint },
  );
}

async function expectOneLoad({ schema, table, runId, ...input }: LoaderInput): Promise<void> {
  const rows = await bench.redshift.query(
    `SELECT concat_ws(' ', id, amount) AS text FROM ${schema}.${table} ORDER BY 1`,
  );
  expect(rows.map(({ text }) => text)).toEqual(ROWS);
  const history = await bench.redshift.query(`SELECT * FROM ${schema}.etl_load_history WHERE run_id = '${runId}'`);
  expect(history).toMatchObject([{ rows_read: '5', rows_written: '3', rows_rejected: '1', duplicates_dropped: '1' }]);
  expect(await bench.rejectedRows({ schema, table, runId, ...input })).toHaveLength(1);
}

/** The server may need a moment to notice that a client is gone. */
async function expectNoSessions(): Promise<void> {
  const sessions = () => bench.redshift.query("SELECT query FROM pg_stat_activity WHERE usename = 'loader'");
  for (let wait = 0; wait < 50 && (await sessions()).length > 0; wait++) await pause(100);
  expect(await sessions()).toEqual([]);
}

/** In a schema of its own, so that the history is made, too. */
const newLoad = (mode: LoaderInput['mode']) => {
  const target = dataset();
  return bench.stage(target, FILES, { mode, schema: `schema_of_${target.name}` });
};

async function interrupt(mode: LoaderInput['mode'], point: number, interruption: Interruption): Promise<void> {
  const input = await newLoad(mode);
  const first = await run(input, new Points(point, interruption));
  if (interruption === 'cut') {
    expect(first).toMatchObject({ exitCode: LOADER_EXIT.done, result: COUNTS });
  } else if (first.exitCode !== LOADER_EXIT.done) {
    expect(first.exitCode).toBe(interruption === 'SIGKILL' ? null : LOADER_EXIT.transient);
  }
  await expectNoSessions();
  const second = await run({ ...input, attempt: 2 }, new Points());
  expect(second).toMatchObject({ exitCode: LOADER_EXIT.done, result: COUNTS });
  await expectOneLoad(input);
  await expectNoSessions();
}

const TRY_ALL = process.env.LOAD_FAULTS === 'all';

// a repeated append shows at once; an upsert has statements of its own
test.each([
  ['append', TRY_ALL ? 1 : 2],
  ['upsert', TRY_ALL ? 1 : 4],
] as const)('a load in mode %s is done once, wherever it is interrupted', async (mode, stride) => {
  const recorded = new Points();
  const input = await newLoad(mode);
  expect(await run(input, recorded)).toMatchObject({ exitCode: LOADER_EXIT.done, result: COUNTS });
  await expectOneLoad(input);
  expect(recorded.seen.filter(point => point.startsWith('after COMMIT'))).toHaveLength(1);
  expect(recorded.seen.filter(point => / PUT .*result\.json/.test(point))).toHaveLength(2);

  const failures: string[] = [];
  for (let point = 0; point < recorded.seen.length; point += stride) {
    // the requests of one load may come in another order in the next: a point is a number
    for (const interruption of TRY_ALL ? INTERRUPTIONS : [INTERRUPTIONS[(point / stride) % INTERRUPTIONS.length]]) {
      await interrupt(mode, point, interruption).catch((error: Error) =>
        failures.push(`${interruption} at ${point}, ${recorded.seen[point]}: ${error.message}`),
      );
    }
  }
  expect(failures).toEqual([]);
});
