import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { RunAttempt } from '../../etl-step/contract';
import { STEP_ENV } from '../../etl-step/contract';
import { s3 } from '../../runtime/clients/s3';
import { requireEnv } from '../../runtime/environment';
import { getJson, putJson, putJsonOnce } from '../../runtime/work-bucket';
import { launchesFolder } from '../contract';

/** Where EMR runs a load. */
export interface Load {
  /** Of an application of EMR Serverless: its id. */
  readonly clusterId: string;
  /**
   * The load's step, on a cluster that outlives the load; a cluster of the load's own has no other one. In an
   * application of EMR Serverless the job run.
   */
  readonly stepId?: string;
}

/**
 * One call that starts a load, RunJobFlow or AddJobFlowSteps, written down before it is made: neither has a client
 * token, so this record is what a repeated launch knows of the one before. Its name is the cluster's or the step's, and
 * no two calls share one.
 */
export interface LaunchRecord {
  readonly attempt: number;
  readonly relaunch: number;
  /** 0, then one more each time that EMR is asked again because the call before came to nothing. */
  readonly call: number;
  /** ISO 8601. */
  readonly askedAt: string;
  /**
   * `asked`: the answer is not known. `refused`: the call was not made, or EMR has refused it. `ended`: no compute of
   * it is left.
   */
  readonly state: 'asked' | 'running' | 'refused' | 'ended';
  /** Known before the call if a step is to be added to a cluster. */
  readonly clusterId?: string;
  readonly stepId?: string;
  /** The call adds a step to a cluster that outlives the load. */
  readonly addsStep?: boolean;
  /** The cluster is an application of EMR Serverless, and the step a job run. */
  readonly isServerless?: boolean;
  /** ISO 8601: when EMR was first asked to cancel the step. */
  readonly cancelledAt?: string;
}

/** What the call of a record has started, if that is known. */
export function loadOf({ clusterId, stepId, addsStep }: LaunchRecord): Load | undefined {
  if (clusterId === undefined || (addsStep && stepId === undefined)) return undefined;
  return { clusterId, ...(stepId !== undefined && { stepId }) };
}

/** Slashes appear in neither part, so no name of one step or run is the beginning of another's. */
export function loadName(runId: string, record: Pick<LaunchRecord, 'attempt' | 'relaunch' | 'call'>): string {
  return `${requireEnv(STEP_ENV.stepId)}/${runId}/${record.attempt}/${record.relaunch}/${record.call}`;
}

function recordKey(runId: string, { attempt, relaunch, call }: LaunchRecord): string {
  return `${launchesFolder(runId, requireEnv(STEP_ENV.stepId))}${attempt}-${relaunch}-${call}.json`;
}

/** Every launch of the run by this step, oldest first. */
export async function readLaunches(runId: string): Promise<LaunchRecord[]> {
  const bucket = requireEnv(STEP_ENV.workBucket);
  // attempts, relaunches and calls are few: one page holds them all
  const { Contents = [] } = await s3().send(
    new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: launchesFolder(runId, requireEnv(STEP_ENV.stepId)),
    }),
  );
  const records = await Promise.all(Contents.map(({ Key }) => getJson<LaunchRecord>(bucket, Key!)));
  return records
    .filter(record => record !== undefined)
    .sort((a, b) => a.attempt - b.attempt || a.relaunch - b.relaunch || a.call - b.call);
}

/** Takes the record for this caller; false if somebody else has it. */
export async function claimLaunch(runId: string, record: LaunchRecord): Promise<boolean> {
  return putJsonOnce(requireEnv(STEP_ENV.workBucket), recordKey(runId, record), record);
}

export async function updateLaunch(runId: string, record: LaunchRecord): Promise<void> {
  await putJson(requireEnv(STEP_ENV.workBucket), recordKey(runId, record), record);
}

export function isOf({
  attempt,
  relaunch,
}: RunAttempt & { readonly relaunch: number }): (record: LaunchRecord) => boolean {
  return record => record.attempt === attempt && record.relaunch === relaunch;
}
