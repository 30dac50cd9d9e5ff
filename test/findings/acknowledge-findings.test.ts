import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import {
  Column,
  DataFormat,
  Dataset,
  EmrCompute,
  EmrHiveDynamoStep,
  EtlPipeline,
  EtlStepConfig,
  IEtlStep,
  S3QueueTrigger,
} from '../../src';
import { RESOURCE_FINDINGS } from '../../src/findings/acknowledged-findings';
import { nagFindings } from '../nag-findings';

/** A step of the user's own, with a function. */
class OwnStep implements IEtlStep {
  public readonly stepId = 'Own';

  public bind(scope: Construct): EtlStepConfig {
    new lambda.Function(scope, 'Function', {
      runtime: lambda.Runtime.NODEJS_16_X,
      handler: 'index.handler',
      code: lambda.Code.fromBucket(s3.Bucket.fromBucketName(scope, 'Code', 'code'), 'function.zip'),
    });
    return { chain: new sfn.Pass(scope, 'Own states') };
  }
}

function pipelineStack() {
  const stack = new Stack(new App(), 'Stack');
  const landing = new s3.Bucket(stack, 'Landing');
  const table = new dynamodb.Table(stack, 'Table', {
    partitionKey: { name: 'order_id', type: dynamodb.AttributeType.STRING },
  });
  const step = new EmrHiveDynamoStep(stack, 'ToDynamo', {
    table,
    compute: EmrCompute.instanceFleets({ vpc: new ec2.Vpc(stack, 'Vpc') }),
  });
  const columns = [Column.string('order_id')];
  new EtlPipeline(stack, 'Orders', {
    dataset: new Dataset({ name: 'orders', format: DataFormat.csv(), columns, key: ['order_id'] }),
    trigger: new S3QueueTrigger(stack, 'Uploads', { bucket: landing, prefix: 'orders/' }),
    steps: [step, new OwnStep()],
  });
  return { stack, step };
}

type Resources = { [id: string]: { readonly Type: string; readonly Metadata?: any } };
const resourcesOf = (stack: Stack): Resources => Template.fromStack(stack).toJSON().Resources;

test('every reason is given for something that is there', () => {
  const resources = Object.values(resourcesOf(pipelineStack().stack));
  const unused = RESOURCE_FINDINGS.filter(
    ({ resourceType, rule }) =>
      !resources.some(({ Type, Metadata }) => Type === resourceType && JSON.stringify(Metadata ?? {}).includes(rule)),
  );
  expect(unused).toEqual([]);
});

test('cdk-nag 2, checkov and cfn-lint find the reasons where each looks', () => {
  const resources = resourcesOf(pipelineStack().stack);
  const [, sweep] = Object.entries(resources).find(([id]) => /^UploadsSweep[0-9A-F]{8}$/.test(id))!;
  expect(sweep.Metadata.cdk_nag.rules_to_suppress).toEqual([
    { id: 'AwsSolutions-L1', reason: expect.stringContaining('Node.js') },
  ]);
  expect(sweep.Metadata.checkov.skip.map(({ id }: { id: string }) => id)).toEqual([
    'CKV_AWS_115',
    'CKV_AWS_116',
    'CKV_AWS_117',
    'CKV_AWS_173',
  ]);
  expect(sweep.Metadata['cfn-lint']).toEqual({ config: { ignore_checks: ['W3005'] } });
  const policy = Object.entries(resources).find(([id]) => id.startsWith('UploadsSweepRoleDefaultPolicy'))![1];
  expect(policy.Metadata.cdk_nag.rules_to_suppress).toContainEqual({
    id: 'AwsSolutions-IAM5',
    reason: 'Each run has a folder of its own.',
    applies_to: [expect.stringMatching(/^Resource::<UploadsWorkBucket\w+\.Arn>\/runs\/\*\/plan\.json$/)],
  });
});

test("what a user adds to a role of the library's is found", () => {
  const { step } = pipelineStack();
  const allow = (actions: string[], resource: string) =>
    step.grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement({ actions, resources: [resource] }));
  allow(['s3:GetObject*'], 'arn:aws:s3:::scripts/*');
  allow(['sqs:SendMessage', 'ec2:DescribeSubnets'], '*'); // the second alone would be acknowledged
  expect(nagFindings(step)).toEqual(
    ['Action::s3:GetObject*', 'Resource::arn:aws:s3:::scripts/*', 'Resource::*'].map(
      finding => `AwsSolutions-IAM5[${finding}] Stack/ToDynamo/InstanceRole/DefaultPolicy/Resource`,
    ),
  );
});

test("nothing in a step of the user's own is acknowledged", () => {
  const { stack } = pipelineStack();
  expect(nagFindings(stack.node.findChild('Orders') as Construct)).toEqual([
    expect.stringMatching(/^AwsSolutions-IAM4\[.*\] Stack\/Orders\/Steps\/Own\/Function\/ServiceRole\/Resource$/),
    'AwsSolutions-L1 Stack/Orders/Steps/Own/Function/Resource',
  ]);
});
