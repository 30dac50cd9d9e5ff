import { App, Stack } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { S3QueueTrigger } from '../../src';
import { nagFindings } from '../nag-findings';

test('cdk-nag finds nothing but what is the user’s: the landing bucket without TLS and access logs', () => {
  const stack = new Stack(new App(), 'Stack');
  const trigger = new S3QueueTrigger(stack, 'Trigger', { bucket: new s3.Bucket(stack, 'Landing'), prefix: 'in/' });
  trigger.startExecutionsOf(sfn.StateMachine.fromStateMachineName(stack, 'Machine', 'load'));
  expect(nagFindings(stack)).toEqual([
    'AwsSolutions-S1 Stack/Landing/Resource',
    'AwsSolutions-S10 Stack/Landing/Resource',
  ]);
});
