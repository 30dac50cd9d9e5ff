import type { StopStatus } from '../../etl-step/contract';
import { STEP_ENV } from '../../etl-step/contract';
import { requireEnv } from '../../runtime/environment';
import { getJson } from '../../runtime/work-bucket';
import { keptClusterKey } from '../contract';
import { describeCluster, isEnded, isForgotten, livingClusters, terminateCluster } from './emr-calls';
import type { KeptCluster } from './kept-cluster';
import { isSurelyEnded, stepTagOf } from './kept-cluster';

/** A cluster takes one to three minutes to end. */
const WAIT_SECONDS = 15;

/** In the place of a run's id in messages. */
const NO_RUN = '- (the pipeline is deleted)';

/**
 * Ends every cluster that the step has kept for a next run, also those that another one has replaced. No run is left
 * that could start one: only a call that was made before may still bring one.
 */
export async function endKeptClusters(): Promise<StopStatus> {
  const kept = await getJson<KeptCluster>(requireEnv(STEP_ENV.workBucket), keptClusterKey(requireEnv(STEP_ENV.stepId)));
  if (!kept) return { status: 'ended' }; // none was ever asked for
  const clusters = await livingClusters(NO_RUN, `${stepTagOf(kept)}/`);
  if (kept.clusterId !== undefined && !isSurelyEnded(kept) && !clusters.some(({ id }) => id === kept.clusterId)) {
    const cluster = await describeCluster(NO_RUN, kept.clusterId); // lists lag behind
    if (!isEnded(cluster)) clusters.push({ id: kept.clusterId, state: cluster.Status!.State! });
  }
  for (const { id, state } of clusters) {
    if (state !== 'TERMINATING') await terminateCluster(NO_RUN, id);
  }
  const isUnknown = kept.clusterId === undefined && !kept.refused && !isForgotten(kept.askedAt);
  return clusters.length > 0 || isUnknown ? { status: 'stopping', waitSeconds: WAIT_SECONDS } : { status: 'ended' };
}
