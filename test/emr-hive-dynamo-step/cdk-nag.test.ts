import { App, Stack } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { Column, DataFormat, Dataset, EmrCompute, EmrHiveDynamoStep, EtlPipeline, S3QueueTrigger } from '../../src';
import { nagFindings } from '../nag-findings';

const EACH_RUN = 'each run has a folder of its own';
const BUNDLE = 'the bundle runs on the version of Node.js that it is made for';

/** What may stay of a step on clusters, and why. */
const CLUSTERS: Record<string, RegExp> = {
  [EACH_RUN]:
    /^AwsSolutions-IAM5\[Resource::<UploadsWorkBucket\w+\.Arn>\/runs\/\*\/(input|ToDynamo)\/\*\] Stack\/ToDynamo\/(Instance|Function)Role/,
  'EMR gives clusters their ids; a tag says which':
    /^AwsSolutions-IAM5\[Resource::arn:<AWS::Partition>:elasticmapreduce:.*:cluster\/\*\] Stack\/ToDynamo\/FunctionRole/,
  'RunJobFlow (for which a tag says which) and ListClusters know no resources':
    /^AwsSolutions-IAM5\[Resource::\*\] Stack\/ToDynamo\/FunctionRole/,
  "the name of a role of EMR's own differs between partitions":
    /^AwsSolutions-IAM5\[Resource::.*AWSServiceRoleForEMRCleanup\*\] Stack\/ToDynamo\/FunctionRole/,
  'EC2 gives the parts of a cluster their ids; a tag says which':
    /^AwsSolutions-IAM5\[Resource::arn:.*:ec2:.*:(launch-template|instance|volume|network-interface|fleet)\/\*\] Stack\/ToDynamo\/ServiceRole/,
  'EMR chooses the image':
    /^AwsSolutions-IAM5\[Resource::arn:.*:ec2:eu-west-1::image\/ami-\*\] Stack\/ToDynamo\/ServiceRole/,
  'a shared subnet belongs to another account':
    /^AwsSolutions-IAM5\[Resource::arn:.*:ec2:eu-west-1:\*:subnet\/<\w+>\] Stack\/ToDynamo\/ServiceRole/,
  'Describe actions of EC2 know no resources': /^AwsSolutions-IAM5\[Resource::\*\] Stack\/ToDynamo\/ServiceRole/,
  [BUNDLE]: /^AwsSolutions-L1 Stack\/ToDynamo\/Function/,
};

/** The same of a step on EMR Serverless. */
const SERVERLESS: Record<string, RegExp> = {
  [EACH_RUN]:
    /^AwsSolutions-IAM5\[Resource::<UploadsWorkBucket\w+\.Arn>\/runs\/\*\/(input|ToDynamo)\/\*\] Stack\/ToDynamo\/(Job|Function)Role/,
  'EMR gives job runs their ids':
    /^AwsSolutions-IAM5\[Resource::arn:.*:\/applications\/.*\/jobruns\/\*\] Stack\/ToDynamo\/FunctionRole/,
  [BUNDLE]: CLUSTERS[BUNDLE],
};

test.each<[string, (stack: Stack) => EmrCompute, Record<string, RegExp>]>([
  ['clusters', stack => EmrCompute.instanceFleets({ vpc: new ec2.Vpc(stack, 'Vpc') }), CLUSTERS],
  ['EMR Serverless', stack => EmrCompute.serverless({ vpc: new ec2.Vpc(stack, 'Vpc') }), SERVERLESS],
])(
  'a pipeline with the step on %s has no finding without a reason, and no reason is left over',
  (_, compute, allowed) => {
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

    const findings = nagFindings(stack.node.findChild('ToDynamo') as Construct);
    const reasons = Object.values(allowed);
    expect(findings.filter(finding => !reasons.some(reason => reason.test(finding)))).toEqual([]);
    expect(Object.keys(allowed).filter(text => !findings.some(finding => allowed[text].test(finding)))).toEqual([]);
  },
);
