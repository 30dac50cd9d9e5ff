import { readFileSync } from 'fs';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { readBundles } from '../../projenrc/bundles';
import { Column, DataFormat, Dataset, EmrCompute, EmrHiveDynamoStep, EtlPipeline, S3QueueTrigger } from '../../src';

/** The action that each call of AWS needs, as the service authorization reference names it. */
const ACTIONS: Record<string, string> = {
  RunJobFlow: 'elasticmapreduce:RunJobFlow',
  AddJobFlowSteps: 'elasticmapreduce:AddJobFlowSteps',
  CancelSteps: 'elasticmapreduce:CancelSteps',
  DescribeCluster: 'elasticmapreduce:DescribeCluster',
  ListClusters: 'elasticmapreduce:ListClusters',
  ListInstances: 'elasticmapreduce:ListInstances',
  ListSteps: 'elasticmapreduce:ListSteps',
  TerminateJobFlows: 'elasticmapreduce:TerminateJobFlows',
  StartJobRun: 'emr-serverless:StartJobRun',
  GetJobRun: 'emr-serverless:GetJobRun',
  CancelJobRun: 'emr-serverless:CancelJobRun',
  ListJobRuns: 'emr-serverless:ListJobRuns',
  DescribeExecution: 'states:DescribeExecution',
  DescribeTable: 'dynamodb:DescribeTable',
  GetObject: 's3:GetObject',
  HeadObject: 's3:GetObject',
  PutObject: 's3:PutObject',
  ListObjectsV2: 's3:ListBucket',
};

/** Actions without a call of their own, and why they are there. */
const WITHOUT_CALL: Record<string, string> = {
  'elasticmapreduce:AddTags': 'RunJobFlow with tags',
  'iam:PassRole': 'RunJobFlow with the roles of a cluster, StartJobRun with the role of a load',
  'iam:CreateServiceLinkedRole': 'the first RunJobFlow of an account',
  'logs:CreateLogStream': "the Lambda service writes the function's log",
  'logs:PutLogEvents': "the Lambda service writes the function's log",
};

/** The calls in the code that is bundled. */
function calls(): string[] {
  const [bundle] = readBundles('assets/metafiles/emr-hive-dynamo-step/runtime');
  const ours = bundle.inputs.filter(file => !file.includes('node_modules'));
  const found = ours.flatMap(file =>
    [...readFileSync(file, 'utf8').matchAll(/new (\w+)Command\(/g)].map(([, name]) => name),
  );
  expect(found).toContain('RunJobFlow');
  return [...new Set(found)].sort();
}

/** What a role may do, in a pipeline: it adds what steps have in common. */
function allowed(compute: (stack: Stack) => EmrCompute): string[] {
  const stack = new Stack(new App(), 'Orders', { env: { account: '111122223333', region: 'eu-west-1' } });
  new EtlPipeline(stack, 'Pipeline', {
    dataset: new Dataset({
      name: 'orders',
      format: DataFormat.csv(),
      columns: [Column.string('order_id')],
      key: ['order_id'],
    }),
    trigger: new S3QueueTrigger(stack, 'Uploads', { bucket: new s3.Bucket(stack, 'Landing'), prefix: 'orders/' }),
    steps: [
      new EmrHiveDynamoStep(stack, 'ToDynamo', {
        table: new dynamodb.Table(stack, 'Table', {
          partitionKey: { name: 'order_id', type: dynamodb.AttributeType.STRING },
        }),
        compute: compute(stack),
      }),
    ],
  });
  const role = stack.getLogicalId(
    stack.node.findChild('ToDynamo').node.findChild('FunctionRole').node.defaultChild as iam.CfnRole,
  );
  const policies = Object.values(
    Template.fromStack(stack).findResources('AWS::IAM::Policy', { Properties: { Roles: [{ Ref: role }] } }),
  );
  return policies
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
    .flatMap(({ Action }) => Action)
    .sort();
}

const withKeptClusters = allowed(stack =>
  EmrCompute.instanceFleets({ vpc: new ec2.Vpc(stack, 'Vpc'), idleTimeout: Duration.minutes(30) }),
);
const withServerless = allowed(() => EmrCompute.serverless());
const everything = [...withKeptClusters, ...withServerless];

test('every call of the bundled code is known here, with the action that it needs', () => {
  expect(calls().filter(call => !(call in ACTIONS))).toEqual([]);
});

test('the function may make every call that its code has', () => {
  expect(
    calls()
      .map(call => ACTIONS[call])
      .filter(action => !everything.includes(action)),
  ).toEqual([]);
});

test('the function may do nothing that its code does not', () => {
  const needed = calls().map(call => ACTIONS[call]);
  expect(everything.filter(action => !needed.includes(action) && !(action in WITHOUT_CALL))).toEqual([]);
});

test('a function whose clusters are not kept adds and cancels no steps', () => {
  const actions = allowed(stack => EmrCompute.instanceFleets({ vpc: new ec2.Vpc(stack, 'Vpc') }));
  expect(withKeptClusters.filter(action => !actions.includes(action))).toEqual([
    'elasticmapreduce:AddJobFlowSteps',
    'elasticmapreduce:CancelSteps',
  ]);
});

test('a function may use clusters or EMR Serverless, as its step does', () => {
  expect(withServerless.filter(action => action.startsWith('elasticmapreduce:'))).toEqual([]);
  expect(withKeptClusters.filter(action => action.startsWith('emr-serverless:'))).toEqual([]);
});
