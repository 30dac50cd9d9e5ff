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
 * Reasons of tasks that never began, the particular ones first, with the advice that ends the message.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
 */
const NOT_STARTED: { readonly text: RegExp; readonly advice: string }[] = [
  {
    text: /no space left/i,
    advice: "The task's disk is too small for the image: raise the step's `ephemeralStorage`.",
  },
  {
    text: /exec format error|matching platform/i,
    advice: "The image is for another processor: build it for the step's `cpuArchitecture`, or name the image's there.",
  },
  {
    text: /time(?:d )?out|dial tcp|deadline exceeded|unreachable|no route|check your (?:task )?network/i,
    advice:
      "The step's subnets have no route to the service that is named: give them a NAT gateway, or endpoints for " +
      'ecr.api, ecr.dkr, s3 and logs, and for secretsmanager if the task definition has secrets; and let the ' +
      'security groups of tasks and endpoints pass port 443.',
  },
  {
    text: /ResourceInitializationError.*(?:secret|ssm|parameter)/is,
    advice:
      'A secret of the task definition cannot be fetched: it must exist, and the execution role must be allowed to ' +
      'read it and to decrypt it.',
  },
  {
    text: /CannotPull/,
    advice: 'The image cannot be fetched: it must exist, and the execution role must be allowed to pull it.',
  },
  {
    text: /ResourceInitializationError|CannotCreateVolume/,
    advice: 'Fargate could not prepare the task: look at what is named, and at what the execution role may do.',
  },
  {
    text: /CannotStartContainerError|CannotCreateContainerError|ContainerRuntimeError/,
    advice: "The container could not begin: the image's ENTRYPOINT must exist and be executable.",
  },
];

/** What exit codes mean that the program did not choose. */
const EXIT_CODES: { readonly [exitCode: number]: string } = {
  126: 'the ENTRYPOINT cannot be executed',
  127: 'the ENTRYPOINT is not found',
  134: 'the program aborted',
  139: 'the program crashed, segmentation fault',
  143: 'the program ended at SIGTERM, instead of exiting with 10',
};

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
  if (LOST_MACHINE.has(task.stopCode)) {
    return new CapacityError(`${describe(failed)} The load begins again on another machine, on demand.`);
  }
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
    ...exitCodeFacts(container?.exitCode),
    ...(task.stoppedReason ? [task.stoppedReason] : []),
    ...(container?.reason ? [container.reason] : []),
  ];
  return (
    `Run ${runId}: the load into Redshift failed; its task ${task.taskArn} ended with ${facts.join('; ')}. Log: ` +
    `${log}.`
  );
}

function exitCodeFacts(exitCode: number | undefined): string[] {
  if (exitCode === undefined) return ['no exit code'];
  return [`exit code ${exitCode}`, ...(EXIT_CODES[exitCode] ? [EXIT_CODES[exitCode]] : [])];
}
