import {
  addStep,
  cancelStep,
  describeCluster,
  findStep,
  findStepByName,
  hiveStep,
  isEnded,
  isStepEnded,
  LISTING_LAG_MILLISECONDS,
} from './emr-calls';
import type { Load, LoadLaunch } from './load';
import { locateLoad } from './load';
import { STEP_ENV } from '../../etl-step/contract';
import { launchName, updateLaunch } from '../../etl-step/runtime/launch-records';
import { requireEnv } from '../../runtime/environment';
import { logger } from '../../runtime/logger';
import { scriptKey } from '../contract';
import type { StartedLoad } from './load-compute';
import type { Launcher } from './script';

/** How long a step is left to end by itself after an interrupt. */
const INTERRUPT_MILLISECONDS = 3 * 60_000;

/** A load that is a step of a cluster that outlives it. */
export const stepOnCluster: StartedLoad = {
  startsOnce: false, // AddJobFlowSteps has no client token
  forgottenAfterMilliseconds: LISTING_LAG_MILLISECONDS,
  locate: locateLoad,

  async find(runId, { clusterId, askedAt, ...record }) {
    const step = await findStepByName(runId, clusterId!, launchName(runId, record), askedAt);
    return step && { clusterId: clusterId!, stepId: step.Id! };
  },

  async look(runId, { clusterId, stepId }) {
    const step = await findStep(runId, clusterId, stepId!);
    if (step?.Status?.State === 'COMPLETED') return { step, over: true };
    const cluster = await describeCluster(runId, clusterId);
    return { step, cluster, over: (step !== undefined && isStepEnded(step)) || isEnded(cluster) };
  },

  async end(runId, record) {
    const { step, over } = await this.look(runId, record);
    if (!over) await cancel(runId, record, step?.Status?.State === 'CANCEL_PENDING');
    return over;
  },
};

/** Adds the step that loads the run. Others may have steps there, so its failure ends nothing else. */
export async function startOnCluster(event: Launcher, record: LoadLaunch): Promise<Load> {
  const script = `s3://${requireEnv(STEP_ENV.workBucket)}/${scriptKey(event, requireEnv(STEP_ENV.stepId))}`;
  const name = launchName(event.runId, record);
  const clusterId = record.clusterId!;
  // CANCEL_AND_WAIT would cancel the steps of others, and is refused where steps run side by side
  const stepId = await addStep(event.runId, clusterId, hiveStep(name, script, 'CONTINUE'));
  logger.info('step added', { runId: event.runId, clusterId, stepId, name });
  return { clusterId, stepId };
}

/**
 * EMR cancels the step, not what the step has started on the cluster. At an interrupt Hive kills its MapReduce jobs
 * before it ends (a shutdown hook of org.apache.hadoop.hive.ql.exec.mr.HadoopJobExecHelper), so the process itself is
 * only killed if that does not help.
 */
async function cancel(runId: string, record: LoadLaunch & Load, pending: boolean): Promise<void> {
  if (!pending || record.cancelledAt === undefined) {
    await cancelStep(runId, record.clusterId, record.stepId!, 'SEND_INTERRUPT');
    await updateLaunch(runId, { ...record, cancelledAt: record.cancelledAt ?? new Date().toISOString() });
  } else if (Date.now() - Date.parse(record.cancelledAt) > INTERRUPT_MILLISECONDS) {
    await cancelStep(runId, record.clusterId, record.stepId!, 'TERMINATE_PROCESS');
  }
}
