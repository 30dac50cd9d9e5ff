import { readFileSync } from 'fs';
import { join, relative } from 'path';
import { context, type Plugin } from 'esbuild';
import * as fc from 'fast-check';
import { REMOVALS, type Removal } from './conditions';
import { faultPoints, play, warmFunctions } from './fault-points';
import { FUNCTION_NAMES, Functions, sourceOf } from './functions';
import type { Fault } from './processes';
import { randomFrom } from './random';
import { randomWorld, scenarioOf } from './random-worlds';
import { TRIALS, type Trial } from './scenarios';
import { verdictOn } from './verdict';
import { World } from './world';

/**
 * Takes each condition of the protocol out of the ledger's source, bundles the functions and looks for the first world that comes out wrong:
 * `npm run mutate:ledger`, or a part of them with `npm run mutate:ledger -- settle release`.
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

  const worlds = await worldsToTry(await warmFunctions(await build()));
  const survivors: string[] = [];
  for (removal of REMOVALS.filter(({ name }) => wanted.length === 0 || wanted.some(word => name.includes(word)))) {
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

const MOST_WORLDS = 120;

/** Every scenario without a fault, then faults and worlds of chance in turn: always the same. */
async function worldsToTry(functions: Functions): Promise<Try[]> {
  const random = randomFrom(1);
  const points: { trial: Trial; fault: Fault }[] = [];
  for (const trial of TRIALS) points.push(...(await faultPoints(trial, functions)).map(fault => ({ trial, fault })));
  const chance = fc.sample(randomWorld, { numRuns: MOST_WORLDS, seed: 1 });
  const withFault = Array.from({ length: MOST_WORLDS }, () => points[random(points.length)]);
  return [
    ...TRIALS.map((trial): Try => async mutant => (await play(trial, mutant)).wrong),
    ...withFault.flatMap(({ trial, fault }, index): Try[] => [
      async mutant => (await play(trial, mutant, fault)).wrong.filter(text => !text.endsWith('never came')),
      async mutant => verdictOn(await new World(scenarioOf(chance[index]), mutant, chance[index].faults).run()),
    ]),
  ].slice(0, MOST_WORLDS);
}

async function firstWrong(functions: Functions, worlds: Try[]): Promise<string | undefined> {
  for (const [index, attempt] of worlds.entries()) {
    const [wrong] = await attempt(functions).catch(error => [String(error)]);
    if (wrong) return `noticed in world ${index + 1}: ${wrong}`;
  }
  return undefined;
}

function remove(text: string, { file, from, to }: Removal): string {
  if (text.split(from).length !== 2) throw new Error(`${file} must contain exactly once: ${from}`);
  return text.replace(from, () => to);
}

void mutateLedger(process.argv.slice(2));
