import { RunJobFlowCommand } from '@aws-sdk/client-emr';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { JobStatus, LaunchEvent } from '../../etl-step/contract';
import { inputFolder, STEP_ENV, waitSeconds } from '../../etl-step/contract';
import { ensureStillRunning } from '../../etl-step/runtime/execution';
import { findResult } from '../../etl-step/runtime/step-result';
import { emrLauncher } from '../../runtime/clients/emr';
import { s3 } from '../../runtime/clients/s3';
import { requireEnv } from '../../runtime/environment';
import { ConfigurationError } from '../../runtime/errors';
import { logger } from '../../runtime/logger';
import type { EmrHiveDynamoArguments, EmrJob } from '../contract';
import { logsFolder, scriptKey } from '../contract';
import { describeCluster, findCluster, isForgotten } from './clusters';
import { emrError, isRefusal } from './emr-errors';
import type { LaunchRecord } from './launch-records';
import { claimLaunch, clusterName, isOf, readLaunches, updateLaunch } from './launch-records';
import { launchRequest } from './launch-request';
import type { Launcher } from './script';
import { writeScript } from './script';

/** Starts the cluster of this attempt and relaunch, unless the load is done already. A repeated launch starts nothing twice. */
export async function launch(event: LaunchEvent<EmrHiveDynamoArguments>): Promise<JobStatus<EmrJob>> {
  const result = await findResult(requireEnv(STEP_ENV.workBucket), event.runId, requireEnv(STEP_ENV.stepId));
  if (result) return { status: 'done', result }; // by another attempt
  return startOrFind(event);
}

/**
 * The cluster of this attempt and relaunch: the one that was started before, or a new one. While it is not known whether a call of
 * RunJobFlow has made a cluster, the job has no cluster yet, and the next check asks here again.
 */
export async function startOrFind(event: Launcher): Promise<JobStatus<EmrJob>> {
  const launches = await readLaunches(event.runId);
  const mine = launches.filter(isOf(event));
  const last = mine.at(-1);
  if (last?.clusterId !== undefined) return running(last);
  if (last?.state === 'asked') {
    const clusterId = await findCluster(event.runId, last);
    if (clusterId !== undefined) {
      const found: LaunchRecord = { ...last, state: 'running', clusterId };
      await updateLaunch(event.runId, found);
      return running(found);
    }
    if (!isForgotten(last)) return running(last);
  }

  const { attempt, relaunch } = event;
  const record: LaunchRecord = { attempt, relaunch, call: mine.length, askedAt: new Date().toISOString(), state: 'asked' };
  const avoidSubnets = await triedSubnets(event.runId, launches.filter(other => other.attempt === attempt && other.relaunch < relaunch));
  await ensureInput(event.runId);
  await writeScript(event);
  await ensureStillRunning(event.executionArn);
  if (!await claimLaunch(event.runId, record)) return running(record); // somebody else is asking at this moment
  return running(await runJobFlow(event, record, avoidSubnets));
}

function running({ clusterId, askedAt }: LaunchRecord): JobStatus<EmrJob> {
  return { status: 'running', waitSeconds: waitSeconds((Date.now() - Date.parse(askedAt)) / 1000), job: { clusterId, askedAt } };
}

/** Where the launches before this one found no capacity. */
async function triedSubnets(runId: string, launches: LaunchRecord[]): Promise<string[]> {
  const clusters = await Promise.all(launches
    .filter(({ clusterId }) => clusterId !== undefined)
    .map(async ({ clusterId }) => describeCluster(runId, clusterId!)));
  return clusters.map(cluster => cluster.Ec2InstanceAttributes?.Ec2SubnetId).filter(subnet => subnet !== undefined);
}

/** Hive takes a folder that is missing for an empty one, and such a load would succeed with no rows. */
async function ensureInput(runId: string): Promise<void> {
  const bucket = requireEnv(STEP_ENV.workBucket);
  const { Contents = [] } = await s3().send(new ListObjectsV2Command({ Bucket: bucket, Prefix: inputFolder(runId), MaxKeys: 1 }));
  if (Contents.length > 0) return;
  throw new ConfigurationError(`Run ${runId}: s3://${bucket}/${inputFolder(runId)} is empty, though staging has put files there. Something deletes objects `
    + 'below runs/ while runs still need them: look at the lifecycle rules, then replay the files.');
}

async function runJobFlow(event: Launcher, record: LaunchRecord, avoidSubnets: string[]): Promise<LaunchRecord> {
  const bucket = requireEnv(STEP_ENV.workBucket);
  const stepId = requireEnv(STEP_ENV.stepId);
  const request = launchRequest(event.arguments.cluster, {
    name: clusterName(event.runId, record),
    script: `s3://${bucket}/${scriptKey(event, stepId)}`,
    logs: `s3://${bucket}/${logsFolder(event.runId, stepId)}`,
    onDemandOnly: event.relaunch > 0,
    avoidSubnets,
  });
  let clusterId: string | undefined;
  try {
    ({ JobFlowId: clusterId } = await emrLauncher().send(new RunJobFlowCommand(request)));
  } catch (error) {
    if (isRefusal(error)) await updateLaunch(event.runId, { ...record, state: 'refused' });
    throw emrError(event.runId, 'RunJobFlow', error);
  }
  const started: LaunchRecord = { ...record, state: 'running', clusterId };
  await updateLaunch(event.runId, started);
  logger.info('cluster started', { runId: event.runId, clusterId, name: request.Name });
  return started;
}
