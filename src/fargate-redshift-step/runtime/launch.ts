import { createHash } from 'crypto';
import type { Failure, RunTaskCommandInput, RunTaskCommandOutput } from '@aws-sdk/client-ecs';
import { ConflictException, RunTaskCommand } from '@aws-sdk/client-ecs';
import type { JobStatus, LaunchEvent } from '../../etl-step/contract';
import {
  CONTRACT_VERSION,
  rejectedRowsFolder,
  resultKey,
  stagedFilesKey,
  STEP_ENV,
  waitSeconds,
} from '../../etl-step/contract';
import { ensureStillRunning } from '../../etl-step/runtime/execution';
import { findResult } from '../../etl-step/runtime/step-result';
import { ecs } from '../../runtime/clients/ecs';
import { requireEnv } from '../../runtime/environment';
import { CapacityError, ConfigurationError, TransientError } from '../../runtime/errors';
import { logger } from '../../runtime/logger';
import { putJson } from '../../runtime/work-bucket';
import type { FargateJob, FargateRedshiftArguments, LoaderInput } from '../contract';
import { LOADER_CONTAINER, LOADER_INPUT_ENV } from '../contract';
import { ecsError, isRefusal } from './ecs-errors';
import type { LaunchRecord } from './launch-records';
import { failureKey, inputKey, readLaunch, writeLaunch } from './launch-records';
import { startedBy } from './tasks';

type Launch = LaunchEvent<FargateRedshiftArguments>;

/**
 * Starts the task of this attempt and relaunch, unless the load is done already. A repeated launch starts nothing
 * twice.
 */
export async function launch(event: Launch): Promise<JobStatus<FargateJob>> {
  const result = await findResult(requireEnv(STEP_ENV.workBucket), event.runId, requireEnv(STEP_ENV.stepId));
  if (result) return { status: 'done', result }; // by another attempt

  const before = await readLaunch(event.runId, event);
  if (before?.taskArn) return running(before, before.taskArn);
  const { attempt, relaunch } = event;
  const record: LaunchRecord = {
    attempt,
    relaunch,
    cluster: event.arguments.cluster,
    askedAt: new Date().toISOString(),
  };
  await writeInput(event);
  // the record first: a stop that does not see it comes before the question whether the execution still runs, and the
  // answer is no
  await writeLaunch(event.runId, record);
  await ensureStillRunning(event.executionArn);

  const taskArn = await runTask(event, record);
  await writeLaunch(event.runId, { ...record, taskArn });
  logger.info('task started', { runId: event.runId, attempt, relaunch, taskArn });
  return running(record, taskArn);
}

function running({ cluster, askedAt }: LaunchRecord, taskArn: string): JobStatus<FargateJob> {
  return {
    status: 'running',
    waitSeconds: waitSeconds((Date.now() - Date.parse(askedAt)) / 1000),
    job: { cluster, taskArn, askedAt },
  };
}

async function writeInput(event: Launch): Promise<void> {
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

async function runTask(event: Launch, record: LaunchRecord): Promise<string> {
  let output: RunTaskCommandOutput;
  try {
    output = await ecs().send(new RunTaskCommand(taskRequest(event)));
  } catch (error) {
    // The token has been used with other parameters, by a launch that did not live to write the answer down: its task
    // is this one's.
    if (error instanceof ConflictException && error.resourceIds?.length) return error.resourceIds[0];
    if (isRefusal(error)) await writeLaunch(event.runId, { ...record, refused: true });
    throw ecsError(event.runId, 'RunTask', error);
  }
  // HTTP 200 may carry failures and no task
  const taskArn = output.tasks?.[0]?.taskArn;
  if (taskArn) return taskArn;
  const [failure] = output.failures ?? [];
  if (!failure) throw new TransientError(`Run ${event.runId}: RunTask has answered with neither a task nor a failure.`);
  await writeLaunch(event.runId, { ...record, refused: true });
  throw refusal(event.runId, failure);
}

function taskRequest(event: Launch): RunTaskCommandInput {
  const { cluster, taskDefinition, subnets, securityGroups, assignPublicIp, tags } = event.arguments;
  return {
    cluster,
    taskDefinition,
    launchType: 'FARGATE',
    count: 1,
    clientToken: clientToken(event),
    startedBy: startedBy(event.runId, event),
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

/**
 * 64 characters, the most that ECS takes. One relaunch is one token: ECS may go on answering a token with the failure
 * it had.
 */
function clientToken({ runId, attempt, relaunch }: Launch): string {
  return createHash('sha256')
    .update([runId, requireEnv(STEP_ENV.stepId), attempt, relaunch].join('/'))
    .digest('hex');
}

/** Reasons are listed in https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html */
function refusal(runId: string, { arn, reason, detail }: Failure): Error {
  const text = `Run ${runId}: ECS did not start the task: ${[reason, detail, arn].filter(Boolean).join(', ')}.`;
  return /^(?:ACCESS|ATTRIBUTE|INACTIVE|INVALID|LOCATION|MISSING)/i.test(reason ?? '')
    ? new ConfigurationError(`${text} Change what it names.`)
    : new CapacityError(`${text} If that stays so, give the step subnets in more zones.`);
}
