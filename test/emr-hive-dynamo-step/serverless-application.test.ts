import { App, Duration, Lazy, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Column, DataFormat, Dataset, EmrCompute, EmrHiveDynamoStep, EmrServerlessOptions } from '../../src';
import { allStates, stateMachineDefinition } from '../state-machine-definition';

const VPC = {
  maxAzs: 2,
  subnetConfiguration: [
    { name: 'private', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
    { name: 'public', subnetType: ec2.SubnetType.PUBLIC },
  ],
};

function build(options: (vpc: ec2.IVpc) => EmrServerlessOptions = () => ({}), maxRuntime?: Duration) {
  const stack = new Stack(new App(), 'Orders', { env: { account: '111122223333', region: 'eu-west-1' } });
  const vpc = new ec2.Vpc(stack, 'Vpc', VPC);
  const step = new EmrHiveDynamoStep(stack, 'ToDynamo', {
    table: new dynamodb.Table(stack, 'Table', {
      partitionKey: { name: 'order_id', type: dynamodb.AttributeType.STRING },
    }),
    compute: EmrCompute.serverless(options(vpc)),
    maxRuntime,
  });
  const dataset = new Dataset({
    name: 'orders',
    format: DataFormat.csv(),
    columns: [Column.string('order_id')],
    key: ['order_id'],
  });
  const config = step.bind(stack, { dataset, workBucket: new s3.Bucket(stack, 'Work') });
  new sfn.StateMachine(stack, 'Machine', { definitionBody: sfn.DefinitionBody.fromChainable(config.chain) });
  return { stack, step, config, template: Template.fromStack(stack) };
}

function statements(template: Template, role: iam.IRole): Record<string, unknown> {
  const roleId = Stack.of(role).getLogicalId(role.node.defaultChild as iam.CfnRole);
  const policies = Object.values(
    template.findResources('AWS::IAM::Policy', { Properties: { Roles: [{ Ref: roleId }] } }),
  );
  return Object.fromEntries(
    policies
      .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
      .map(({ Sid, Effect: _effect, ...statement }: Record<string, any>) => [Sid ?? statement.Action[0], statement]),
  );
}

const only = (template: Template, type: string): any => {
  const found = Object.values(template.findResources(type));
  expect(found).toHaveLength(1);
  return found[0].Properties;
};
const launchArguments = (template: Template) =>
  allStates(stateMachineDefinition(template))['ToDynamo: Begin'].Assign.arguments;
const APPLICATION = 'ToDynamoApplication3331393E';
const applicationArn = (...rest: string[]) => ({
  'Fn::Join': [
    '',
    [
      'arn:',
      { Ref: 'AWS::Partition' },
      ':emr-serverless:eu-west-1:111122223333:/applications/',
      { 'Fn::GetAtt': [APPLICATION, 'ApplicationId'] },
      ...rest,
    ],
  ],
});

test('the application is for Hive on Graviton, starts and stops by itself, and has a ceiling', () => {
  const { template } = build(() => ({ maxVcpus: 40, idleTimeout: Duration.minutes(5) }));
  expect(only(template, 'AWS::EMRServerless::Application')).toEqual({
    Type: 'Hive',
    ReleaseLabel: 'emr-7.13.0',
    Architecture: 'ARM64',
    AutoStartConfiguration: { Enabled: true },
    AutoStopConfiguration: { Enabled: true, IdleTimeoutMinutes: 5 },
    MaximumCapacity: { Cpu: '40 vCPU', Memory: '160 GB', Disk: '400 GB' },
  });
  template.resourceCountIs('AWS::EMR::SecurityConfiguration', 0);
  template.resourceCountIs('AWS::IAM::InstanceProfile', 0);
});

test("in a network of the user's the workers have private subnets and a security group, which connections open", () => {
  const { stack, step, config, template } = build(vpc => ({ vpc }));
  const { SubnetIds, SecurityGroupIds } = only(template, 'AWS::EMRServerless::Application').NetworkConfiguration;
  expect(SubnetIds).toHaveLength(2);
  expect(SecurityGroupIds).toEqual(step.connections.securityGroups.map(group => stack.resolve(group.securityGroupId)));
  expect(config.dependencies).toEqual([stack.node.findChild('Vpc')]); // deleted only after the runs have been stopped
});

test("loads on an application of the user's leave it as it is", () => {
  const { template } = build(() => ({ applicationId: '00f1abcdef', maxVcpus: 100 }));
  template.resourceCountIs('AWS::EMRServerless::Application', 0);
  expect(launchArguments(template).serverless).toMatchObject({ applicationId: '00f1abcdef', tasks: 49 });
});

test('the launch knows the application, the role, how many tasks run at a time and when to give up; the script is for Tez', () => {
  const { script, serverless, ...others } = launchArguments(build(undefined, Duration.hours(2)).template);
  expect(serverless).toEqual({
    applicationId: `\${${APPLICATION}.ApplicationId}`,
    roleArn: expect.stringContaining('JobRole'),
    tasks: 7,
    timeoutMinutes: 120,
  });
  expect(others).not.toHaveProperty('cluster');
  expect(script).toContain('set hive.execution.engine=tez;');
});

test('the function may use job runs of this application only, and pass this role to EMR Serverless only', () => {
  const { stack, step, template } = build();
  const role = step.node.findChild('FunctionRole') as iam.Role;
  const jobRole = {
    'Fn::GetAtt': [
      stack.getLogicalId((step.node.findChild('JobRole') as iam.Role).node.defaultChild as iam.CfnRole),
      'Arn',
    ],
  };
  const found = statements(template, role);
  expect(found).toMatchObject({
    StartJobRuns: { Action: ['emr-serverless:StartJobRun', 'emr-serverless:ListJobRuns'], Resource: applicationArn() },
    UseJobRuns: {
      Action: ['emr-serverless:GetJobRun', 'emr-serverless:CancelJobRun'],
      Resource: applicationArn('/jobruns/*'),
    },
    PassJobRole: {
      Action: 'iam:PassRole',
      Resource: jobRole,
      Condition: { StringLike: { 'iam:PassedToService': 'emr-serverless.amazonaws.com*' } },
    },
  });
  expect(JSON.stringify(found)).not.toContain('elasticmapreduce');
});

test('the loads have the table and the folders of runs, and only this application may assume their role', () => {
  const { step, template } = build();
  const role = step.node.findChild('JobRole') as iam.Role;
  expect(Object.keys(statements(template, role)).sort()).toEqual([
    'ListWorkBucket',
    'LoadTable',
    'ReadInput',
    'UseStepFolder',
  ]);
  const { AssumeRolePolicyDocument } = Object.values(template.findResources('AWS::IAM::Role'))
    .map(({ Properties }) => Properties)
    .find(({ Description }) => Description?.startsWith('Loads of'))!;
  expect(AssumeRolePolicyDocument.Statement).toEqual([
    {
      Action: 'sts:AssumeRole',
      Effect: 'Allow',
      Principal: { Service: 'emr-serverless.amazonaws.com' },
      Condition: {
        StringEquals: { 'aws:SourceAccount': '111122223333' },
        ArnLike: { 'aws:SourceArn': applicationArn() },
      },
    },
  ]);
});

test.each<[string, (vpc: ec2.IVpc) => EmrServerlessOptions, string]>([
  ['no room for a task', () => ({ maxVcpus: 3 }), "'maxVcpus' must be a whole number from 4 to 10000, got 3"],
  ['half a CPU', () => ({ maxVcpus: 4.5 }), 'got 4.5'],
  [
    'too short a wait',
    () => ({ idleTimeout: Duration.seconds(30) }),
    "'idleTimeout' must be whole seconds from 1 minute to 7 days, got 30 seconds",
  ],
  [
    'a wait that only the deployment knows',
    () => ({ idleTimeout: Duration.minutes(Lazy.number({ produce: () => 5 })) }),
    'must be known',
  ],
  [
    'a release of EMR 6',
    () => ({ releaseLabel: 'emr-6.15.0' }),
    "'releaseLabel' must be 'emr-7.<minor>.<patch>', got 'emr-6.15.0'",
  ],
  [
    'an id that is none',
    () => ({ applicationId: 'arn:aws:x' }),
    "'applicationId' must be the id of an application, digits and small letters, got 'arn:aws:x'",
  ],
  [
    "a network of an application of the user's",
    vpc => ({ applicationId: '00f1', vpc }),
    "'vpc' is a property of the application, and 'applicationId' names one of yours",
  ],
  ['subnets without a network', () => ({ vpcSubnets: {} }), "'vpcSubnets' needs 'vpc'"],
  [
    'public subnets',
    vpc => ({ vpc, vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC } }),
    "'vpcSubnets' must select private subnets of the VPC Orders/Vpc, got public ones",
  ],
])('refuses %s', (_, options, message) => {
  expect(() => build(options)).toThrow(message);
});
