import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { STEP_ENV } from '../../etl-step/contract';
import type { LaunchName } from '../../etl-step/runtime/launch-order';
import { s3 } from '../../runtime/clients/s3';
import { requireEnv } from '../../runtime/environment';
import { getJson, putJson } from '../../runtime/work-bucket';
import { tasksFolder } from '../contract';

/**
 * One request for a task, written down before it is made: whoever stops the run learns from it that a task may exist,
 * and in which cluster, even if the launch died before it had the answer and whatever the function's configuration has
 * become since.
 */
export interface LaunchRecord extends LaunchName {
  /** ARN of the cluster. */
  readonly cluster: string;
  /** ISO 8601. */
  readonly askedAt: string;
  /** Absent until ECS has answered. */
  readonly taskArn?: string;
  /** ECS has answered that it starts no task. */
  readonly refused?: boolean;
}

const RECORD = 'launch.json';

function launchFolder(runId: string, { attempt, relaunch }: LaunchName): string {
  return `${tasksFolder(runId, requireEnv(STEP_ENV.stepId))}${attempt}-${relaunch}/`;
}

/** Where the task of a launch finds its work. */
export const inputKey = (runId: string, launch: LaunchName): string => `${launchFolder(runId, launch)}input.json`;

/** Where the task of a launch says why it failed. */
export const failureKey = (runId: string, launch: LaunchName): string => `${launchFolder(runId, launch)}failure.json`;

export async function readLaunch(runId: string, launch: LaunchName): Promise<LaunchRecord | undefined> {
  return getJson<LaunchRecord>(requireEnv(STEP_ENV.workBucket), launchFolder(runId, launch) + RECORD);
}

export async function writeLaunch(runId: string, record: LaunchRecord): Promise<void> {
  await putJson(requireEnv(STEP_ENV.workBucket), launchFolder(runId, record) + RECORD, record);
}

/** Every launch of the run by this step. */
export async function readLaunches(runId: string): Promise<LaunchRecord[]> {
  const bucket = requireEnv(STEP_ENV.workBucket);
  // a launch leaves three objects, and attempts and relaunches are few: one page of 1,000 holds them all
  const { Contents = [] } = await s3().send(
    new ListObjectsV2Command({ Bucket: bucket, Prefix: tasksFolder(runId, requireEnv(STEP_ENV.stepId)) }),
  );
  const keys = Contents.map(({ Key }) => Key!).filter(key => key.endsWith(`/${RECORD}`));
  const records = await Promise.all(keys.map(key => getJson<LaunchRecord>(bucket, key)));
  return records.filter(record => record !== undefined);
}
