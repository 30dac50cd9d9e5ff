import type { Cluster, ClusterState, ListClustersOutput, StepSummary } from '@aws-sdk/client-emr';
import { DescribeClusterCommand, ListClustersCommand, ListStepsCommand, TerminateJobFlowsCommand } from '@aws-sdk/client-emr';
import { emrError } from './emr-errors';
import type { LaunchRecord } from './launch-records';
import { clusterName, updateLaunch } from './launch-records';
import { emr } from '../../runtime/clients/emr';

/**
 * A cluster that ListClusters does not show this long after RunJobFlow was called does not exist. EMR documents no number; it has been
 * seen to take seconds. It also exceeds the time-out of the function, so whoever made the call is no longer running.
 */
const LISTING_LAG_MILLISECONDS = 5 * 60_000;
const CLOCK_SKEW_MILLISECONDS = 5 * 60_000;

const ENDED: ReadonlySet<ClusterState | undefined> = new Set<ClusterState>(['TERMINATED', 'TERMINATED_WITH_ERRORS']);

export const isEnded = (cluster: Cluster): boolean => ENDED.has(cluster.Status?.State);

/** Whether a call that nothing is known of has surely not made a cluster. */
export function isForgotten(record: LaunchRecord): boolean {
  return Date.now() - Date.parse(record.askedAt) > LISTING_LAG_MILLISECONDS;
}

/** The answer of EMR, or the error that the state machine acts on. */
async function ask<Output>(runId: string, call: string, answer: Promise<Output>): Promise<Output> {
  try {
    return await answer;
  } catch (error) {
    throw emrError(runId, call, error);
  }
}

export async function describeCluster(runId: string, clusterId: string): Promise<Cluster> {
  const { Cluster: cluster } = await ask(runId, `DescribeCluster of ${clusterId}`, emr().send(new DescribeClusterCommand({ ClusterId: clusterId })));
  return cluster!;
}

/** The step that loads the run: the only one that a cluster of ours has. Not there yet for a moment after RunJobFlow. */
export async function describeLoad(runId: string, clusterId: string): Promise<StepSummary | undefined> {
  const { Steps = [] } = await ask(runId, `ListSteps of ${clusterId}`, emr().send(new ListStepsCommand({ ClusterId: clusterId })));
  return Steps[0];
}

async function terminateCluster(runId: string, clusterId: string): Promise<void> {
  await ask(runId, `TerminateJobFlows of ${clusterId}`, emr().send(new TerminateJobFlowsCommand({ JobFlowIds: [clusterId] })));
}

/** The id of the cluster that a launch has made, in whatever state it is; undefined if EMR does not show one (yet). */
export async function findCluster(runId: string, record: LaunchRecord): Promise<string | undefined> {
  const name = clusterName(runId, record);
  const CreatedAfter = new Date(Date.parse(record.askedAt) - CLOCK_SKEW_MILLISECONDS);
  let Marker: string | undefined;
  do {
    const page: ListClustersOutput = await ask(runId, 'ListClusters', emr().send(new ListClustersCommand({ CreatedAfter, Marker })));
    const found = page.Clusters?.find(cluster => cluster.Name === name);
    if (found) return found.Id;
    Marker = page.Marker;
  } while (Marker);
  return undefined;
}

/** Ends whatever a launch has made; true once nothing of it is left. May be called any number of times, by anybody. */
export async function endLaunch(runId: string, record: LaunchRecord): Promise<boolean> {
  if (record.state === 'refused' || record.state === 'ended') return true;
  const clusterId = record.clusterId ?? await findCluster(runId, record);
  if (clusterId === undefined) {
    if (!isForgotten(record)) return false;
  } else {
    const cluster = await describeCluster(runId, clusterId);
    if (!isEnded(cluster)) {
      if (cluster.Status?.State !== 'TERMINATING') await terminateCluster(runId, clusterId);
      return false;
    }
  }
  await updateLaunch(runId, { ...record, state: 'ended', ...clusterId && { clusterId } });
  return true;
}
