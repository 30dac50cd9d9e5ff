import * as fc from 'fast-check';
import { warmFunctions } from './simulation/fault-points';
import type { Functions } from './simulation/functions';
import { randomWorld, scenarioOf } from './simulation/random-worlds';
import { verdictOn } from './simulation/verdict';
import { World } from './simulation/world';

// Fixed, so that each test run tries the same; fast-check prints the world that fails.
// `SEED=7 WORLDS=1000 npx jest random-worlds` tries others.
const SEED = Number(process.env.SEED ?? 20260301);
const WORLDS = Number(process.env.WORLDS ?? 40);

// Tens of thousands of calls take a while on a busy machine.
jest.setTimeout(30 * 60_000);

let functions: Functions;

beforeAll(async () => {
  functions = await warmFunctions();
});

test(`in ${WORLDS} worlds of chance (seed ${SEED}), no file is lost or loaded twice`, async () => {
  await fc.assert(
    fc.asyncProperty(randomWorld, async random => {
      const world = await new World(scenarioOf(random), functions, random.faults).run();
      expect({ faults: world.processes.faulty, wrong: verdictOn(world) }).toMatchObject({ wrong: [] });
    }),
    { seed: SEED, numRuns: WORLDS },
  );
});
