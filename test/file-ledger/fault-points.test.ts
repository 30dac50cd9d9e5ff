import { faultPoints, play, warmFunctions } from './simulation/fault-points';
import type { Functions } from './simulation/functions';
import { TRIALS } from './simulation/scenarios';
import { World } from './simulation/world';

// All of them take an hour: `npm run faults`. Each test run tries those of every scenario that lie so far apart.
const DISTANCE = 149;

// Tens of thousands of calls take a while on a busy machine.
jest.setTimeout(30 * 60_000);

let functions: Functions;
let tried = 0;

beforeAll(async () => {
  functions = await warmFunctions();
});
afterAll(() => process.stdout.write(`${tried} failure points tried\n`));

test.each(TRIALS)('$name: whatever goes wrong at one call, no file is lost or loaded twice', async trial => {
  expect(await play(trial, functions)).toMatchObject({ wrong: [] });
  const points = await faultPoints(trial, functions);
  for (let point = TRIALS.indexOf(trial); point < points.length; point += DISTANCE) {
    expect(await play(trial, functions, points[point])).toMatchObject({ wrong: [] });
    tried++;
  }
});

test('whoever asks late to stop an attempt leaves the compute of the next one alone', async () => {
  const trial = TRIALS.find(({ name }) => name.includes('until the last one'))!;
  const { processes } = await new World(trial, functions).run();
  const stops = processes.log.flatMap((call, index) => (call === 'lambda:Invoke' ? [index + 1] : []));
  for (const call of stops) {
    expect(await play(trial, functions, { call, kind: { what: 'stall', ticks: 2 } })).toMatchObject({ wrong: [] });
  }
  expect(stops.length).toBeGreaterThan(3);
});
