import { startedBy } from './compute';
import { readLaunches } from './launch-records';
import type { StopEvent, StopStatus } from '../../etl-step/contract';

/** A cluster takes one to three minutes to end. */
const STOP_WAIT_SECONDS = 15;

/**
 * Ends what the run's attempts up to the one that has ended have started, never what later ones have: this call itself
 * may be the one that comes late. Nothing was ever asked of EMR without a record, so attempts without records have
 * nothing.
 */
export async function stop(event: StopEvent): Promise<StopStatus> {
  const launches = (await readLaunches(event.runId)).filter(({ attempt }) => attempt <= event.attempt);
  const ended = await Promise.all(launches.map(async record => startedBy(record).end(event.runId, record)));
  return ended.every(Boolean) ? { status: 'ended' } : { status: 'stopping', waitSeconds: STOP_WAIT_SECONDS };
}
