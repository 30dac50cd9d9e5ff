import type { World } from './world';

/** What is wrong with how a world has come to rest: nothing, if no file is lost or loaded twice and nothing is left. */
export function verdictOn(world: World): string[] {
  const wrong = [...world.invariants.violations];
  const demand = (holds: boolean, text: string) => {
    if (!holds) wrong.push(text);
  };
  for (const key of world.keys) {
    const file = world.file(key);
    if (!file) {
      wrong.push(`${key} is lost`);
      continue;
    }
    const loads = world.loadsOf(file.id) - (world.loadsBefore.get(file.id) ?? 0);
    const run = world.runs().find(({ id }) => id === file.runId);
    switch (file.status) {
      case 'LOADED':
        demand(
          loads === 1 && run?.status === 'SUCCEEDED',
          `${key} is LOADED, was loaded ${loads} times, and its run is ${run?.status}`,
        );
        break;
      case 'REJECTED':
        demand(
          loads === 0 && Boolean(file.reason),
          `${key} is REJECTED because of '${file.reason}', and was loaded ${loads} times`,
        );
        break;
      case 'FAILED':
        // it may have been loaded before its execution was ended from outside
        demand(
          loads <= 1 && Boolean(file.reason) && run !== undefined && run.status !== 'SUCCEEDED',
          `${key} is FAILED because of '${file.reason}', was loaded ${loads} times, and its run is ${run?.status}`,
        );
        break;
      default:
        wrong.push(`${key} is ${file.status} for ever`);
    }
    demand(file.waiting === undefined, `${key} is ${file.status}, but in the index of the files that wait`);
  }
  for (const { id, status } of world.runs()) demand(status !== 'RUNNING', `run ${id} is never settled`);
  demand(!world.slots().live?.size, `slots leak: ${[...(world.slots().live ?? [])].join(', ')}`);
  const left = world.tasks.running().map(({ execution }) => execution);
  demand(left.length === 0, `tasks run on: ${left.join(', ')}`);
  return wrong;
}
