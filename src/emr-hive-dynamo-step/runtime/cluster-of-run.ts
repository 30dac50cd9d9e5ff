import {
  describeCluster,
  findClusterByName,
  isEnded,
  LISTING_LAG_MILLISECONDS,
  onlyStep,
  runJobFlow,
  terminateCluster,
} from './emr-calls';
import { recordInstanceHours } from './instance-hours';
import { launchRequest } from './launch-request';
import type { Load, LoadLaunch } from './load';
import { locateLoad } from './load';
import { STEP_ENV } from '../../etl-step/contract';
import { launchName } from '../../etl-step/runtime/launch-records';
import { requireEnv } from '../../runtime/environment';
import { logger } from '../../runtime/logger';
import { putJsonOnce } from '../../runtime/work-bucket';
import { instanceHoursKey, logsFolder, scriptKey } from '../contract';
import type { LoadCompute } from './load-compute';
import type { Launcher } from './script';

/** A cluster that is started for the load and ends with it. */
export const clusterOfRun: LoadCompute = {
  startsOnce: false, // RunJobFlow has no client token
  forgottenAfterMilliseconds: LISTING_LAG_MILLISECONDS,
  locate: locateLoad,

  async prepare(event, before) {
    const avoidSubnets = await triedSubnets(event.runId, before);
    return { place: {}, start: async record => start(event, record, avoidSubnets) };
  },

  async find(runId, record) {
    const clusterId = await findClusterByName(runId, launchName(runId, record), record.askedAt);
    return clusterId === undefined ? undefined : { clusterId };
  },

  // by the state of the step: the cluster's also tells of what happened after it
  async look(runId, { clusterId }) {
    const step = await onlyStep(runId, clusterId);
    if (step?.Status?.State === 'COMPLETED') return { step, over: true };
    const cluster = await describeCluster(runId, clusterId);
    // a failed step ends its cluster: only then are its reason and the logs complete
    return { step, cluster, over: isEnded(cluster) };
  },

  async end(runId, { clusterId }) {
    const cluster = await describeCluster(runId, clusterId);
    if (!isEnded(cluster)) {
      if (cluster.Status?.State !== 'TERMINATING') await terminateCluster(runId, clusterId);
      return false;
    }
    const key = instanceHoursKey(runId, requireEnv(STEP_ENV.stepId), clusterId);
    await recordInstanceHours(runId, clusterId, async hours =>
      putJsonOnce(requireEnv(STEP_ENV.workBucket), key, { clusterId, hours }),
    );
    return true;
  },
};

async function start(event: Launcher, record: LoadLaunch, avoidSubnets: string[]): Promise<Load> {
  const bucket = requireEnv(STEP_ENV.workBucket);
  const stepId = requireEnv(STEP_ENV.stepId);
  const name = launchName(event.runId, record);
  const clusterId = await runJobFlow(
    event.runId,
    launchRequest(event.arguments.cluster!, {
      name,
      script: `s3://${bucket}/${scriptKey(event, stepId)}`,
      logs: `s3://${bucket}/${logsFolder(event.runId, stepId)}`,
      onDemandOnly: event.relaunch > 0,
      avoidSubnets,
    }),
  );
  logger.info('cluster started', { runId: event.runId, clusterId, name });
  return { clusterId };
}

/** Where the launches before this one found no capacity. */
async function triedSubnets(runId: string, launches: LoadLaunch[]): Promise<string[]> {
  const clusters = await Promise.all(
    launches
      .filter(({ clusterId }) => clusterId !== undefined)
      .map(async ({ clusterId }) => describeCluster(runId, clusterId!)),
  );
  return clusters.map(cluster => cluster.Ec2InstanceAttributes?.Ec2SubnetId).filter(subnet => subnet !== undefined);
}
