import { App, Stack } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { S3QueueTrigger } from '../../src';
import { nagFindings } from '../nag-findings';

test('cdk-nag finds nothing that has no reason', () => {
  const stack = new Stack(new App(), 'Stack');
  const trigger = new S3QueueTrigger(stack, 'Trigger', { bucket: new s3.Bucket(stack, 'Landing'), prefix: 'in/' });
  trigger.startExecutionsOf(sfn.StateMachine.fromStateMachineName(stack, 'Machine', 'load'));
  const reasons: { [finding: string]: RegExp } = {
    'files have any names below the prefix':
      /^AwsSolutions-IAM5\[Resource::<Landing\w+\.Arn>\/in\/\*\] Stack\/Trigger\/(Arrivals|Operator)Role/,
    'each run has a folder of its own':
      /^AwsSolutions-IAM5\[Resource::<TriggerWorkBucket\w+\.Arn>\/runs\/\*\/(plan|files|\*)\.json\] Stack\/Trigger\/(Arrivals|Advance|Sweep|Teardown|Operator)Role/,
    'each attempt is an execution of its own':
      /^AwsSolutions-IAM5\[Resource::arn:<AWS::Partition>:states:.*:execution:load:\*\] Stack\/Trigger\/(Advance|Sweep|Teardown)Role/,
    'the bundles run on the version of Node.js that they are made for':
      /^AwsSolutions-L1 Stack\/Trigger\/(Arrivals|Advance|Sweep|Teardown|Operator)\//,
    "the landing bucket is the user's": /^AwsSolutions-S10? Stack\/Landing\//,
    "CDK's own handler of bucket notifications":
      /^AwsSolutions-IAM4\[.*AWSLambdaBasicExecutionRole\] Stack\/BucketNotificationsHandler/,
  };
  const findings = nagFindings(stack);
  expect(findings.filter(finding => !Object.values(reasons).some(reason => reason.test(finding)))).toEqual([]);
  // no reason without a finding
  expect(Object.entries(reasons).filter(([, reason]) => !findings.some(finding => reason.test(finding)))).toEqual([]);
});
