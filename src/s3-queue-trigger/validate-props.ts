import { Annotations, Duration, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { S3QueueTriggerProps } from './s3-queue-trigger-props';
import type { ComputeFunctions } from '../file-ledger/file-ledger';
import { validateDuration, validateWholeNumber } from '../validation';

/** Claims of 50,000 files take about half a minute, a third of a function's time. */
const MOST_FILES = 50_000;
/** Each is looked at once a minute, in some 30 ms. */
const MOST_EXECUTIONS = 1_000;
const MOST_ATTEMPTS = 10;
/** Lambda's own limit. */
const LONGEST_WINDOW = Duration.minutes(5);
/** Files should not outlast the 14 days for which events are kept, a run that fails and a weekend. */
const LONGEST_RUN_INTERVAL = Duration.days(7);
/** Queue and dead-letter queue keep a message for 14 days each, EventBridge tries for another one. */
const LEAST_RETENTION = Duration.days(30);
const LONGEST_RETENTION = Duration.days(36_500);
/** A function's environment holds 4 KB, the ARN of a function up to 150 bytes. */
const MOST_STOP_FUNCTIONS = 20;

const REMOVAL_POLICIES = [RemovalPolicy.RETAIN, RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE, RemovalPolicy.DESTROY];

export function validateTriggerProps(trigger: Construct, props: S3QueueTriggerProps): void {
  if (Token.isUnresolved(props.maxFilesPerExecution)) {
    fail(trigger, 'maxFilesPerExecution', 'known at synthesis (the breaker depends on it)', 'a token');
  }
  const named = (name: string) => `'${name}' of the trigger ${trigger.node.path}`;
  validateWholeNumber(named('maxFilesPerExecution'), props.maxFilesPerExecution, 1, MOST_FILES);
  validateWholeNumber(named('maxConcurrentExecutions'), props.maxConcurrentExecutions, 1, MOST_EXECUTIONS);
  validateWholeNumber(named('maxAttempts'), props.maxAttempts, 1, MOST_ATTEMPTS);
  validateDuration(named('batchingWindow'), props.batchingWindow, Duration.seconds(0), LONGEST_WINDOW);
  validateDuration(
    named('minRunInterval'),
    props.minRunInterval,
    Duration.seconds(1),
    LONGEST_RUN_INTERVAL,
    'Files of a week are a large run: load more often, or in parts.',
  );
  validateDuration(
    named('ledgerRetention'),
    props.ledgerRetention,
    LEAST_RETENTION,
    LONGEST_RETENTION,
    'An event may come back from the dead-letter queue after 28 days, and would load its file again.',
  );
  validateSizes(trigger, props);
  if (props.removalPolicy && !REMOVAL_POLICIES.includes(props.removalPolicy)) {
    fail(
      trigger,
      'removalPolicy',
      'RETAIN, RETAIN_ON_UPDATE_OR_DELETE or DESTROY (buckets and queues have no snapshots)',
      props.removalPolicy,
    );
  }
  if (props.suffixes?.length === 0 || props.suffixes?.includes('')) {
    fail(trigger, 'suffixes', 'left out, or a list of texts that are not empty', JSON.stringify(props.suffixes));
  }
  validatePrefix(trigger, props);
  validateBucketEnvironment(trigger, props.bucket);
}

/** Events of S3 come to a queue of the bucket's own region and account only. */
function validateBucketEnvironment(trigger: Construct, bucket: IBucket): void {
  const stack = Stack.of(trigger);
  for (const [what, own, other] of [
    ['region', stack.region, bucket.env.region],
    ['account', stack.account, bucket.env.account],
  ]) {
    if (Token.isUnresolved(own) || Token.isUnresolved(other) || own === other) continue;
    throw new Error(
      `'bucket' of the trigger ${trigger.node.path} must be in the ${what} of its stack, ${own}: events of S3 do not ` +
        `come from elsewhere. ${bucket.node.path} is in ${other}: put the pipeline there, or replicate the bucket here.`,
    );
  }
}

function validatePrefix(trigger: Construct, { bucket, prefix = '', workBucket }: S3QueueTriggerProps): void {
  if (Token.isUnresolved(prefix)) return;
  const sameBucket = workBucket !== undefined && (workBucket === bucket || workBucket.bucketName === bucket.bucketName);
  if (sameBucket && ('runs/'.startsWith(prefix) || prefix.startsWith('runs/'))) {
    throw new Error(
      `The trigger ${trigger.node.path} would load what its own runs write: bucket and workBucket are the same, ` +
        `and the prefix '${prefix}' covers keys below runs/. ` +
        "Give it another workBucket, or a prefix beside 'runs/'.",
    );
  }
  if (prefix.startsWith('/')) {
    Annotations.of(trigger).addWarningV2(
      'cdk-etl-steps:prefixWithSlash',
      `The prefix '${prefix}' begins with a slash, as keys in S3 rarely do: no file arrives unless its key does too.`,
    );
  }
}

function validateSizes(
  trigger: Construct,
  { maxBytesPerExecution, minFileSize, maxFileSize }: S3QueueTriggerProps,
): void {
  for (const [name, size] of Object.entries({ maxBytesPerExecution, minFileSize, maxFileSize })) {
    if (size?.isUnresolved()) fail(trigger, name, 'known when the app is synthesized', 'a token');
    if (size && size.toBytes() < 1) fail(trigger, name, 'at least 1 byte', `${size.toBytes()} bytes`);
  }
  if (minFileSize && maxFileSize && minFileSize.toBytes() > maxFileSize.toBytes()) {
    fail(
      trigger,
      'minFileSize',
      `at most 'maxFileSize', ${maxFileSize.toBytes()} bytes`,
      `${minFileSize.toBytes()} bytes`,
    );
  }
}

export function validateComputeFunctions(trigger: Construct, functions: ComputeFunctions): void {
  for (const [name, { length }] of Object.entries(functions)) {
    if (length > MOST_STOP_FUNCTIONS) fail(trigger, name, `at most ${MOST_STOP_FUNCTIONS}`, String(length));
  }
}

function fail(trigger: Construct, name: string, allowed: string, got: string): never {
  throw new Error(`'${name}' of the trigger ${trigger.node.path} must be ${allowed}, got ${got}.`);
}
