import { CapacityError, ConfigurationError, DataError } from '../../runtime/errors';

export interface Cause {
  readonly text: RegExp;
  readonly error: typeof CapacityError | typeof ConfigurationError | typeof DataError;
  /** Ends the message. */
  readonly advice: string;
}

/**
 * Texts by which Hive's own output says what to do. The first one that fits: an instance with full disks also counts as
 * a lost one.
 */
const CAUSES: Cause[] = [
  {
    text: /No space left on device|DiskErrorException|DiskOutOfSpaceException|local-dirs (?:are bad|usable space is below)|local-dirs turned bad|used space above threshold|could only be (?:replicated|written) to 0 .*There are [1-9]\d* datanode/,
    error: ConfigurationError,
    advice:
      "The disks of the instances are full. Raise `ebsVolumeSize` or `ebsVolumesPerInstance` of the step's " +
      '`compute`, use more core instances, or load less in a run ' +
      '(`maxBytesPerExecution` of the trigger).',
  },
  {
    // below four core instances HDFS keeps one copy of each block, so a lost core instance takes data along
    text: /Container released on a \*lost\* node|NodeManager .* (?:lost|expired)|Spot interruption|BlockMissingException|Could not obtain (?:the last )?block|There are 0 datanode|Unable to close file because (?:the last block|dfsclient)/i,
    error: CapacityError,
    advice: 'Instances were lost. The next launch is all on-demand, unless the cluster is your own.',
  },
  {
    // YARN kills such a container with exit code 143 or 137, which alone says nothing: it also ends containers for
    // other reasons
    text: /Java heap space|GC overhead limit exceeded|Requested array size exceeds VM limit|running (?:\S+ )?beyond (?:the )?'?(?:physical|virtual)'? memory limit|exceeding (?:physical |virtual )?memory limits/i,
    error: DataError,
    advice:
      'A task ran out of memory. Either one file has enormous lines, for instance because it has no line feeds, ' +
      'or the run is too large for the instances. So the ' +
      'files are tried again in runs of half as many: a file that fails alone is rejected, and all others load. ' +
      'Look at the rejected file: mend it and upload it again, or, ' +
      "if its lines are right, give the step's `compute` instances with more memory and put the file back. If " +
      'whole runs are too large, lower ' +
      '`maxBytesPerExecution` of the trigger.',
  },
  {
    text: /AccessDenied|is not authorized to perform/,
    error: ConfigurationError,
    advice:
      "Let the cluster's instance role do that: the step grants it the table and the work bucket, but not what " +
      'policies of the bucket, of a ' +
      'KMS key, of a VPC endpoint or of the organization deny.',
  },
  {
    text: /ResourceNotFoundException|Requested resource not found/,
    error: ConfigurationError,
    advice: "Create the DynamoDB table, in the region of the cluster, or correct the step's `table`.",
  },
  {
    text: /ValidationException|provided key element does not match the schema|Item size has exceeded/,
    error: ConfigurationError,
    advice: "Make the dataset's key and its columns' types fit the DynamoDB table, and keep its items below 400 KB.",
  },
  {
    text: /UnknownHostException|SdkClientException: Unable to execute HTTP request|Connect(?:ion)? timed out/,
    error: ConfigurationError,
    advice: "Give the cluster's subnets a route to S3 and DynamoDB: a NAT gateway, or gateway endpoints for both.",
  },
  {
    // the connector tries again what is throttled, for ten minutes, and RequestLimitExceeded not at all
    text: /RequestLimitExceeded|ProvisionedThroughputExceededException|ThrottlingException|Full list of write requests not processed/,
    error: ConfigurationError,
    advice:
      'DynamoDB throttled the load for longer than the connector waits, or a quota of the account is reached. ' +
      "Lower the step's " +
      '`writeUnitsPerSecond` or `writeThroughputPercent`, give the table and its indexes more capacity (warm ' +
      'throughput on demand, or the maximum of its ' +
      "auto scaling), or raise the table's and the account's write quotas.",
  },
  {
    text: /FAILED: (?:SemanticException|ParseException)|return code 1 from org\.apache\.hadoop\.hive\.ql\.exec\.DDLTask/,
    error: ConfigurationError,
    advice:
      "Hive did not accept the script. If it names something of the step's `transform`, correct that SELECT. " +
      'Otherwise use another EMR release, or ' +
      'report it as a defect of this library.',
  },
];

/** What a load's output says of its failure, if it is something that is known. */
export const causeOf = (output: string): Cause | undefined => CAUSES.find(({ text }) => text.test(output));
