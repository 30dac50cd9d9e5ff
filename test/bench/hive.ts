// npm run bench:hive: the step's HiveQL against the shortest HiveQL that loads the same rows, on one engine.
import { readdirSync, readFileSync, rmSync } from 'fs';
import * as path from 'path';
import { parseArgs } from 'util';
import { ItemSink, startItemSink } from './hive/item-sink';
import { MeasuredStatement, Measurement, runMeasured, totalOf } from './hive/measured-script';
import { writeOrderFiles } from './hive/order-files';
import { countsOf, inputOf, KEY, shortestScript, stepScript, TABLE } from './hive/scripts';
import { RunningHive, startHive } from '../../local/hive';
import { createRunFolder } from '../../local/processes';

const USAGE = `Loads orders through the HiveQL of EmrHiveDynamoStep and through the shortest HiveQL for the same rows, into an endpoint that only counts items.

First that endpoint answers at once, which shows what the HiveQL itself costs. Then it takes as long for 25 items as DynamoDB may (an assumption),
in which the goal is checked: one writer at a time, so a load waits for it most of the time, as it does on a cluster.

  npm run bench:hive                           200,000 and 1,000,000 rows: three turns each at once, one as DynamoDB; about 25 minutes
  npm run bench:hive -- --rows N --repeats N   other numbers; --rows may be given more than once
  npm run bench:hive -- --answer 5             milliseconds that DynamoDB takes for 25 items, the default; 0 leaves these turns out
  npm run bench:hive -- --goal 0.8             the least ratio of rows a second, the default

Exit code: 0 if every load wrote every row and the ratio reaches the goal, 1 if not. Needs Linux and an idle machine.`;

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', multiple: true, default: ['200000', '1000000'] },
    repeats: { type: 'string', default: '3' },
    answer: { type: 'string', default: '5' },
    goal: { type: 'string', default: '0.8' },
    help: { type: 'boolean', short: 'h' },
  },
});

type Script = (folder: string, runId: string, endpoint: string) => string;
const SCRIPTS: { readonly [name: string]: Script } = {
  'shortest HiveQL': shortestScript,
  "the step's HiveQL": stepScript,
};

interface Load {
  readonly statements: MeasuredStatement[];
  readonly total: Measurement;
}

/** By the script's name. */
type Loads = Record<string, Load[]>;

class Bench {
  public static async start(): Promise<Bench> {
    const folder = createRunFolder();
    const sink = await startItemSink(TABLE, KEY);
    // the compiler of long-lived processes, as in the containers of EMR: the local engine's own default is for short
    // loads
    const hive = await startHive({
      runFolder: folder,
      awsEndpoint: sink.endpoint,
      javaOptions: ['-XX:TieredStopAtLevel=4'],
    });
    return new Bench(folder, hive, sink);
  }

  private constructor(
    private readonly folder: string,
    private readonly hive: RunningHive,
    private readonly sink: ItemSink,
  ) {}

  public async stop(): Promise<void> {
    await this.hive.stop();
    this.sink.close();
    rmSync(this.folder, { recursive: true });
  }

  /** Prints a comparison, and returns the rate of the step's rows as a part of the other's. */
  public async compare(rows: number, repeats: number, answerMilliseconds: number): Promise<number> {
    const runId = `rows-${rows}`;
    const bytes = writeOrderFiles(inputOf(this.folder, runId), rows);
    await this.turns('warming up', runId, rows, 1);
    let ratio = print('DynamoDB answers at once', rows, bytes, await this.turns('at once', runId, rows, repeats));
    if (answerMilliseconds > 0) {
      this.sink.answerAfter(answerMilliseconds);
      const title = `DynamoDB takes ${answerMilliseconds} ms for 25 items`;
      ratio = print(title, rows, bytes, await this.turns(title, runId, rows, 1));
      this.sink.answerAfter(0);
    }
    rmSync(inputOf(this.folder, runId), { recursive: true });
    return ratio;
  }

  /** Both scripts, one after the other and again, so that what changes on the machine meets both. */
  private async turns(title: string, runId: string, rows: number, count: number): Promise<Loads> {
    const loads: Loads = {};
    for (let turn = 1; turn <= count; turn++) {
      for (const [name, script] of Object.entries(SCRIPTS)) {
        const load = await this.load(script, runId, rows);
        process.stderr.write(`${rows} rows, ${title}, turn ${turn}, ${name}: ${load.total.wallSeconds.toFixed(1)} s\n`);
        (loads[name] ??= []).push(load);
      }
    }
    return loads;
  }

  private async load(script: Script, runId: string, rows: number): Promise<Load> {
    this.sink.takeCount();
    const statements = await runMeasured(this.hive, script(this.folder, runId, this.sink.endpoint));
    const items = this.sink.takeCount();
    if (items !== rows) throw new Error(`${items} items reached DynamoDB, of ${rows} rows`);
    if (script === stepScript) expectCounts(countsOf(this.folder, runId), rows);
    return { statements, total: totalOf(statements) };
  }
}

/** What the step's HiveQL has counted. */
function expectCounts(folder: string, rows: number): void {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true }).filter(
    entry => entry.isFile() && !entry.name.startsWith('.'),
  );
  const counts = Object.assign(
    {},
    ...files.flatMap(({ parentPath, name }) => {
      return readFileSync(path.join(parentPath, name), 'utf8')
        .split('\n')
        .filter(line => line !== '')
        .map(line => JSON.parse(line));
    }),
  );
  if (counts.rowsRead !== rows || counts.rowsWritten !== rows) {
    throw new Error(`the script has counted ${JSON.stringify(counts)}, of ${rows} rows`);
  }
}

/** Returns the rate of the step's rows as a part of the other's. */
function print(title: string, rows: number, bytes: number, loads: Loads): number {
  const gigabytes = bytes / 1e9;
  const turns = Object.values(loads)[0].length;
  console.log(
    `\n${rows.toLocaleString('en')} rows, ${(bytes / 1e6).toFixed(0)} MB of CSV, ${title}; ` +
      `${turns === 1 ? 'one turn' : `medians of ${turns} turns`}\n`,
  );
  console.log('                                             seconds   rows/s   CPU s   CPU s/GB');
  for (const [name, turnsOf] of Object.entries(loads)) {
    const total = median(turnsOf.map(turn => turn.total.wallSeconds));
    const line = (label: string, measurements: Measurement[]) => {
      const wall = median(measurements.map(measurement => measurement.wallSeconds));
      const cpu = median(measurements.map(measurement => measurement.cpuSeconds));
      if (wall < 0.02 * total) return; // DROP, CREATE
      console.log(
        label.padEnd(44) +
          [
            wall.toFixed(1).padStart(8),
            (rows / wall).toFixed(0).padStart(9),
            cpu.toFixed(1).padStart(8),
            (cpu / gigabytes).toFixed(0).padStart(11),
          ].join(''),
      );
    };
    line(
      name,
      turnsOf.map(turn => turn.total),
    );
    turnsOf[0].statements.forEach((statement, index) =>
      line(
        `  ${statement.name.replace(/_rows_\w+/, '')}`,
        turnsOf.map(turn => turn.statements[index]),
      ),
    );
  }
  const [shortest, step] = Object.keys(SCRIPTS).map(name => median(loads[name].map(load => load.total.wallSeconds)));
  console.log(`\nrows a second, step / shortest: ${(shortest / step).toFixed(2)}`);
  return shortest / step;
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
      const ratio = await bench.compare(rows, Number(options.repeats), Number(options.answer));
      const reached = ratio >= Number(options.goal);
      console.log(`the goal, at least ${options.goal}, is ${reached ? '' : 'NOT '}reached`);
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
