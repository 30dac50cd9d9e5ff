import type { DesiredStatus, ListTasksCommandOutput, Task } from '@aws-sdk/client-ecs';
import {
  DescribeTasksCommand,
  InvalidParameterException,
  ListTasksCommand,
  StopTaskCommand,
} from '@aws-sdk/client-ecs';
import { STEP_ENV } from '../../etl-step/contract';
import type { LaunchName } from '../../etl-step/runtime/launch-order';
import { ecs } from '../../runtime/clients/ecs';
import { requireEnv } from '../../runtime/environment';
import { LAUNCH_TIMEOUT_SECONDS } from '../contract';
import { ecsError } from './ecs-errors';
import type { LaunchRecord } from './launch-records';

/**
 * What ECS does not show this long after it was asked for does not exist: by then the function that asked has ended
 * (its time-out), and the answers of ECS, which follow its commands with a delay, have caught up.
 */
const FORGOTTEN_AFTER_MILLISECONDS = 2 * LAUNCH_TIMEOUT_SECONDS * 1000;

/** Answer of ECS, or the error that the state machine acts on. */
export async function ask<Output>(runId: string, call: string, answer: Promise<Output>): Promise<Output> {
  try {
    return await answer;
  } catch (error) {
    throw ecsError(runId, call, error);
  }
}

/**
 * Value of the task's `startedBy`, at most 128 characters: how the task of a launch is found if its ARN is not known.
 */
export function startedBy(runId: string, { attempt, relaunch }: LaunchName): string {
  return `${runId}/${requireEnv(STEP_ENV.stepId)}/${attempt}/${relaunch}`;
}

export function isEnded(task: Task): boolean {
  return task.lastStatus === 'STOPPED' || task.lastStatus === 'DELETED';
}

export function isForgotten({ askedAt }: Pick<LaunchRecord, 'askedAt'>): boolean {
  return Date.now() - Date.parse(askedAt) > FORGOTTEN_AFTER_MILLISECONDS;
}

/** The tasks that ECS shows; those it does not (yet, or any more) are left out. */
export async function describeTasks(runId: string, cluster: string, arns: string[]): Promise<Task[]> {
  if (arns.length === 0) return [];
  const { tasks = [] } = await ask(
    runId,
    'DescribeTasks',
    ecs().send(new DescribeTasksCommand({ cluster, tasks: arns })),
  );
  return tasks;
}

/** The tasks of a launch, running or ended not long ago. */
async function listTasks(runId: string, launch: LaunchRecord, desiredStatus: DesiredStatus): Promise<string[]> {
  const arns: string[] = [];
  let nextToken: string | undefined;
  do {
    const page: ListTasksCommandOutput = await ask(
      runId,
      'ListTasks',
      ecs().send(
        new ListTasksCommand({
          cluster: launch.cluster,
          startedBy: startedBy(runId, launch),
          desiredStatus,
          nextToken,
        }),
      ),
    );
    arns.push(...(page.taskArns ?? []));
    nextToken = page.nextToken;
  } while (nextToken);
  return arns;
}

async function stopTask(runId: string, cluster: string, task: string, reason: string): Promise<void> {
  try {
    await ecs().send(new StopTaskCommand({ cluster, task, reason }));
  } catch (error) {
    // ECS no longer knows tasks that ended an hour ago
    if (error instanceof InvalidParameterException && /not found/i.test(error.message)) return;
    throw ecsError(runId, `StopTask of ${task}`, error);
  }
}

/**
 * Stops whatever a launch has started; true once nothing of it is left. May be called any number of times, by anybody.
 */
export async function endLaunch(runId: string, launch: LaunchRecord, reason: string): Promise<boolean> {
  // a task that is being stopped is found under STOPPED though it still runs: it has half a minute after SIGTERM
  const listed = await Promise.all([listTasks(runId, launch, 'RUNNING'), listTasks(runId, launch, 'STOPPED')]);
  const arns = new Set([...(launch.taskArn ? [launch.taskArn] : []), ...listed.flat()]);
  const tasks = await describeTasks(runId, launch.cluster, [...arns]);
  if (tasks.length === 0) return launch.refused || isForgotten(launch);
  const left = tasks.filter(task => !isEnded(task));
  for (const task of left.filter(({ desiredStatus }) => desiredStatus !== 'STOPPED')) {
    await stopTask(runId, launch.cluster, task.taskArn!, reason);
  }
  return left.length === 0;
}
