import { WAIT } from '../../etl-step/contract';
import type { JobCompute } from '../../etl-step/runtime/job-compute';
import type { JobStep } from '../../etl-step/runtime/job-handler';
import type { FargateRedshiftArguments, StartedTask } from '../contract';
import { judgeTask } from './judge-task';
import { startTask, writeInput } from './start-task';
import { endTask, findTask, FORGOTTEN_AFTER_MILLISECONDS, type TaskLaunch } from './tasks';

const fargate: JobCompute<FargateRedshiftArguments, StartedTask, TaskLaunch> = {
  startsOnce: true, // by its client token
  forgottenAfterMilliseconds: FORGOTTEN_AFTER_MILLISECONDS,
  locate: ({ cluster, taskArn }) => (cluster && taskArn ? { cluster, taskArn } : undefined),
  async prepare(event) {
    await writeInput(event);
    return { place: { cluster: event.arguments.cluster }, start: async record => startTask(event, record) };
  },
  find: findTask,
  judge: judgeTask,
  end: endTask,
};

/** The jobs of the step: tasks that run the loader. */
export const loaderTasks: JobStep<FargateRedshiftArguments, StartedTask, TaskLaunch> = {
  computeOf: () => fargate,
  computeOfRecord: () => fargate,
  stopWaitSeconds: WAIT.shortestSeconds,
};
