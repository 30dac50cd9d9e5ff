import type { JobRun } from '@aws-sdk/client-emr-serverless';
import { causeOf } from './causes';
import { quote } from './step-log';
import { ERROR } from '../../etl-step/contract';
import { CapacityError, ConfigurationError, EtlError } from '../../runtime/errors';

/** A job run that has ended without success. */
export interface FailedJobRun {
  readonly runId: string;
  readonly jobRun: JobRun;
  /** End of what Hive printed, if EMR has kept it. */
  readonly log?: string;
  /** S3 URI of that. */
  readonly logUri: string;
}

/** The error of a load that has failed on EMR Serverless, by the same texts as on a cluster. */
export function classifyJobRun(failure: FailedJobRun): EtlError {
  const {
    jobRun: { state, stateDetails = '' },
    log = '',
  } = failure;
  if (state === 'CANCELLED') {
    return new ConfigurationError(
      `${describe(failure)} Somebody, or a time-out of the application, cancelled the load: leave the job runs ` +
        'of this step alone.',
    );
  }
  if (/maximum capacity|maximumCapacity/i.test(stateDetails)) {
    return new ConfigurationError(
      `${describe(failure)} Raise the step's \`maxVcpus\`, or the maximum capacity of your application.`,
    );
  }
  if (/service quota|vCPU limit|max(?:imum)? concurrent vCPUs/i.test(stateDetails)) {
    return new ConfigurationError(
      `${describe(failure)} Raise the quota "Max concurrent vCPUs per account" (L-D05C8A75) of EMR Serverless in ` +
        'the Service Quotas console, or ' +
        "lower the step's `maxVcpus`.",
    );
  }
  if (/insufficient capacity|InternalServerException|internal (?:service )?error/i.test(stateDetails)) {
    return new CapacityError(describe(failure));
  }
  const cause = causeOf(`${stateDetails}\n${log}`);
  if (!cause) return new EtlError(ERROR.loadFailed, describe(failure));
  return new cause.error(`${describe(failure, cause.text)} ${cause.advice}`);
}

function describe({ runId, jobRun, log, logUri }: FailedJobRun, cause?: RegExp): string {
  const parts = [
    `job run ${jobRun.jobRunId} of application ${jobRun.applicationId} is ` +
      `${jobRun.state}${jobRun.stateDetails ? ` (${jobRun.stateDetails})` : ''}`,
    ...(log ? [`Hive's last words: ${quote(log, cause)}`] : []),
    `logs: ${logUri}`,
  ];
  return `Run ${runId}: the load into DynamoDB failed; ${parts.join('; ')}.`;
}
