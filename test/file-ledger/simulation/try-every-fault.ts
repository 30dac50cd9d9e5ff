import { faultPoints, play, warmFunctions } from './fault-points';
import { TRIALS } from './scenarios';

/**
 * Tries every fault at every call of every scenario: `npm run faults`. A part of them, as every fourth from the second:
 * `npm run faults -- 2 4`.
 */
async function tryEveryFault([part = '1', of = '1']: string[]): Promise<void> {
  const functions = await warmFunctions();
  let tried = 0;
  let failed = 0;
  for (const trial of TRIALS) {
    const points = await faultPoints(trial, functions);
    for (let point = Number(part) - 1; point < points.length; point += Number(of)) {
      const { fault, wrong } = await play(trial, functions, points[point]);
      tried++;
      if (wrong.length === 0) continue;
      failed++;
      console.error(`${trial.name}, ${fault}:\n  ${wrong.join('\n  ')}`);
    }
    console.log(
      `${trial.name}: ${points.length} failure points; ${tried} tried in all, ${failed} lost or doubled a file ` +
        'or left something',
    );
  }
  process.exitCode = failed > 0 ? 1 : 0;
}

void tryEveryFault(process.argv.slice(2));
