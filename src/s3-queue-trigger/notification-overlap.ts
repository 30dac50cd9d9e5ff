import { CfnResource, Stack } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

/** As in the template. */
interface Notification {
  readonly Events: string[];
  readonly Filter?: { readonly Key: { readonly FilterRules: { readonly Name: string; readonly Value: string }[] } };
  readonly QueueArn?: unknown;
  readonly TopicArn?: unknown;
  readonly LambdaFunctionArn?: unknown;
}

/** S3 refuses two notifications of one event for one key, but only when they are deployed: compares them before. */
export function validateNotifications(trigger: Construct, bucket: IBucket, queue: IQueue): string[] {
  const arn = JSON.stringify(Stack.of(queue).resolve(queue.queueArn));
  const notifications = notificationsOf(bucket);
  const isOwn = (notification: Notification) => JSON.stringify(notification.QueueArn) === arn;
  const own = notifications.filter(isOwn);
  for (const mine of own) {
    const other = notifications.find(notification => !isOwn(notification) && overlap(mine, notification));
    if (!other) continue;
    const target = JSON.stringify(other.QueueArn ?? other.TopicArn ?? other.LambdaFunctionArn);
    return [
      `Notifications of the bucket ${bucket.node.path} overlap, which S3 refuses: the trigger ${trigger.node.path} takes ` +
        `${describe(mine)}, and ${target} gets ${describe(other)}. Give them prefixes or suffixes that exclude each ` +
        'other, or give the trigger delivery: EventDelivery.EVENT_BRIDGE.',
    ];
  }
  return [];
}

function notificationsOf(bucket: IBucket): Notification[] {
  const resource = bucket.node.tryFindChild('Notifications')?.node.defaultChild;
  if (!resource || !CfnResource.isCfnResource(resource)) return [];
  // the CDK keeps the list to itself: the template is what it shows
  const { Resources } = Stack.of(resource).resolve(
    (resource as unknown as { _toCloudFormation(): object })._toCloudFormation(),
  );
  const [{ Properties }] = Object.values(Resources as { [id: string]: { Properties: Properties } });
  const {
    QueueConfigurations = [],
    TopicConfigurations = [],
    LambdaFunctionConfigurations = [],
  } = Properties.NotificationConfiguration;
  return [...QueueConfigurations, ...TopicConfigurations, ...LambdaFunctionConfigurations];
}

interface Properties {
  readonly NotificationConfiguration: {
    readonly QueueConfigurations?: Notification[];
    readonly TopicConfigurations?: Notification[];
    readonly LambdaFunctionConfigurations?: Notification[];
  };
}

// where prefixes and suffixes both overlap: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
function overlap(one: Notification, other: Notification): boolean {
  const [prefixes, suffixes] = ['prefix', 'suffix'].map(name => [filterOf(one, name), filterOf(other, name)]);
  return (
    one.Events.some(event => other.Events.some(another => sameEvent(event, another))) &&
    (prefixes[0].startsWith(prefixes[1]) || prefixes[1].startsWith(prefixes[0])) &&
    (suffixes[0].endsWith(suffixes[1]) || suffixes[1].endsWith(suffixes[0]))
  );
}

function sameEvent(one: string, other: string): boolean {
  const [a, b] = [one, other].map(event => event.replace(/\*$/, ''));
  return (one.endsWith('*') && b.startsWith(a)) || (other.endsWith('*') && a.startsWith(b)) || a === b;
}

/** A token overlaps with nothing that is known. */
function filterOf({ Filter }: Notification, name: string): string {
  const value: unknown = Filter?.Key.FilterRules.find(rule => rule.Name.toLowerCase() === name)?.Value ?? '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function describe(notification: Notification): string {
  const [prefix, suffix] = ['prefix', 'suffix'].map(name => filterOf(notification, name));
  return `${notification.Events.join(', ')} of prefix '${prefix}' and suffix '${suffix}'`;
}
