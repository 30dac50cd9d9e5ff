import type { Cluster, StepSummary } from '@aws-sdk/client-emr';
import { ERROR } from '../../etl-step/contract';
import { CapacityError, ConfigurationError, EtlError } from '../../runtime/errors';

/** What is known of a load that has failed. */
export interface FailedLoad {
  readonly runId: string;
  readonly cluster: Cluster;
  /** Absent if the cluster ended before EMR had a step. */
  readonly step?: StepSummary;
  /** End of what Hive printed, if EMR has kept it. */
  readonly log?: string;
  /** S3 URI of the folder for the clusters' logs. */
  readonly logs: string;
}

/** Texts by which Hive's own output says what to change. The advice ends the message. */
const HIVE_FAILURES: { readonly text: RegExp; readonly advice: string }[] = [
  {
    text: /AccessDenied|is not authorized to perform/,
    advice: 'Let the cluster\'s instance role do that: the step grants it the table and the work bucket, but not what policies of the bucket, of a '
      + 'KMS key, of a VPC endpoint or of the organization deny.',
  },
  {
    text: /ResourceNotFoundException|Requested resource not found/,
    advice: 'Create the DynamoDB table, in the region of the cluster, or correct the step\'s `table`.',
  },
  {
    text: /ValidationException|provided key element does not match the schema|Item size has exceeded/,
    advice: 'Make the dataset\'s key and its columns\' types fit the DynamoDB table, and keep its items below 400 KB.',
  },
  {
    text: /UnknownHostException|SdkClientException: Unable to execute HTTP request|Connect(?:ion)? timed out/,
    advice: 'Give the cluster\'s subnets a route to S3 and DynamoDB: a NAT gateway, or gateway endpoints for both.',
  },
  {
    text: /FAILED: (?:SemanticException|ParseException)|return code 1 from org\.apache\.hadoop\.hive\.ql\.exec\.DDLTask/,
    advice: 'Hive did not accept the generated script. Use another EMR release, or report it as a defect of this library.',
  },
];

/** Lost instances show in Hive's output alone if the cluster outlives them. */
const LOST_INSTANCES = /Container released on a \*lost\* node|NodeManager .* (?:lost|expired)|Spot interruption/i;

/**
 * The error of a load that has failed, by its cluster's reason and its step's details. No failure of a cluster accuses the files:
 * rows that cannot be loaded are rejected inside the load, so Etl.Data is never among the answers.
 */
export function classify(failure: FailedLoad): EtlError {
  const { Code: code } = failure.cluster.Status?.StateChangeReason ?? {};
  const text = describe(failure);
  switch (code) {
    case 'INSTANCE_FLEET_TIMEOUT':
    case 'INSTANCE_FAILURE':
    case 'INTERNAL_ERROR': // no capacity in the zone, or a fault of EMR's: both are mended by another cluster
      return new CapacityError(text);
    case 'VALIDATION_ERROR':
      return new ConfigurationError(`${text} EMR refused the cluster's definition: correct the step's \`compute\` (subnets, instance types, release), `
        + 'or raise the account\'s EC2 quota that it names.');
    case 'BOOTSTRAP_FAILURE':
      return new ConfigurationError(`${text} The instances could not set themselves up: give their subnets a route to S3, and let its bucket and `
        + 'endpoint policies admit the buckets of EMR and Amazon Linux.');
    case 'USER_REQUEST':
      return new ConfigurationError(`${text} Somebody, or a tool that ends idle resources, terminated the cluster: leave clusters with the tag of this step alone.`);
  }
  const output = `${failure.step?.Status?.FailureDetails?.Reason} ${failure.step?.Status?.FailureDetails?.Message} ${failure.log}`;
  if (LOST_INSTANCES.test(output)) return new CapacityError(text);
  const known = HIVE_FAILURES.find(candidate => candidate.text.test(output));
  return known ? new ConfigurationError(`${text} ${known.advice}`) : new EtlError(ERROR.loadFailed, text);
}

function describe({ runId, cluster, step, log, logs }: FailedLoad): string {
  const reason = cluster.Status?.StateChangeReason;
  const details = step?.Status?.FailureDetails;
  const errors = cluster.Status?.ErrorDetails?.map(({ ErrorCode, ErrorMessage }) => `${ErrorCode}: ${ErrorMessage}`) ?? [];
  const parts = [
    `cluster ${cluster.Id} is ${cluster.Status?.State} (${reason?.Code ?? 'no reason given'}${reason?.Message ? `: ${reason.Message}` : ''})`,
    ...errors,
    ...step ? [`its step is ${step.Status?.State}${details ? ` (${[details.Reason, details.Message].filter(Boolean).join(': ')})` : ''}`] : [],
    ...log ? [`Hive's last words: ${log}`] : [],
    `logs: ${details?.LogFile ?? `${logs}${cluster.Id}/`}`,
  ];
  return `Run ${runId}: the load into DynamoDB failed; ${parts.join('; ')}.`;
}
