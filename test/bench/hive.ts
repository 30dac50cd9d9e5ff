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

const USAGE = `Loads orders through the HiveQL of EmrHiveDynamoStep and through the shortest HiveQL for the same rows, into
an endpoint that only counts items.

First that endpoint answers at once, which shows what the HiveQL itself costs. Then it takes as long for 25 items as
DynamoDB may: in these turns the goal is checked. Both ratios are printed at the end.

  npm run bench:hive                           200,000 and 1,000,000 rows: three turns each at once, one as DynamoDB;
                                               about 25 minutes
  npm run bench:hive -- --rows N --repeats N   other numbers; --rows may be given more than once
  npm run bench:hive -- --answer 5             milliseconds that DynamoDB takes for 25 items, the default; 0 leaves
                                               these turns out, and checks the goal without them
  npm run bench:hive -- --goal 0.8             the least ratio of rows a second, the default

Exit code: 0 if every load wrote every row and the ratio reaches the goal, 1 if not. Needs Linux and an idle machine.`;

// Why the goal is checked with DynamoDB's answers: a load waits for them most of its time, on a cluster as here, as a
// writer sends 25 items and waits. 5 ms is an assumption that makes the share of the HiveQL rather too large: AWS
// promises single-digit milliseconds for one item, and a batch takes as long as its slowest.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Introduction.html
//
// Answers at once cannot decide: the step's last statement writes rows that are judged already, and that alone takes
// nearly as long as the shortest HiveQL. The goal would leave a quarter of that for all the rest, and the shuffle that
// finds rows with one key takes about twice as much, whatever is judged. That ratio also falls as rows are added,
// though no row costs more then: starting jobs and compiling Java, most of both scripts at first, counts less.
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

/** Rows a second of the step's HiveQL, as a part of the shortest's. */
interface Comparison {
  readonly rows: number;
  readonly title: string;
  readonly ratio: number;
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

  /** Hive has not loaded yet. */
  private isCold = true;

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

  /** Prints the comparisons, and returns them: the last one decides. */
  public async compare(rows: number, repeats: number, answerMilliseconds: number): Promise<Comparison[]> {
    const runId = `rows-${rows}`;
    const bytes = writeOrderFiles(inputOf(this.folder, runId), rows);
    const first = await this.turns('warming up', runId, rows, 1);
    if (this.isCold) print('first turn, in which Java compiles: so begins each task of EMR', rows, bytes, first);
    this.isCold = false;
    const comparisons = [await this.comparison('DynamoDB answers at once', runId, rows, bytes, repeats)];
    if (answerMilliseconds > 0) {
      this.sink.answerAfter(answerMilliseconds);
      const title = `DynamoDB takes ${answerMilliseconds} ms for 25 items`;
      comparisons.push(await this.comparison(title, runId, rows, bytes, 1));
      this.sink.answerAfter(0);
    }
    rmSync(inputOf(this.folder, runId), { recursive: true });
    return comparisons;
  }

  private async comparison(
    title: string,
    runId: string,
    rows: number,
    bytes: number,
    repeats: number,
  ): Promise<Comparison> {
    const loads = await this.turns(title, runId, rows, repeats);
    print(title, rows, bytes, loads);
    const [shortest, step] = Object.keys(SCRIPTS).map(name => median(loads[name].map(load => load.total.wallSeconds)));
    return { rows, title, ratio: shortest / step };
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

function print(title: string, rows: number, bytes: number, loads: Loads): void {
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
}

function median(numbers: number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}

async function main(): Promise<void> {
  if (options.help) return console.log(USAGE);
  const bench = await Bench.start();
  try {
    const comparisons: Comparison[][] = [];
    for (const rows of options.rows.map(Number)) {
      comparisons.push(await bench.compare(rows, Number(options.repeats), Number(options.answer)));
    }
    console.log('\nrows a second, step / shortest:');
    for (const { rows, title, ratio } of comparisons.flat()) {
      console.log(`${rows.toLocaleString('en').padStart(12)} rows, ${title}: ${ratio.toFixed(2)}`);
    }
    const reached = comparisons.every(ofRows => ofRows.at(-1)!.ratio >= Number(options.goal));
    console.log(
      `${comparisons[0].at(-1)!.title}: the goal, at least ${options.goal}, is ${reached ? '' : 'NOT '}reached`,
    );
    if (!reached) process.exitCode = 1;
  } finally {
    await bench.stop();
  }
}

main().catch(error => {
  console.error(error);
  process.exitCode = 1;
});
