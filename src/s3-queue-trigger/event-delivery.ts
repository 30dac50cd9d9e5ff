import { Annotations, Resource, Stack, Token } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { validateNotifications } from './notification-overlap';
import { QueueDestination, QueueTarget } from './queue-access';
import { acknowledgeFindings } from '../findings/acknowledge-findings';
import { NOTIFICATION_FINDINGS, NOTIFICATION_WILDCARD } from '../findings/acknowledged-findings';

/** Ways of a bucket's events to the queue of a trigger. */
export enum EventDelivery {
  /**
   * By a notification of the bucket itself. The bucket must be in the trigger's stack; S3 refuses notifications whose
   * prefixes and suffixes overlap, so only one trigger may take a key. For a bucket that the app does not own, CDK
   * changes the bucket's notifications by a custom resource.
   */
  S3_NOTIFICATION = 'S3_NOTIFICATION',

  /**
   * By EventBridge, which several triggers may listen to, for any bucket of the same account and region. It costs $1
   * per million events. A bucket that the app does not own must have EventBridge notifications switched on.
   */
  EVENT_BRIDGE = 'EVENT_BRIDGE',
}

export interface BucketEventsProps {
  readonly bucket: s3.IBucket;
  readonly queue: sqs.IQueue;
  readonly prefix: string;
  readonly suffixes: string[];
}

/**
 * Sends the bucket's new objects to the queue, as a notification of S3. The function filters again: S3's own filters
 * only spare calls.
 */
export function deliverByNotification(scope: Construct, { bucket, queue, prefix, suffixes }: BucketEventsProps): void {
  if (Stack.of(bucket) !== Stack.of(scope)) {
    throw new Error(
      `The bucket ${bucket.node.path} is in the stack ${Stack.of(bucket).stackName}, the trigger ` +
        `${scope.node.path} in ${Stack.of(scope).stackName}: ` +
        'a notification from one to the other would make each stack wait for the other. Put both into one stack, ' +
        'or use EventDelivery.EVENT_BRIDGE.',
    );
  }
  for (const filter of notificationFilters(prefix, suffixes)) {
    const isFilter = filter.prefix !== undefined || filter.suffix !== undefined;
    bucket.addEventNotification(
      s3.EventType.OBJECT_CREATED,
      new QueueDestination(scope, queue),
      ...(isFilter ? [filter] : []),
    );
  }
  scope.node.addValidation({ validate: () => validateNotifications(scope, bucket, queue) });
  // the CDK makes these when a bucket gets its first notification
  const handler = Stack.of(scope).node.tryFindChild('BucketNotificationsHandler050a0587b7544547bf325f094a3db834');
  for (const made of [handler, bucket.node.tryFindChild('Notifications')]) {
    if (made) acknowledgeFindings(made, { resources: NOTIFICATION_FINDINGS, wildcards: [NOTIFICATION_WILDCARD] });
  }
}

/** Sends the bucket's new objects to the queue, through a rule on the account's default event bus. */
export function deliverByEventBridge(scope: Construct, { bucket, queue, prefix, suffixes }: BucketEventsProps): void {
  if (Resource.isOwnedResource(bucket)) {
    bucket.enableEventBridgeNotification();
  } else {
    Annotations.of(scope).addWarningV2(
      'cdk-etl-steps:eventBridgeOfImportedBucket',
      `The bucket ${bucket.bucketName} is not made by this app: no file arrives unless its EventBridge ` +
        'notifications are on ' +
        '(aws s3api put-bucket-notification-configuration replaces its whole configuration: read it before).',
    );
  }
  new events.Rule(scope, 'ObjectCreated', {
    description: `New objects for ${scope.node.path}`,
    eventPattern: {
      source: ['aws.s3'],
      detailType: ['Object Created'],
      detail: { bucket: { name: [bucket.bucketName] }, ...keyPattern(prefix, suffixes) },
    },
    targets: [new QueueTarget(scope, queue)],
  });
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html */
function keyPattern(prefix: string, suffixes: string[]): object {
  if (suffixes.length > 0) {
    const literal = (text: string) => text.replace(/[\\*]/g, character => `\\${character}`);
    return { object: { key: suffixes.map(suffix => ({ wildcard: `${literal(prefix)}*${literal(suffix)}` })) } };
  }
  return prefix ? { object: { key: [{ prefix }] } } : {};
}

// What S3 compares as it is written; it wants other characters of a filter encoded, in a way that it does not say.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
const PLAIN = "[A-Za-z0-9/!_.*'()-]*";

/**
 * S3's filters for at least the keys that are wanted, without characters it treats in a special way and without
 * suffixes that overlap, which it refuses.
 */
function notificationFilters(prefix: string, suffixes: string[]): s3.NotificationKeyFilter[] {
  const plainPrefix = Token.isUnresolved(prefix) ? prefix : new RegExp(`^${PLAIN}`).exec(prefix)![0];
  const plainSuffixes = suffixes.map(suffix =>
    Token.isUnresolved(suffix) ? suffix : new RegExp(`${PLAIN}$`).exec(suffix)![0],
  );
  const shortest = [...new Set(plainSuffixes)].filter(
    suffix => !plainSuffixes.some(other => other !== suffix && suffix.endsWith(other)),
  );
  return (shortest.length > 0 ? shortest : ['']).map(suffix => ({
    prefix: plainPrefix || undefined,
    suffix: suffix || undefined,
  }));
}
