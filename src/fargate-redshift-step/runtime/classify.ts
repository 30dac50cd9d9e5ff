import type { Container, Task, TaskStopCode } from '@aws-sdk/client-ecs';
import { ERROR } from '../../etl-step/contract';
import { CapacityError, ConfigurationError, DataError, EtlError } from '../../runtime/errors';
import type { LoaderFailure } from '../contract';
import { LOADER_EXIT } from '../contract';

/** What is known of a task that ended without having done its work. */
export interface FailedTask {
  readonly runId: string;
  readonly task: Task;
  /** The loader's. */
  readonly container?: Container;
  /** What the loader wrote before it exited. */
  readonly failure?: LoaderFailure;
  readonly memoryLimitMiB: number;
  /** Where its log is. */
  readonly log: string;
}

/** 128 + SIGKILL. */
const KILLED = 137;

/**
 * Reasons of tasks that never began, with the advice that ends the message.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
 */
const NOT_STARTED: { readonly text: RegExp; readonly advice: string }[] = [
  {
    text: /CannotPull/,
    advice:
      "Fargate could not fetch the image: give the step's subnets a route to the registry (a NAT gateway, or " +
      'endpoints for ecr.api, ecr.dkr and S3), ' +
      'and see that the image exists and that the execution role may read it.',
  },
  {
    text: /ResourceInitializationError|CannotCreateVolume/,
    advice:
      "Fargate could not prepare the task: give the step's subnets a route to the services that it names (a NAT " +
      'gateway, or endpoints for ecr.api, ' +
      'ecr.dkr, S3, logs and secretsmanager), and see that the execution role may call them.',
  },
  {
    text: /CannotStartContainerError|CannotCreateContainerError|ContainerRuntimeError/,
    advice: 'The container could not begin: the image must be for linux/amd64 and its ENTRYPOINT must exist.',
  },
];

/**
 * Failures of the machine below the task, the lack of one, or a registry that was asked too often: another task, a
 * little later, is likely to do.
 */
const HOST = /capacity is unavailable|RESOURCE:|InternalError|host (?:failure|EC2)|network interface|toomanyrequests/i;

const LOST_MACHINE: ReadonlySet<TaskStopCode | undefined> = new Set<TaskStopCode>([
  'InfrastructureHealth',
  'SpotInterruption',
  'TerminationNotice',
]);

/**
 * The error of a task that has ended without a result. None accuses the files unless the loader itself did, or its
 * memory was too small for them: that is Etl.Data without their names, so that smaller runs find out.
 */
export function classify(failed: FailedTask): EtlError {
  const { task, container, failure } = failed;
  const exitCode = container?.exitCode;
  if (LOST_MACHINE.has(task.stopCode)) return new CapacityError(describe(failed));
  if (task.stopCode === 'UserInitiated') {
    return new EtlError(ERROR.loadFailed, `${describe(failed)} Somebody stopped the task.`);
  }
  if (exitCode === undefined) return classifyUnstarted(failed);
  switch (exitCode) {
    case LOADER_EXIT.data:
      return new DataError(failure?.message ?? describe(failed), failure?.files);
    case LOADER_EXIT.configuration:
      return new ConfigurationError(failure?.message ?? describe(failed));
    case LOADER_EXIT.transient:
      return new EtlError(ERROR.loadFailed, failure?.message ?? describe(failed));
  }
  // Fargate does not always tell why it has killed a container; nothing but memory is left when nobody stopped the task
  // and its machine is well
  if (exitCode === KILLED || /OutOfMemory/i.test(container?.reason ?? '')) {
    return new DataError(`${describe(failed)} ${outOfMemory(failed)}`);
  }
  return new EtlError(ERROR.loadFailed, describe(failed));
}

function outOfMemory({ memoryLimitMiB }: FailedTask): string {
  return (
    `The task ran out of memory: it has ${memoryLimitMiB} MiB. Either one file has enormous lines, for instance ` +
    'because it has no line feeds, or the task is too small for ' +
    'the run. So the files are tried again in runs of half as many: a file that fails alone is rejected, and all ' +
    'others load. Look at the rejected file: mend it and upload it ' +
    "again, or, if its lines are right, raise the step's `memoryLimitMiB` and put the file back."
  );
}

function classifyUnstarted(failed: FailedTask): EtlError {
  const reasons = `${failed.task.stoppedReason} ${failed.container?.reason}`;
  if (HOST.test(reasons)) return new CapacityError(describe(failed));
  const known = NOT_STARTED.find(({ text }) => text.test(reasons));
  return known
    ? new ConfigurationError(`${describe(failed)} ${known.advice}`)
    : new EtlError(ERROR.loadFailed, describe(failed));
}

function describe({ runId, task, container, log }: FailedTask): string {
  const facts = [
    task.stopCode ?? 'no stop code',
    container?.exitCode === undefined ? 'no exit code' : `exit code ${container.exitCode}`,
    ...(task.stoppedReason ? [task.stoppedReason] : []),
    ...(container?.reason ? [container.reason] : []),
  ];
  return (
    `Run ${runId}: the load into Redshift failed; its task ${task.taskArn} ended with ${facts.join('; ')}. Log: ` +
    `${log}.`
  );
}
