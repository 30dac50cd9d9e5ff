import { createHash } from 'crypto';
import type { Failure, RunTaskCommandInput, RunTaskCommandOutput } from '@aws-sdk/client-ecs';
import { ConflictException, RunTaskCommand } from '@aws-sdk/client-ecs';
import { CONTRACT_VERSION, rejectedRowsFolder, resultKey, stagedFilesKey, STEP_ENV } from '../../etl-step/contract';
import type { Launcher } from '../../etl-step/runtime/job-compute';
import { launchName } from '../../etl-step/runtime/launch-records';
import { ecs } from '../../runtime/clients/ecs';
import { requireEnv } from '../../runtime/environment';
import { CapacityError, ConfigurationError, TransientError } from '../../runtime/errors';
import { logger } from '../../runtime/logger';
import { putJson } from '../../runtime/work-bucket';
import type { FargateRedshiftArguments, LoaderInput, StartedTask } from '../contract';
import { LOADER_CONTAINER, LOADER_INPUT_ENV } from '../contract';
import { capacityFor } from './capacity';
import { ask } from './ecs-errors';
import { failureKey, inputKey } from './task-documents';
import type { TaskLaunch } from './tasks';

type Launch = Launcher<FargateRedshiftArguments>;

/** Writes the work of the task down, for the loader. */
export async function writeInput(event: Launch): Promise<void> {
  const { runId, attempt } = event;
  const stepId = requireEnv(STEP_ENV.stepId);
  const workBucket = requireEnv(STEP_ENV.workBucket);
  const input: LoaderInput = {
    contract: CONTRACT_VERSION,
    runId,
    attempt,
    stepId,
    workBucket,
    stagedFilesKey: stagedFilesKey(runId),
    resultKey: resultKey(runId, stepId),
    failureKey: failureKey(runId, event),
    rejectedRowsFolder: rejectedRowsFolder(runId, stepId),
    ...event.arguments.load,
  };
  await putJson(workBucket, inputKey(runId, event), input);
}

/** Starts the task of a launch, or finds the one that a call before has started. */
export async function startTask(event: Launch, record: TaskLaunch): Promise<StartedTask> {
  const { runId, attempt, relaunch } = event;
  // HTTP 200 may carry failures and no task
  const { tasks = [], failures = [] } = await ask(runId, 'RunTask', runTask(taskRequest(event, record)));
  const taskArn = tasks[0]?.taskArn;
  if (!taskArn) throw notStarted(runId, failures[0]);
  logger.info('task started', { runId, attempt, relaunch, taskArn });
  return { cluster: event.arguments.cluster, taskArn };
}

async function runTask(request: RunTaskCommandInput): Promise<Pick<RunTaskCommandOutput, 'tasks' | 'failures'>> {
  try {
    return await ecs().send(new RunTaskCommand(request));
  } catch (error) {
    // The token has been used with other parameters, by a launch that did not live to write the answer down: its task
    // is this one's.
    if (!(error instanceof ConflictException && error.resourceIds?.length)) throw error;
    return { tasks: [{ taskArn: error.resourceIds[0] }] };
  }
}

function taskRequest(event: Launch, record: TaskLaunch): RunTaskCommandInput {
  const { cluster, taskDefinition, subnets, securityGroups, assignPublicIp, tags } = event.arguments;
  const name = launchName(event.runId, record);
  return {
    cluster,
    taskDefinition,
    ...capacityFor(event),
    count: 1,
    clientToken: createHash('sha256').update(name).digest('hex'), // 64 characters, the most that ECS takes
    startedBy: name,
    networkConfiguration: {
      awsvpcConfiguration: { subnets, securityGroups, assignPublicIp: assignPublicIp ? 'ENABLED' : 'DISABLED' },
    },
    overrides: {
      containerOverrides: [
        {
          name: LOADER_CONTAINER,
          // a pointer only: overrides hold 8,192 characters, and everybody who may describe the task reads them
          environment: [
            {
              name: LOADER_INPUT_ENV,
              value: `s3://${requireEnv(STEP_ENV.workBucket)}/${inputKey(event.runId, event)}`,
            },
          ],
        },
      ],
    },
    tags,
    propagateTags: 'TASK_DEFINITION',
    enableECSManagedTags: true,
  };
}

/** Reasons are listed in https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html */
function notStarted(runId: string, failure: Failure | undefined): Error {
  if (!failure) return new TransientError(`Run ${runId}: RunTask has answered with neither a task nor a failure.`);
  const { arn, reason, detail } = failure;
  const text = `Run ${runId}: ECS did not start the task: ${[reason, detail, arn].filter(Boolean).join(', ')}.`;
  return /^(?:ACCESS|ATTRIBUTE|INACTIVE|INVALID|LOCATION|MISSING)/i.test(reason ?? '')
    ? new ConfigurationError(`${text} Change what it names.`)
    : new CapacityError(`${text} If that stays so, give the step subnets in more zones.`);
}
