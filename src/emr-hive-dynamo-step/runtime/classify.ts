import type { Cluster, StepSummary } from '@aws-sdk/client-emr';
import { ERROR } from '../../etl-step/contract';
import { CapacityError, ConfigurationError, EtlError } from '../../runtime/errors';
import type { ClusterRequest } from '../contract';
import { causeOf } from './causes';
import { quotaAdvice } from './quotas';
import { quote } from './step-log';

/** What is known of a load that has failed. */
export interface FailedLoad {
  readonly runId: string;
  readonly cluster: Cluster;
  /** Absent if the cluster ended before EMR had a step. */
  readonly step?: StepSummary;
  /** End of what Hive printed, if EMR has kept it. */
  readonly log?: string;
  /** S3 URI of the folder for the cluster's logs, if that is known. */
  readonly logs?: string;
  /** What the cluster was asked for, if it was made by the step. */
  readonly request?: ClusterRequest;
  /** The cluster was there before the load: it may end before the load's turn comes. */
  readonly kept?: boolean;
}

/**
 * The error of a load that has failed, by its cluster's reason and its step's details. Rows that cannot be loaded are
 * rejected inside the load, so only one failure may be due to the files: memory that was too small for them is
 * Etl.Data, without their names, so that smaller runs find out.
 */
export function classify(failure: FailedLoad): EtlError {
  const {
    cluster: { Status: status },
    step,
    request,
    log,
  } = failure;
  const reasons = JSON.stringify([status?.StateChangeReason, status?.ErrorDetails]);
  const quota = quotaAdvice(reasons, request);
  if (quota) return new ConfigurationError(`${describe(failure)} ${quota}`);
  if (failure.kept && !step?.Status?.Timeline?.StartDateTime && isGone(failure.cluster)) {
    return new CapacityError(
      `${describe(failure)} The cluster ended before the load's turn came: the next launch takes another one.`,
    );
  }
  const byReason = classifyReason(failure);
  if (byReason) return byReason;
  const details = step?.Status?.FailureDetails;
  const output = `${details?.Reason}\n${details?.Message}\n${log}`;
  const cause = causeOf(output);
  if (!cause) return new EtlError(ERROR.loadFailed, describe(failure));
  return new cause.error(`${describe(failure, cause.text)} ${cause.advice}`);
}

const isGone = ({ Status: status }: Cluster): boolean => status?.State?.startsWith('TERMINAT') ?? false;

/** By why the cluster has ended; undefined if that is because of its step. */
function classifyReason(failure: FailedLoad): EtlError | undefined {
  const text = describe(failure);
  switch (failure.cluster.Status?.StateChangeReason?.Code) {
    case 'INSTANCE_FLEET_TIMEOUT':
    case 'INSTANCE_FAILURE':
    case 'INTERNAL_ERROR': // no capacity in the zone, or a fault of EMR's: both are mended by another cluster
      return new CapacityError(text);
    case 'VALIDATION_ERROR':
      return new ConfigurationError(
        `${text} EMR refused the cluster's definition: correct the step's \`compute\` (subnets, instance types, ` +
          'release).',
      );
    case 'BOOTSTRAP_FAILURE':
      return new ConfigurationError(
        `${text} The instances could not set themselves up: give their subnets a route to S3, let its bucket and ` +
          'endpoint ' +
          "policies admit the buckets of EMR and Amazon Linux, and look at the logs of the step's " +
          '`bootstrapActions`, if it has some.',
      );
    case 'USER_REQUEST':
      return new ConfigurationError(
        `${text} Somebody, or a tool that ends idle resources, terminated the cluster: ` +
          (failure.request
            ? 'leave clusters with the tag of this step alone.'
            : "give the step's `EmrCompute.existingCluster` one that is there whenever a run loads."),
      );
    default:
      return undefined;
  }
}

function describe({ runId, cluster, step, log, logs }: FailedLoad, cause?: RegExp): string {
  const reason = cluster.Status?.StateChangeReason;
  const details = step?.Status?.FailureDetails;
  const errors =
    cluster.Status?.ErrorDetails?.map(({ ErrorCode, ErrorMessage }) => `${ErrorCode}: ${ErrorMessage}`) ?? [];
  const parts = [
    `cluster ${cluster.Id} is ${cluster.Status?.State} ` +
      `(${reason?.Code ?? 'no reason given'}${reason?.Message ? `: ${reason.Message}` : ''})`,
    ...errors,
    ...(step
      ? [
          'its step is ' +
            `${step.Status?.State}${details ? ` (${[details.Reason, details.Message].filter(Boolean).join(': ')})` : ''}`,
        ]
      : []),
    ...(log ? [`Hive's last words: ${quote(log, cause)}`] : []),
    ...((details?.LogFile ?? logs) ? [`logs: ${details?.LogFile ?? `${logs}${cluster.Id}/`}`] : []),
  ];
  return `Run ${runId}: the load into DynamoDB failed; ${parts.join('; ')}.`;
}
