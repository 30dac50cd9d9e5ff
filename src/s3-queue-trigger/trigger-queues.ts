import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { LEDGER_FUNCTION_TIMEOUT_SECONDS } from '../file-ledger/contract';

/** The longest that SQS keeps a message. */
const MESSAGE_RETENTION = Duration.days(14);

/** AWS's advice is 5 at least, so that throttling alone sends no message to the dead-letter queue. */
const MAX_RECEIVES = 5;

export interface TriggerQueuesProps {
  readonly encryptionKey?: IKey;
  readonly removalPolicy: RemovalPolicy;
  readonly batchingWindow: Duration;
}

export interface TriggerQueues {
  readonly queue: sqs.Queue;
  readonly deadLetterQueue: sqs.Queue;
}

/** The queue for the bucket's events, and the one for messages that could not be processed. */
export function createQueues(trigger: Construct, props: TriggerQueuesProps): TriggerQueues {
  const { encryptionKey, removalPolicy, batchingWindow } = props;
  const deadLetterQueue = createQueue(trigger, 'DeadLetterQueue', encryptionKey, { removalPolicy });
  const queue = createQueue(trigger, 'Queue', encryptionKey, {
    // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html: six times the time-out, and the window
    visibilityTimeout: Duration.seconds(6 * LEDGER_FUNCTION_TIMEOUT_SECONDS).plus(batchingWindow),
    deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: MAX_RECEIVES },
  });
  return { queue, deadLetterQueue };
}

function createQueue(
  scope: Construct,
  id: string,
  encryptionMasterKey: IKey | undefined,
  props: sqs.QueueProps,
): sqs.Queue {
  return new sqs.Queue(scope, id, {
    // never the key that AWS manages for SQS: S3 may not use it, and events would be lost.
    // https://github.com/aws/aws-cdk/issues/14370
    encryption: encryptionMasterKey ? sqs.QueueEncryption.KMS : sqs.QueueEncryption.SQS_MANAGED,
    encryptionMasterKey,
    enforceSSL: true,
    retentionPeriod: MESSAGE_RETENTION,
    ...props,
  });
}
