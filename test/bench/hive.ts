// npm run bench:hive: the step's HiveQL against the shortest HiveQL that loads the same rows, on one engine.
import { readdirSync, readFileSync, rmSync } from 'fs';
import * as path from 'path';
import { parseArgs } from 'util';
import { ItemSink, startItemSink } from './hive/item-sink';
import { MeasuredStatement, Measurement, runMeasured, total } from './hive/measured-script';
import { writeOrderFiles } from './hive/order-files';
import { countsOf, inputOf, KEY, shortestScript, stepScript, TABLE } from './hive/scripts';
import { RunningHive, startHive } from '../../local/hive';
import { createRunFolder } from '../../local/processes';

const USAGE = `Loads orders through the HiveQL of EmrHiveDynamoStep and through the shortest HiveQL for the same rows, into an endpoint that only counts items.

  npm run bench:hive                           200,000 and 1,000,000 rows, three times each
  npm run bench:hive -- --rows N --repeats N   other numbers; --rows may be given more than once
  npm run bench:hive -- --goal 0.8             the least ratio of rows a second, the default

Exit code: 0 if every load wrote every row and the ratio reaches the goal, 1 if not.`;

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', multiple: true, default: ['200000', '1000000'] },
    repeats: { type: 'string', default: '3' },
    goal: { type: 'string', default: '0.8' },
    help: { type: 'boolean', short: 'h' },
  },
});

type Script = (folder: string, runId: string, endpoint: string) => string;
const SCRIPTS: { readonly [name: string]: Script } = { 'shortest HiveQL': shortestScript, "the step's HiveQL": stepScript };

interface Load {
  readonly statements: MeasuredStatement[];
  readonly total: Measurement;
}

class Bench {
  public static async start(): Promise<Bench> {
    const folder = createRunFolder();
    const sink = await startItemSink(TABLE, KEY);
    // the compiler of long-lived processes, as in the containers of EMR: the local engine's own default is for short loads
    const hive = await startHive({ runFolder: folder, awsEndpoint: sink.endpoint, javaOptions: ['-XX:TieredStopAtLevel=4'] });
    return new Bench(folder, hive, sink);
  }

  private constructor(private readonly folder: string, private readonly hive: RunningHive, private readonly sink: ItemSink) {}

  public async stop(): Promise<void> {
    await this.hive.stop();
    this.sink.close();
    rmSync(this.folder, { recursive: true });
  }

  /** Loads once to warm up, then both scripts in turns; returns the rate of the step's rows as a part of the other's. */
  public async compare(rows: number, repeats: number): Promise<number> {
    const runId = `rows-${rows}`;
    const bytes = writeOrderFiles(inputOf(this.folder, runId), rows);
    const loads: Record<string, Load[]> = {};
    for (let turn = 0; turn <= repeats; turn++) {
      for (const [name, script] of Object.entries(SCRIPTS)) {
        const load = await this.load(script, runId, rows);
        process.stderr.write(`${rows} rows, ${turn === 0 ? 'warming up' : `turn ${turn}`}, ${name}: ${load.total.wallSeconds.toFixed(1)} s\n`);
        if (turn > 0) (loads[name] ??= []).push(load);
      }
    }
    rmSync(inputOf(this.folder, runId), { recursive: true });
    print(rows, bytes, loads);
    const [shortest, step] = Object.keys(SCRIPTS).map(name => median(loads[name].map(load => load.total.wallSeconds)));
    return shortest / step;
  }

  private async load(script: Script, runId: string, rows: number): Promise<Load> {
    this.sink.takeCount();
    const statements = await runMeasured(this.hive, script(this.folder, runId, this.sink.endpoint));
    const items = this.sink.takeCount();
    if (items !== rows) throw new Error(`${items} items reached DynamoDB, of ${rows} rows`);
    if (script === stepScript) expectCounts(countsOf(this.folder, runId), rows);
    return { statements, total: total(statements) };
  }
}

/** What the step's HiveQL has counted. */
function expectCounts(folder: string, rows: number): void {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true }).filter(entry => entry.isFile() && !entry.name.startsWith('.'));
  const counts = Object.assign({}, ...files.flatMap(({ parentPath, name }) => {
    return readFileSync(path.join(parentPath, name), 'utf8').split('\n').filter(line => line !== '').map(line => JSON.parse(line));
  }));
  if (counts.rowsRead !== rows || counts.rowsWritten !== rows) throw new Error(`the script has counted ${JSON.stringify(counts)}, of ${rows} rows`);
}

function print(rows: number, bytes: number, loads: Record<string, Load[]>): void {
  const gigabytes = bytes / 1e9;
  console.log(`\n${rows.toLocaleString('en')} rows, ${(bytes / 1e6).toFixed(0)} MB of CSV; medians of ${Object.values(loads)[0].length} turns\n`);
  console.log('                                             seconds   rows/s   CPU s   CPU s/GB');
  for (const [name, turns] of Object.entries(loads)) {
    const line = (label: string, measurements: Measurement[]) => {
      const wall = median(measurements.map(measurement => measurement.wallSeconds));
      const cpu = median(measurements.map(measurement => measurement.cpuSeconds));
      if (wall < 0.05) return; // DROP, CREATE
      console.log(label.padEnd(44) + [
        wall.toFixed(1).padStart(8), (rows / wall).toFixed(0).padStart(9), cpu.toFixed(1).padStart(8), (cpu / gigabytes).toFixed(0).padStart(11),
      ].join(''));
    };
    line(name, turns.map(turn => turn.total));
    turns[0].statements.forEach((statement, index) => line(`  ${statement.name.replace(/_rows_\w+/, '')}`, turns.map(turn => turn.statements[index])));
  }
}

function median(numbers: number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}

async function main(): Promise<void> {
  if (options.help) return console.log(USAGE);
  const bench = await Bench.start();
  try {
    for (const rows of options.rows.map(Number)) {
      const ratio = await bench.compare(rows, Number(options.repeats));
      const reached = ratio >= Number(options.goal);
      console.log(`\nrows a second, step / shortest: ${ratio.toFixed(2)} (goal: at least ${options.goal})${reached ? '' : '  NOT REACHED'}`);
      if (!reached) process.exitCode = 1;
    }
  } finally {
    await bench.stop();
  }
}

main().catch(error => {
  console.error(error);
  process.exitCode = 1;
});
