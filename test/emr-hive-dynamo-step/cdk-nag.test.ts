import { App, Duration, Stack } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Column, DataFormat, Dataset, EmrCompute, EmrHiveDynamoStep, EtlPipeline, S3QueueTrigger } from '../../src';
import { nagFindings } from '../nag-findings';

test.each<[string, (stack: Stack) => EmrCompute]>([
  ['clusters', stack => EmrCompute.instanceFleets({ vpc: new ec2.Vpc(stack, 'Vpc') })],
  [
    'clusters that are kept',
    stack => EmrCompute.instanceFleets({ vpc: new ec2.Vpc(stack, 'Vpc'), idleTimeout: Duration.minutes(30) }),
  ],
  ['EMR Serverless', stack => EmrCompute.serverless({ vpc: new ec2.Vpc(stack, 'Vpc') })],
])('cdk-nag finds nothing in a step on %s', (_, compute) => {
  const stack = new Stack(new App(), 'Stack', { env: { account: '111122223333', region: 'eu-west-1' } });
  const landing = new s3.Bucket(stack, 'Landing');
  const step = new EmrHiveDynamoStep(stack, 'ToDynamo', {
    table: new dynamodb.Table(stack, 'Table', {
      partitionKey: { name: 'order_id', type: dynamodb.AttributeType.STRING },
    }),
    compute: compute(stack),
  });
  new EtlPipeline(stack, 'Orders', {
    dataset: new Dataset({
      name: 'orders',
      format: DataFormat.csv(),
      columns: [Column.string('order_id')],
      key: ['order_id'],
    }),
    trigger: new S3QueueTrigger(stack, 'Uploads', { bucket: landing, prefix: 'orders/' }),
    steps: [step],
  });

  expect(nagFindings(step)).toEqual([]);
});
