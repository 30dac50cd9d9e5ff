import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { LaunchName } from './launch-order';
import { s3 } from '../../runtime/clients/s3';
import { requireEnv } from '../../runtime/environment';
import { getJson, putJson, putJsonOnce } from '../../runtime/work-bucket';
import { launchesFolder, STEP_ENV } from '../contract';

/**
 * One call that starts compute, written down before it is made: what a repeated launch knows of the one before, and
 * what whoever stops the run learns of compute that may be there, even if the launch died before it had the answer, and
 * whatever the function's configuration has become since.
 */
export interface LaunchRecord extends LaunchName {
  /** 0, then one more each time that is asked again because the call before came to nothing. */
  readonly call: number;
  /** ISO 8601. */
  readonly askedAt: string;
  /** `asked`: the answer is not known. `refused`: the call was not made, or refused. `ended`: nothing of it is left. */
  readonly state: 'asked' | 'running' | 'refused' | 'ended';
}

/**
 * Name of what a call starts. No two calls share one, and none is the beginning of another's: slashes are in no part.
 */
export function launchName(runId: string, { attempt, relaunch, call }: LaunchName & { readonly call: number }): string {
  return `${requireEnv(STEP_ENV.stepId)}/${runId}/${attempt}/${relaunch}/${call}`;
}

function recordKey(runId: string, { attempt, relaunch, call }: LaunchRecord): string {
  return `${launchesFolder(runId, requireEnv(STEP_ENV.stepId))}${attempt}-${relaunch}-${call}.json`;
}

/** Every launch of the run by this step, oldest first. */
export async function readLaunches<Launch extends LaunchRecord>(runId: string): Promise<Launch[]> {
  const bucket = requireEnv(STEP_ENV.workBucket);
  // attempts, relaunches and calls are few: one page of 1,000 holds them all
  const { Contents = [] } = await s3().send(
    new ListObjectsV2Command({ Bucket: bucket, Prefix: launchesFolder(runId, requireEnv(STEP_ENV.stepId)) }),
  );
  const records = await Promise.all(Contents.map(({ Key }) => getJson<Launch>(bucket, Key!)));
  return records
    .filter(record => record !== undefined)
    .sort((a, b) => a.attempt - b.attempt || a.relaunch - b.relaunch || a.call - b.call);
}

/** Takes the record for this caller; false if somebody else has it. */
export async function claimLaunch(runId: string, record: LaunchRecord): Promise<boolean> {
  return putJsonOnce(requireEnv(STEP_ENV.workBucket), recordKey(runId, record), record);
}

export async function updateLaunch<Launch extends LaunchRecord>(runId: string, record: Launch): Promise<void> {
  await putJson(requireEnv(STEP_ENV.workBucket), recordKey(runId, record), record);
}
