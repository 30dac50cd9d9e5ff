import { gunzipSync } from 'zlib';
import type { StepSummary } from '@aws-sdk/client-emr';
import { GetObjectCommand, NoSuchKey } from '@aws-sdk/client-s3';
import type { CheckEvent, JobStatus, StepResult } from '../../etl-step/contract';
import { rejectedRowsFolder, STEP_ENV, waitSeconds } from '../../etl-step/contract';
import { isBefore } from '../../etl-step/runtime/launch-order';
import { writeResultOnce } from '../../etl-step/runtime/step-result';
import { s3 } from '../../runtime/clients/s3';
import { requireEnv } from '../../runtime/environment';
import type { EmrHiveDynamoArguments, EmrJob } from '../contract';
import { logsFolder } from '../contract';
import { classify } from './classify';
import { describeCluster, describeLoad, endLaunch, isEnded } from './clusters';
import { readCounts } from './counts';
import { startOrFind } from './launch';
import { isOf, readLaunches } from './launch-records';

type Check = CheckEvent<EmrJob, EmrHiveDynamoArguments>;

/** End of Hive's output that an error carries. */
const LOG_CHARACTERS = 2_000;

/** Judges the load by the state of its own step: the cluster's state also tells of what happened after it. */
export async function check(event: Check): Promise<JobStatus<EmrJob>> {
  const { clusterId } = event.job;
  if (clusterId === undefined) return startOrFind(event);
  await endLeftovers(event, clusterId);

  const step = await describeLoad(event.runId, clusterId);
  if (step?.Status?.State === 'COMPLETED') return { status: 'done', result: await finish(event, step) };

  const cluster = await describeCluster(event.runId, clusterId);
  // a failed step ends its cluster: only then are its reason and the logs complete
  if (isEnded(cluster)) {
    const logs = logsFolder(event.runId, requireEnv(STEP_ENV.stepId));
    throw classify({
      runId: event.runId,
      cluster,
      step,
      log: step && await lastWords(`${logs}${clusterId}/steps/${step.Id}/stderr.gz`),
      logs: `s3://${requireEnv(STEP_ENV.workBucket)}/${logs}`,
    });
  }

  return { status: 'running', waitSeconds: waitSeconds((Date.now() - Date.parse(event.job.askedAt)) / 1000), job: event.job };
}

/**
 * Ends the clusters of earlier attempts and relaunches, and others of this launch: their writes would mix with this one's. Never those of later
 * ones: this check itself may be the one that comes late.
 */
async function endLeftovers(event: Check, clusterId: string): Promise<void> {
  const others = (await readLaunches(event.runId)).filter(record =>
    isBefore(record, event) || isOf(event)(record) && record.clusterId !== clusterId);
  await Promise.all(others.map(async record => endLaunch(event.runId, record)));
}

async function finish(event: Check, step: StepSummary): Promise<StepResult> {
  const bucket = requireEnv(STEP_ENV.workBucket);
  const stepId = requireEnv(STEP_ENV.stepId);
  const ended = step.Status?.Timeline?.EndDateTime?.getTime() ?? Date.now();
  const seconds = Math.round((ended - Date.parse(event.job.askedAt)) / 1000);
  const counts = await readCounts(bucket, event.runId, stepId);
  return writeResultOnce(bucket, event.runId, stepId, {
    ...counts,
    seconds,
    ...counts.rowsRejected > 0 && { rejectedRows: `s3://${bucket}/${rejectedRowsFolder(event.runId, stepId)}` },
  });
}

/** The end of a log; undefined if EMR has kept none, which is so if the step never began. */
async function lastWords(key: string): Promise<string | undefined> {
  try {
    const { Body } = await s3().send(new GetObjectCommand({ Bucket: requireEnv(STEP_ENV.workBucket), Key: key }));
    return gunzipSync(await Body!.transformToByteArray()).toString('utf8').slice(-LOG_CHARACTERS).trim();
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}
