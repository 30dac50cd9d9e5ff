import type { Task } from '@aws-sdk/client-ecs';
import type { CheckEvent, JobStatus } from '../../etl-step/contract';
import { ERROR, STEP_ENV } from '../../etl-step/contract';
import { stillRunning } from '../../etl-step/runtime/job-compute';
import { findResult, recordResult } from '../../etl-step/runtime/step-result';
import { requireEnv } from '../../runtime/environment';
import { ConfigurationError, EtlError } from '../../runtime/errors';
import { logger } from '../../runtime/logger';
import { record } from '../../runtime/metrics';
import { getJson } from '../../runtime/work-bucket';
import type { FargateJob, FargateRedshiftArguments, LoaderFailure } from '../contract';
import { LOADER_CONTAINER, LOADER_EXIT, LOG_STREAM_PREFIX } from '../contract';
import { classify } from './classify';
import { failureKey } from './task-documents';
import { describeTasks, isEnded, isForgotten } from './tasks';

type Check = CheckEvent<FargateJob, FargateRedshiftArguments>;

/** Success is a loader that exited with 0 and left its result. How long that may take is the state machine's to say. */
export async function judgeTask(event: Check): Promise<JobStatus<FargateJob>> {
  const { runId, job } = event;
  const [task] = await describeTasks(runId, job.cluster, [job.taskArn]);
  if (!task && isForgotten(job)) {
    // ECS shows a task for at least an hour after its end
    throw new EtlError(
      ERROR.loadFailed,
      `Run ${runId}: ECS does not know the task ${job.taskArn} any more, which was asked for at ${job.askedAt}. ` +
        'How it ended is unknown; loading again is safe.',
    );
  }
  // a task that was only just started may not be shown yet
  if (!task || !isEnded(task)) return stillRunning(job);
  return finish(event, task);
}

/** What Fargate charges for: from the pull of the image to the end. https://aws.amazon.com/fargate/pricing/ */
function recordTask({ pullStartedAt, stoppedAt }: Task): void {
  if (pullStartedAt && stoppedAt) {
    record('step', { TaskSeconds: (stoppedAt.getTime() - pullStartedAt.getTime()) / 1000 });
  }
}

async function finish(event: Check, task: Task): Promise<JobStatus<FargateJob>> {
  const { runId, job } = event;
  recordTask(task);
  const workBucket = requireEnv(STEP_ENV.workBucket);
  const stepId = requireEnv(STEP_ENV.stepId);
  const container = task.containers?.find(({ name }) => name === LOADER_CONTAINER);
  const log = `${event.arguments.logGroup}, stream ${LOG_STREAM_PREFIX}/${LOADER_CONTAINER}/${job.taskArn.split('/').at(-1)}`;
  if (task.stopCode === 'EssentialContainerExited' && container?.exitCode === LOADER_EXIT.done) {
    const result = await findResult(workBucket, runId, stepId);
    if (result) {
      recordResult(result);
      logger.info('task done', { runId, taskArn: job.taskArn, ...result });
      return { status: 'done', result };
    }
    throw new ConfigurationError(
      `Run ${runId}: the loader exited with 0 but has written no result to the key that its input document names in ` +
        `\`resultKey\`. An image of your own has to write it before it exits. Log: ${log}.`,
    );
  }
  throw classify({
    runId,
    task,
    container,
    failure: await getJson<LoaderFailure>(workBucket, failureKey(runId, event)),
    memoryLimitMiB: event.arguments.memoryLimitMiB,
    log,
  });
}
