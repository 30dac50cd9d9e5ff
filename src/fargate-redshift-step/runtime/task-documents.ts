import { STEP_ENV } from '../../etl-step/contract';
import type { LaunchName } from '../../etl-step/runtime/launch-order';
import { requireEnv } from '../../runtime/environment';
import { tasksFolder } from '../contract';

function launchFolder(runId: string, { attempt, relaunch }: LaunchName): string {
  return `${tasksFolder(runId, requireEnv(STEP_ENV.stepId))}${attempt}-${relaunch}/`;
}

/** Where the task of a launch finds its work. */
export const inputKey = (runId: string, launch: LaunchName): string => `${launchFolder(runId, launch)}input.json`;

/** Where the task of a launch says why it failed. */
export const failureKey = (runId: string, launch: LaunchName): string => `${launchFolder(runId, launch)}failure.json`;
