import { readFileSync } from 'fs';
import { join, relative } from 'path';
import { context, type Plugin } from 'esbuild';
import * as fc from 'fast-check';
import { REMOVALS, remove, type Removal } from './conditions';
import { faultPoints, play, READS, warmFunctions } from './fault-points';
import { FUNCTION_NAMES, Functions, sourceOf } from './functions';
import type { Fault } from './processes';
import { randomFrom } from './random';
import { randomWorld, scenarioOf } from './random-worlds';
import { TRIALS, type Trial } from './scenarios';
import { verdictOn } from './verdict';
import { World } from './world';

/**
 * Takes each condition of the protocol out of the ledger's source, bundles the functions and looks for the first world
 * that comes out wrong: `npm run mutate:ledger`, or a part of them with `npm run mutate:ledger -- settle release`.
 */
async function mutateLedger(wanted: string[]): Promise<void> {
  const src = join(__dirname, '../../../src');
  let removal: Removal | undefined;
  const mutation: Plugin = {
    name: 'mutation',
    setup: build => {
      build.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8');
        return { contents: relative(src, path) === removal?.file ? remove(text, removal) : text, loader: 'ts' };
      });
    },
  };
  const bundler = await context({
    entryPoints: FUNCTION_NAMES.map(name => ({ in: join(src, sourceOf(name)), out: name })),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    mainFields: ['module', 'main'],
    keepNames: true,
    write: false,
    outdir: '/',
    plugins: [mutation],
  });
  const build = async () => {
    const { outputFiles } = await bundler.rebuild();
    return new Functions(name => outputFiles.find(file => file.path.endsWith(`${name}.js`))!.text);
  };

  const { plain, faulty, chance } = await worldsToTry(await warmFunctions(await build()));
  const survivors: string[] = [];
  for (removal of REMOVALS.filter(({ name }) => wanted.length === 0 || wanted.some(word => name.includes(word)))) {
    const worlds = [...plain, ...faulty(removal), ...chance];
    const found = await firstWrong(await build(), worlds);
    if (!found) survivors.push(removal.name);
    console.log(`${removal.name}: ${found ?? `NOT NOTICED in ${worlds.length} worlds`}`);
  }
  await bundler.dispose();
  console.log(`${survivors.length} of ${REMOVALS.length} not noticed`);
  process.exitCode = survivors.length > 0 ? 1 : 0;
}

/** Plays one world; returns what is wrong, or nothing. */
type Try = (functions: Functions) => Promise<string[]>;

/** Of each kind, for each removal. */
const MOST_WORLDS = 150;

interface Worlds {
  /** Every scenario without a fault, those with several slots in several orders. */
  readonly plain: Try[];
  /** Faults at writes: of the scenario and the call that are named, or of all. */
  readonly faulty: (where: Pick<Removal, 'scenario' | 'call'>) => Try[];
  readonly chance: Try[];
}

/** Always the same worlds in the same order. */
async function worldsToTry(functions: Functions): Promise<Worlds> {
  const plain =
    (trial: Trial): Try =>
    async mutant =>
      (await play(trial, mutant)).wrong;
  const parallel = TRIALS.filter(({ settings }) => (settings?.maxExecutions ?? 1) > 1);
  const points: FaultAtWrite[] = [];
  for (const trial of TRIALS) points.push(...(await faultsAtWrites(trial, functions)));
  return {
    plain: [...TRIALS.map(plain), ...[2, 3, 4, 5].flatMap(seed => parallel.map(trial => plain({ ...trial, seed })))],
    faulty: ({ scenario = '', call = '' }) => {
      const random = randomFrom(1);
      const ordered = points
        .filter(point => point.trial.name.includes(scenario) && point.call.includes(call))
        .map(point => ({ point, place: random(1_000_000) }))
        .sort((one, other) => one.place - other.place)
        .slice(0, MOST_WORLDS);
      return ordered.map(
        ({ point: { trial, fault } }): Try =>
          async mutant =>
            (await play(trial, mutant, fault)).wrong.filter(text => !text.endsWith('never came')),
      );
    },
    chance: fc.sample(randomWorld, { numRuns: MOST_WORLDS, seed: 1 }).map(
      (random): Try =>
        async mutant =>
          verdictOn(await new World(scenarioOf(random), mutant, random.faults).run()),
    ),
  };
}

interface FaultAtWrite {
  readonly trial: Trial;
  readonly fault: Fault;
  /** Service and operation. */
  readonly call: string;
}

async function faultsAtWrites(trial: Trial, functions: Functions): Promise<FaultAtWrite[]> {
  const { processes } = await new World(trial, functions).run();
  const points = await faultPoints(trial, functions);
  return points
    .map(fault => ({ trial, fault, call: processes.log[fault.call - 1] }))
    .filter(({ call }) => !READS.has(call.split(':')[1]));
}

async function firstWrong(functions: Functions, worlds: Try[]): Promise<string | undefined> {
  for (const [index, attempt] of worlds.entries()) {
    const [wrong] = await attempt(functions).catch(error => [String(error)]);
    if (wrong) return `noticed in world ${index + 1}: ${wrong}`;
  }
  return undefined;
}

void mutateLedger(process.argv.slice(2));
