import { STEP_ENV } from '../../etl-step/contract';
import { requireEnv } from '../../runtime/environment';
import { logger } from '../../runtime/logger';
import { putJsonOnce } from '../../runtime/work-bucket';
import { instanceHoursKey, logsFolder, scriptKey } from '../contract';
import type { Compute } from './compute';
import {
  describeCluster,
  findClusterByName,
  isEnded,
  isForgotten,
  onlyStep,
  runJobFlow,
  terminateCluster,
} from './emr-calls';
import { recordInstanceHours } from './instance-hours';
import type { LaunchRecord, Load } from './launch-records';
import { loadName, updateLaunch } from './launch-records';
import { launchRequest } from './launch-request';
import type { Launcher } from './script';

/** A cluster that is started for the load and ends with it. */
export const clusterOfRun: Compute = {
  async prepare(event, before) {
    const avoidSubnets = await triedSubnets(event.runId, before);
    return { place: {}, start: async record => start(event, record, avoidSubnets) };
  },

  async find(runId, record) {
    const clusterId = await findClusterByName(runId, loadName(runId, record), record.askedAt);
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

  async end(runId, record) {
    if (record.state === 'refused' || record.state === 'ended') return true;
    const clusterId = record.clusterId ?? (await findClusterByName(runId, loadName(runId, record), record.askedAt));
    if (clusterId === undefined) {
      if (!isForgotten(record.askedAt)) return false;
    } else {
      const cluster = await describeCluster(runId, clusterId);
      if (!isEnded(cluster)) {
        if (cluster.Status?.State !== 'TERMINATING') await terminateCluster(runId, clusterId);
        return false;
      }
      await recordInstanceHours(runId, clusterId, async hours =>
        putJsonOnce(requireEnv(STEP_ENV.workBucket), instanceHoursKey(runId, requireEnv(STEP_ENV.stepId), clusterId), {
          clusterId,
          hours,
        }),
      );
    }
    await updateLaunch(runId, { ...record, state: 'ended', ...(clusterId && { clusterId }) });
    return true;
  },
};

async function start(event: Launcher, record: LaunchRecord, avoidSubnets: string[]): Promise<Load> {
  const bucket = requireEnv(STEP_ENV.workBucket);
  const stepId = requireEnv(STEP_ENV.stepId);
  const name = loadName(event.runId, record);
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
async function triedSubnets(runId: string, launches: LaunchRecord[]): Promise<string[]> {
  const clusters = await Promise.all(
    launches
      .filter(({ clusterId }) => clusterId !== undefined)
      .map(async ({ clusterId }) => describeCluster(runId, clusterId!)),
  );
  return clusters.map(cluster => cluster.Ec2InstanceAttributes?.Ec2SubnetId).filter(subnet => subnet !== undefined);
}
