import type { Cluster, StepSummary } from '@aws-sdk/client-emr';
import { ERROR } from '../../etl-step/contract';
import { CapacityError, ConfigurationError, DataError, EtlError } from '../../runtime/errors';
import type { ClusterRequest } from '../contract';
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

interface Cause {
  readonly text: RegExp;
  readonly error: typeof CapacityError | typeof ConfigurationError | typeof DataError;
  /** Ends the message. */
  readonly advice: string;
}

/** Texts by which Hive's own output says what to do. The first one that fits: an instance with full disks also counts as a lost one. */
const CAUSES: Cause[] = [
  {
    text: /No space left on device|DiskErrorException|DiskOutOfSpaceException|local-dirs (?:are bad|usable space is below)|local-dirs turned bad|used space above threshold|could only be (?:replicated|written) to 0 .*There are [1-9]\d* datanode/,
    error: ConfigurationError,
    advice: 'The disks of the instances are full. Raise `ebsVolumeSize` or `ebsVolumesPerInstance` of the step\'s `compute`, use more core instances, or load less in a run '
      + '(`maxBytesPerExecution` of the trigger).',
  },
  {
    // below four core instances HDFS keeps one copy of each block, so a lost core instance takes data along
    text: /Container released on a \*lost\* node|NodeManager .* (?:lost|expired)|Spot interruption|BlockMissingException|Could not obtain (?:the last )?block|There are 0 datanode|Unable to close file because (?:the last block|dfsclient)/i,
    error: CapacityError,
    advice: 'Instances were lost. The next launch is all on-demand.',
  },
  {
    // YARN kills such a container with exit code 143 or 137, which alone says nothing: it also ends containers for other reasons
    text: /Java heap space|GC overhead limit exceeded|Requested array size exceeds VM limit|running (?:\S+ )?beyond (?:the )?'?(?:physical|virtual)'? memory limit|exceeding (?:physical |virtual )?memory limits/i,
    error: DataError,
    advice: 'A task ran out of memory. Either one file has enormous lines, for instance because it has no line feeds, or the run is too large for the instances. So the '
      + 'files are tried again in runs of half as many: a file that fails alone is rejected, and all others load. Look at the rejected file: mend it and upload it again, or, '
      + 'if its lines are right, give the step\'s `compute` instances with more memory and put the file back. If whole runs are too large, lower '
      + '`maxBytesPerExecution` of the trigger.',
  },
  {
    text: /AccessDenied|is not authorized to perform/,
    error: ConfigurationError,
    advice: 'Let the cluster\'s instance role do that: the step grants it the table and the work bucket, but not what policies of the bucket, of a '
      + 'KMS key, of a VPC endpoint or of the organization deny.',
  },
  {
    text: /ResourceNotFoundException|Requested resource not found/,
    error: ConfigurationError,
    advice: 'Create the DynamoDB table, in the region of the cluster, or correct the step\'s `table`.',
  },
  {
    text: /ValidationException|provided key element does not match the schema|Item size has exceeded/,
    error: ConfigurationError,
    advice: 'Make the dataset\'s key and its columns\' types fit the DynamoDB table, and keep its items below 400 KB.',
  },
  {
    text: /UnknownHostException|SdkClientException: Unable to execute HTTP request|Connect(?:ion)? timed out/,
    error: ConfigurationError,
    advice: 'Give the cluster\'s subnets a route to S3 and DynamoDB: a NAT gateway, or gateway endpoints for both.',
  },
  {
    // the connector tries again what is throttled, for ten minutes, and RequestLimitExceeded not at all
    text: /RequestLimitExceeded|ProvisionedThroughputExceededException|ThrottlingException|Full list of write requests not processed/,
    error: ConfigurationError,
    advice: 'DynamoDB throttled the load for longer than the connector waits, or a quota of the account is reached. Lower the step\'s '
      + '`writeUnitsPerSecond` or `writeThroughputPercent`, give the table and its indexes more capacity (warm throughput on demand, or the maximum of its '
      + 'auto scaling), or raise the table\'s and the account\'s write quotas.',
  },
  {
    text: /FAILED: (?:SemanticException|ParseException)|return code 1 from org\.apache\.hadoop\.hive\.ql\.exec\.DDLTask/,
    error: ConfigurationError,
    advice: 'Hive did not accept the script. If it names something of the step\'s `transform`, correct that SELECT. Otherwise use another EMR release, or '
      + 'report it as a defect of this library.',
  },
];

/**
 * The error of a load that has failed, by its cluster's reason and its step's details. Rows that cannot be loaded are rejected inside the load, so
 * only one failure may be due to the files: memory that was too small for them is Etl.Data, without their names, so that smaller runs find out.
 */
export function classify(failure: FailedLoad): EtlError {
  const { cluster: { Status: status }, step, request, log } = failure;
  const reasons = JSON.stringify([status?.StateChangeReason, status?.ErrorDetails]);
  const quota = quotaAdvice(reasons, request);
  if (quota) return new ConfigurationError(`${describe(failure)} ${quota}`);
  if (failure.kept && !step?.Status?.Timeline?.StartDateTime && isGone(failure.cluster)) {
    return new CapacityError(`${describe(failure)} The cluster ended before the load's turn came: the next launch takes another one.`);
  }
  const byReason = classifyReason(failure);
  if (byReason) return byReason;
  const details = step?.Status?.FailureDetails;
  const output = `${details?.Reason}\n${details?.Message}\n${log}`;
  const cause = CAUSES.find(({ text }) => text.test(output));
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
      return new ConfigurationError(`${text} EMR refused the cluster's definition: correct the step's \`compute\` (subnets, instance types, release).`);
    case 'BOOTSTRAP_FAILURE':
      return new ConfigurationError(`${text} The instances could not set themselves up: give their subnets a route to S3, let its bucket and endpoint `
        + 'policies admit the buckets of EMR and Amazon Linux, and look at the logs of the step\'s `bootstrapActions`, if it has some.');
    case 'USER_REQUEST':
      return new ConfigurationError(`${text} Somebody, or a tool that ends idle resources, terminated the cluster: leave clusters with the tag of this step alone.`);
    default:
      return undefined;
  }
}

function describe({ runId, cluster, step, log, logs }: FailedLoad, cause?: RegExp): string {
  const reason = cluster.Status?.StateChangeReason;
  const details = step?.Status?.FailureDetails;
  const errors = cluster.Status?.ErrorDetails?.map(({ ErrorCode, ErrorMessage }) => `${ErrorCode}: ${ErrorMessage}`) ?? [];
  const parts = [
    `cluster ${cluster.Id} is ${cluster.Status?.State} (${reason?.Code ?? 'no reason given'}${reason?.Message ? `: ${reason.Message}` : ''})`,
    ...errors,
    ...step ? [`its step is ${step.Status?.State}${details ? ` (${[details.Reason, details.Message].filter(Boolean).join(': ')})` : ''}`] : [],
    ...log ? [`Hive's last words: ${quote(log, cause)}`] : [],
    ...details?.LogFile ?? logs ? [`logs: ${details?.LogFile ?? `${logs}${cluster.Id}/`}`] : [],
  ];
  return `Run ${runId}: the load into DynamoDB failed; ${parts.join('; ')}.`;
}
