import { readLaunches } from './launch-records';
import { endLaunch } from './tasks';
import type { StopEvent, StopStatus } from '../../etl-step/contract';
import { WAIT } from '../../etl-step/contract';

/** Ends the tasks of every attempt of the run. Nothing was ever asked of ECS without a record, so a run without records has none. */
export async function stop({ runId, attempt }: StopEvent): Promise<StopStatus> {
  const launches = await readLaunches(runId);
  const ended = await Promise.all(launches.map(launch => endLaunch(runId, launch, `Attempt ${attempt} of run ${runId} has ended.`)));
  return ended.every(Boolean) ? { status: 'ended' } : { status: 'stopping', waitSeconds: WAIT.shortestSeconds };
}
