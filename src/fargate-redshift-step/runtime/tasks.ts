import type { DesiredStatus, ListTasksCommandOutput, Task } from '@aws-sdk/client-ecs';
import {
  DescribeTasksCommand,
  InvalidParameterException,
  ListTasksCommand,
  StopTaskCommand,
} from '@aws-sdk/client-ecs';
import type { LaunchRecord } from '../../etl-step/runtime/launch-records';
import { launchName } from '../../etl-step/runtime/launch-records';
import { ecs } from '../../runtime/clients/ecs';
import type { StartedTask } from '../contract';
import { LAUNCH_TIMEOUT_SECONDS } from '../contract';
import { ask, ecsError } from './ecs-errors';

/** The record of one call of RunTask. */
export interface TaskLaunch extends LaunchRecord, Partial<StartedTask> {}

/**
 * What ECS does not show this long after it was asked for does not exist: by then the function that asked has ended
 * (its time-out), and the answers of ECS, which follow its commands with a delay, have caught up.
 */
export const FORGOTTEN_AFTER_MILLISECONDS = 2 * LAUNCH_TIMEOUT_SECONDS * 1000;

export function isForgotten({ askedAt }: { readonly askedAt: string }): boolean {
  return Date.now() - Date.parse(askedAt) > FORGOTTEN_AFTER_MILLISECONDS;
}

export function isEnded(task: Task): boolean {
  return task.lastStatus === 'STOPPED' || task.lastStatus === 'DELETED';
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

/** The task of a launch, running or ended not long ago. */
export async function findTask(runId: string, launch: TaskLaunch): Promise<StartedTask | undefined> {
  const cluster = launch.cluster!;
  // a task that is being stopped is found under STOPPED though it still runs: it has half a minute after SIGTERM
  const taskArn = (await listTask(runId, launch, 'RUNNING')) ?? (await listTask(runId, launch, 'STOPPED'));
  return taskArn === undefined ? undefined : { cluster, taskArn };
}

async function listTask(runId: string, launch: TaskLaunch, desiredStatus: DesiredStatus): Promise<string | undefined> {
  let nextToken: string | undefined;
  do {
    const page: ListTasksCommandOutput = await ask(
      runId,
      'ListTasks',
      ecs().send(
        new ListTasksCommand({
          cluster: launch.cluster,
          startedBy: launchName(runId, launch), // at most 128 characters
          desiredStatus,
          nextToken,
        }),
      ),
    );
    if (page.taskArns?.[0]) return page.taskArns[0];
    nextToken = page.nextToken;
  } while (nextToken);
  return undefined;
}

async function stopTask(runId: string, { cluster, taskArn, attempt }: TaskLaunch & StartedTask): Promise<void> {
  const reason = `Attempt ${attempt} of run ${runId} is over.`;
  try {
    await ecs().send(new StopTaskCommand({ cluster, task: taskArn, reason }));
  } catch (error) {
    // ECS no longer knows tasks that ended an hour ago
    if (error instanceof InvalidParameterException && /not found/i.test(error.message)) return;
    throw ecsError(runId, `StopTask of ${taskArn}`, error);
  }
}

/** Stops the task of a launch; true once it has ended. */
export async function endTask(runId: string, launch: TaskLaunch & StartedTask): Promise<boolean> {
  const [task] = await describeTasks(runId, launch.cluster, [launch.taskArn]);
  if (!task) return isForgotten(launch);
  if (isEnded(task)) return true;
  if (task.desiredStatus !== 'STOPPED') await stopTask(runId, launch);
  return false;
}
