import { Annotations, Stack } from 'aws-cdk-lib';
import type * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

/*
 * The CDK's own destinations leave a part open to other accounts: the key policy of an encrypted queue, and the policy
 * of such a queue behind a rule. These bind both to this account.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-least-privilege-policy.html
 */

/** Sends a bucket's notifications to a queue. */
export class QueueDestination implements s3.IBucketNotificationDestination {
  constructor(
    private readonly scope: Construct,
    private readonly queue: sqs.IQueue,
  ) {}

  public bind(_scope: Construct, bucket: s3.IBucket): s3.BucketNotificationDestinationConfig {
    allowSending(this.scope, this.queue, 's3.amazonaws.com', { ArnLike: { 'aws:SourceArn': bucket.bucketArn } });
    // S3 sends a test message when the notification is set up: the policy has to be there before
    return { arn: this.queue.queueArn, type: s3.BucketNotificationDestinationType.QUEUE, dependencies: [this.queue] };
  }
}

/** Sends the events of a rule to a queue. */
export class QueueTarget implements events.IRuleTarget {
  constructor(
    private readonly scope: Construct,
    private readonly queue: sqs.IQueue,
  ) {}

  public bind(rule: events.IRule): events.RuleTargetConfig {
    // with an encrypted queue the rule's ARN would make a circle: rule, queue, key.
    // https://github.com/aws/aws-cdk/issues/11158
    const source = this.queue.encryptionMasterKey ? {} : { ArnEquals: { 'aws:SourceArn': rule.ruleArn } };
    allowSending(this.scope, this.queue, 'events.amazonaws.com', source);
    return { arn: this.queue.queueArn };
  }
}

function allowSending(scope: Construct, queue: sqs.IQueue, service: string, source: object): void {
  const ownAccount = { 'aws:SourceAccount': Stack.of(scope).account };
  queue.addToResourcePolicy(
    new iam.PolicyStatement({
      principals: [new iam.ServicePrincipal(service)],
      actions: ['sqs:SendMessage', 'sqs:GetQueueAttributes', 'sqs:GetQueueUrl'],
      resources: [queue.queueArn],
      conditions: { ...source, StringEquals: ownAccount },
    }),
  );
  const key = queue.encryptionMasterKey;
  if (!key) return;
  const statement = new iam.PolicyStatement({
    principals: [new iam.ServicePrincipal(service)],
    actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
    resources: ['*'], // of a key policy: this key
    conditions: { StringEquals: ownAccount },
  });
  if (key.addToResourcePolicy(statement, true).statementAdded) return;
  Annotations.of(scope).addWarningV2(
    'cdk-etl-steps:importedQueueKey',
    `The key ${key.keyArn} is not made by this app: no file arrives unless its policy lets ${service} use it. ` +
      `Add ${JSON.stringify(statement.toJSON())}`,
  );
}
