import type { ListTasksCommandOutput, Task } from '@aws-sdk/client-ecs';
import {
  DescribeTasksCommand,
  InvalidParameterException,
  ListTasksCommand,
  StopTaskCommand,
} from '@aws-sdk/client-ecs';
import type { LaunchRecord } from '../../etl-step/runtime/launch-records';
import { launchName, updateLaunch } from '../../etl-step/runtime/launch-records';
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

/**
 * The task of a launch whose answer nobody has, unless it is being stopped. It is recorded at once, because
 * ListTasks shows it no more when it is.
 */
export async function findTask(runId: string, launch: TaskLaunch): Promise<StartedTask | undefined> {
  const cluster = launch.cluster!;
  const taskArn = await listTask(runId, launch);
  if (taskArn === undefined) return undefined;
  await updateLaunch(runId, { ...launch, taskArn });
  return { cluster, taskArn };
}

/**
 * `startedBy` must be the only filter (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html),
 * so these are tasks that ECS wants to run.
 */
async function listTask(runId: string, launch: TaskLaunch): Promise<string | undefined> {
  const { cluster } = launch;
  const name = launchName(runId, launch); // at most 128 characters
  let nextToken: string | undefined;
  do {
    const page: ListTasksCommandOutput = await ask(
      runId,
      'ListTasks',
      ecs().send(new ListTasksCommand({ cluster, startedBy: name, nextToken })),
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
