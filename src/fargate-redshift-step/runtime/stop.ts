import { readLaunches } from './launch-records';
import { endLaunch } from './tasks';
import type { StopEvent, StopStatus } from '../../etl-step/contract';
import { WAIT } from '../../etl-step/contract';

/**
 * Ends the tasks of the run's attempts up to the one that has ended, never those of later ones: this call itself may be
 * the one that comes late. Nothing was ever asked of ECS without a record, so attempts without records have none.
 */
export async function stop({ runId, attempt }: StopEvent): Promise<StopStatus> {
  const launches = (await readLaunches(runId)).filter(launch => launch.attempt <= attempt);
  const ended = await Promise.all(
    launches.map(launch => endLaunch(runId, launch, `Attempt ${attempt} of run ${runId} has ended.`)),
  );
  return ended.every(Boolean) ? { status: 'ended' } : { status: 'stopping', waitSeconds: WAIT.shortestSeconds };
}
