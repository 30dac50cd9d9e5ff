import { spawn } from 'child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'fs';
import { availableParallelism, tmpdir } from 'os';
import * as path from 'path';
import { gzipSync } from 'zlib';
import { buildSync } from 'esbuild';
import { Client } from 'pg';
import { cpuSecondsSoFar } from './cpu-seconds';
import { serveObjects } from './object-server';
import { ORDERS, ordersFile } from './orders';
import { COPY_ROLE, LoaderBench } from '../loader-bench';

// npm run bench:load — the loader against the bare COPY and MERGE of the same rows, and the pass over the bytes by
// itself.

// npm run bench:load -- pass | load | short: a part alone; `short` is the load with fewer rows, in less than a minute.
const [PART] = process.argv.slice(2);
const ROWS = PART === 'short' ? 200_000 : 1_000_000;
const FILES = 8;

const print = (name: string, value: string): void => {
  process.stdout.write(`${name.padEnd(44)} ${value}\n`);
};

// ---- the pass over the bytes

interface Pass {
  readonly rows: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMiB: number;
}

async function measurePass(
  program: string,
  threads: number,
  contents: { name: string; bytes: Buffer }[],
): Promise<Pass> {
  const server = await serveObjects(new Map(contents.map(({ name, bytes }) => [name, bytes])));
  const files = contents.map(({ name, bytes }) => ({
    id: name,
    key: name,
    bytes: bytes.length,
    gzip: name.endsWith('.gz'),
  }));
  const list = path.join(path.dirname(program), 'files.json');
  writeFileSync(list, JSON.stringify(files));
  const child = spawn(process.execPath, ['--no-warnings', program, String(threads), list], {
    env: {
      ...process.env,
      AWS_ENDPOINT_URL: server.endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', text => {
    output += text;
  });
  await new Promise(resolve => child.once('close', resolve));
  server.stop();
  return JSON.parse(output) as Pass;
}

async function benchPass(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-'));
  const program = path.join(folder, 'pass.js');
  buildSync({
    entryPoints: [path.join(__dirname, 'pass.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    target: 'node20',
    minify: true,
    keepNames: true,
  });
  const parts = Array.from({ length: FILES }, (_, index) => [(index * ROWS) / FILES, ROWS / FILES] as const);
  const named = (suffix: string, bytes: Buffer[]) =>
    bytes.map((content, index) => ({ name: `part-${index}.csv${suffix}`, bytes: content }));
  const plain = parts.map(([first, count]) => ordersFile(first, count));
  const quoted = parts.map(([first, count]) => ordersFile(first, count, true));
  const large = [
    {
      name: 'part-0.csv',
      bytes: Buffer.concat(
        [...plain, ...plain, ...plain, ...plain, ...plain, ...plain].map((bytes, index) =>
          index === 0 ? bytes : bytes.subarray(bytes.indexOf('\n') + 1),
        ),
      ),
    },
  ];
  const megabytes = (contents: Buffer[]): number => contents.reduce((sum, { length }) => sum + length, 0) / 1e6;
  const show = (name: string, text: number, { seconds, cpuSeconds, peakMiB }: Pass): void =>
    print(
      name,
      `${(text / cpuSeconds).toFixed(0)} MB per CPU second, ${(text / seconds).toFixed(0)} MB/s, peak ` +
        `${peakMiB.toFixed(0)} MiB`,
    );
  for (const [name, texts, contents] of [
    ['plain', plain, named('', plain)],
    ['quoted', quoted, named('', quoted)],
    [
      'gzip',
      plain,
      named(
        '.gz',
        plain.map(bytes => gzipSync(bytes)),
      ),
    ],
    [
      'gzip, quoted',
      quoted,
      named(
        '.gz',
        quoted.map(bytes => gzipSync(bytes)),
      ),
    ],
  ] as const) {
    show(`pass, ${name}, 1 thread`, megabytes([...texts]), await measurePass(program, 1, [...contents]));
  }
  const one = await measurePass(program, 1, large);
  for (const threads of [2, 4].filter(count => count <= availableParallelism())) {
    const several = await measurePass(program, threads, large);
    show(`pass, one large file, ${threads} threads`, megabytes([large[0].bytes]), several);
    print(`  times 1 thread (${one.seconds.toFixed(2)} s)`, (one.seconds / several.seconds).toFixed(2));
  }
  const tiny = named(
    '',
    Array.from({ length: 5_000 }, (_, index) => ordersFile(index * 10, 10)),
  );
  const { seconds, peakMiB } = await measurePass(program, 1, tiny);
  print('pass, 5,000 tiny files', `${seconds.toFixed(1)} s, peak ${peakMiB.toFixed(0)} MiB`);
  rmSync(folder, { recursive: true });
}

// ---- the whole load

const VALUES: Record<string, string> = {
  amount: 'CAST(staged.amount AS DECIMAL(12, 2))',
  quantity: 'CAST(staged.quantity AS BIGINT)',
  ordered_on: 'CAST(staged.ordered_on AS DATE)',
  updated_at: 'CAST(staged.updated_at AS TIMESTAMP)',
};

interface Cost {
  readonly seconds: number;
  /** Of all processes of the bench: the loader, the stand-in and PostgreSQL. */
  readonly cpuSeconds: number;
}

/** What has been spent since. */
function startMeasuring(): () => Cost {
  const [started, cpu] = [Date.now(), cpuSecondsSoFar()];
  return () => ({ seconds: (Date.now() - started) / 1000, cpuSeconds: cpuSecondsSoFar() - cpu });
}

/** COPY into a table of texts, and a MERGE that converts them: what one would write by hand, without any check. */
async function bareLoad(bench: LoaderBench, manifest: string, table: string): Promise<Cost> {
  const client = new Client({
    host: bench.redshift.host,
    port: bench.redshift.port,
    ...bench.login,
    database: 'dev',
    ssl: { rejectUnauthorized: false },
  });
  await client.connect();
  const names = ORDERS.columns.map(({ name }) => name);
  const values = names.map(name => VALUES[name] ?? `staged.${name}`);
  await client.query(
    `CREATE TABLE analytics.${table} (order_id VARCHAR(65535) NOT NULL, customer VARCHAR(65535), amount ` +
      'DECIMAL(12, 2), quantity BIGINT, ' +
      'ordered_on DATE, updated_at TIMESTAMP, note VARCHAR(65535), PRIMARY KEY (order_id))',
  );
  const spent = startMeasuring();
  await client.query(`CREATE TEMP TABLE staged (${names.map(name => `${name} VARCHAR(64)`).join(', ')})`);
  await client.query(
    `COPY staged FROM '${manifest}' IAM_ROLE '${COPY_ROLE}' MANIFEST REGION 'us-east-1' FORMAT AS CSV IGNOREHEADER 1`,
  );
  print('  bare COPY', `${spent().seconds.toFixed(2)} s`);
  await client.query(`MERGE INTO analytics.${table} USING staged ON ${table}.order_id = staged.order_id
    WHEN MATCHED THEN UPDATE SET ${names
      .slice(1)
      .map((name, index) => `${name} = ${values[index + 1]}`)
      .join(', ')}
    WHEN NOT MATCHED THEN INSERT (${names.join(', ')}) VALUES (${values.join(', ')})`);
  const cost = spent();
  await client.end();
  return cost;
}

async function benchLoad(): Promise<void> {
  const bench = await LoaderBench.start();
  try {
    const files = Array.from({ length: FILES }, (_, index) => ({
      content: ordersFile((index * ROWS) / FILES, ROWS / FILES),
    }));
    await bench.load({ ...ORDERS, name: 'warm' }, [{ content: ordersFile(0, 10) }]);
    const input = await bench.stage(ORDERS, files);
    const manifest = await bench.putManifest(input);
    const before = await bareLoad(bench, manifest, 'bare_before');
    const started = Date.now();
    const spent = startMeasuring();
    const run = await bench.run(input);
    const loader = spent();
    if (run.result?.rowsWritten !== ROWS) throw new Error(`The loader failed: ${run.log}${run.errors}`);
    const events = run.log
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { time: string; message: string });
    for (const [index, { time, message }] of events.entries()) {
      print(
        `  ${message}`,
        `${((Date.parse(events[index + 1]?.time ?? time) - Date.parse(time)) / 1000).toFixed(2)} s`,
      );
    }
    print('start of the program to its connection', `${((Date.parse(events[0].time) - started) / 1000).toFixed(2)} s`);
    // on both sides of the load: other programs come and go
    const after = await bareLoad(bench, manifest, 'bare_after');
    for (const [name, unit] of [
      ['seconds', 's'],
      ['cpuSeconds', 'CPU s'],
    ] as const) {
      const bare = (before[name] + after[name]) / 2;
      print(`loader, ${ROWS} rows`, `${loader[name].toFixed(1)} ${unit}`);
      print('bare COPY and MERGE of the same rows', `${bare.toFixed(1)} ${unit}`);
      print(`loader / bare, ${unit}`, (loader[name] / bare).toFixed(2));
    }
  } finally {
    await bench.stop();
  }
}

async function main(): Promise<void> {
  if (PART !== 'load' && PART !== 'short') await benchPass();
  if (PART !== 'pass') await benchLoad();
}

void main();
