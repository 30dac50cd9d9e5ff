import { App, Duration, Lazy, Size, Stack, Tags } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import {
  Column,
  DataFormat,
  Dataset,
  EmrCompute,
  EmrExistingClusterOptions,
  EmrHiveDynamoStep,
  EmrHiveDynamoStepProps,
  EmrInstanceFleetsOptions,
  HiveTransform,
} from '../../src';
import { allStates, definitionErrors, stateMachineDefinition } from '../state-machine-definition';

const ENV = { account: '111122223333', region: 'eu-west-1' };

const orders = (key: string[] = ['order_id']) =>
  new Dataset({
    name: 'orders',
    format: DataFormat.csv(),
    columns: [
      Column.string('order_id'),
      Column.integer('line'),
      Column.decimal('amount', 12, 2),
      Column.bool('gift'),
      Column.date('ordered_on'),
    ],
    key,
  });

interface Setup {
  readonly step?: Partial<EmrHiveDynamoStepProps>;
  readonly compute?: Partial<EmrInstanceFleetsOptions>;
  readonly dataset?: Dataset;
  readonly subnets?: ec2.SubnetConfiguration[];
  readonly bucket?: s3.BucketProps;
  readonly table?: (stack: Stack) => dynamodb.ITable;
}

const PRIVATE = { name: 'private', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS };
const PUBLIC = { name: 'public', subnetType: ec2.SubnetType.PUBLIC };

function ordersTable(stack: Stack, options: Partial<dynamodb.TableProps> = {}): dynamodb.Table {
  return new dynamodb.Table(stack, 'Table', {
    partitionKey: { name: 'order_id', type: dynamodb.AttributeType.STRING },
    ...options,
  });
}

/** A step in a state machine of its own. */
function build({
  step: stepProps,
  compute,
  dataset = orders(),
  subnets = [PRIVATE, PUBLIC],
  bucket,
  table = ordersTable,
}: Setup = {}) {
  const app = new App();
  const stack = new Stack(app, 'Orders', { env: ENV });
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, subnetConfiguration: subnets });
  const step = new EmrHiveDynamoStep(stack, 'ToDynamo', {
    table: table(stack),
    compute: EmrCompute.instanceFleets({ vpc, ...compute }),
    ...stepProps,
  });
  const workBucket = new s3.Bucket(stack, 'Work', bucket);
  const config = step.bind(stack, { dataset, workBucket });
  new sfn.StateMachine(stack, 'Machine', { definitionBody: sfn.DefinitionBody.fromChainable(config.chain) });
  let template: Template;
  return { app, stack, step, config, vpc, workBucket, template: () => (template ??= Template.fromStack(stack)) };
}

/** A step without options, for tests that only look at it: a synthesis takes about a second. */
const plain = (() => {
  let built: ReturnType<typeof build>;
  return () => (built ??= build());
})();

function launchArguments(template: Template): any {
  return allStates(stateMachineDefinition(template))['ToDynamo: Begin'].Assign.arguments;
}

/** The statements of the policies of a role, by their ids; those without one by their first action. */
function statements(stack: Stack, template: Template, roleId: string): Record<string, any> {
  const logicalId = stack.getLogicalId(
    stack.node.findChild('ToDynamo').node.findChild(roleId).node.defaultChild as iam.CfnRole,
  );
  const policies = Object.values(
    template.findResources('AWS::IAM::Policy', { Properties: { Roles: [{ Ref: logicalId }] } }),
  );
  return Object.fromEntries(
    policies
      .flatMap(policy => policy.Properties.PolicyDocument.Statement)
      .map(({ Effect, Sid, ...statement }) => {
        expect(Effect).toBe('Allow');
        return [Sid ?? [statement.Action].flat()[0], statement];
      }),
  );
}

const idOf = (template: Template, type: string, part: string) => {
  const ids = Object.keys(template.findResources(type)).filter(id => id.includes(part));
  expect(ids).toHaveLength(1);
  return ids[0];
};
const join = (...parts: unknown[]) => ({ 'Fn::Join': ['', parts] });
const arn = (text: string) => join('arn:', { Ref: 'AWS::Partition' }, `:${text}`);

describe('states', () => {
  test('are those of a job, and launch with the script and the cluster', () => {
    const template = plain().template();
    const definition = stateMachineDefinition(template);
    expect(definitionErrors(definition)).toBe('');
    const { script, cluster } = launchArguments(template);
    expect(script).toContain('org.apache.hadoop.hive.dynamodb.DynamoDBStorageHandler');
    expect(cluster.ReleaseLabel).toBe('emr-7.13.0');
    expect(template.findResources('AWS::EMR::Cluster')).toEqual({}); // a cluster for each run
  });

  test.each([
    [undefined, 4 * 3_600_000],
    [Duration.hours(1), 3_600_000],
  ])('end a load after maxRuntime (%p)', (maxRuntime, milliseconds) => {
    const definition = stateMachineDefinition(build({ step: { maxRuntime } }).template());
    expect(JSON.stringify(allStates(definition)['ToDynamo: Begin'].Assign)).toContain(`${milliseconds}`);
  });

  test('know the table, its key, and the rate that is allowed', () => {
    const template = plain().template();
    const id = idOf(template, 'AWS::DynamoDB::Table', 'Table');
    expect(launchArguments(template).table).toEqual({
      name: `\${${id}}`,
      arn: `\${${id}.Arn}`,
      key: [{ name: 'order_id', type: 'S' }],
      writeThroughputPercent: 50,
    });
    const faster = launchArguments(build({ step: { writeUnitsPerSecond: 1_500 } }).template()).table;
    expect(faster).toMatchObject({ writeUnitsPerSecond: 1_500 });
    expect(faster.writeThroughputPercent).toBeUndefined();
  });

  test('write to attributes of other names, in any script', () => {
    const { script } = launchArguments(build({ step: { attributeNames: { line: '№ 日' } } }).template());
    expect(script).toContain('value_line:\\u2116 \\u65e5');
  });

  test('load what a transform yields', () => {
    const transform = HiveTransform.inline('SELECT order_id, expires FROM orders', [
      Column.string('order_id'),
      Column.timestamp('expires'),
    ]);
    const { script } = launchArguments(build({ step: { transform, epochSeconds: ['expires'] } }).template());
    expect(script).toContain('SELECT order_id, expires FROM orders');
    expect(script).toContain('value_expires BIGINT');
  });
});

describe('the function', () => {
  test('knows the step and the work bucket, and keeps its versions', () => {
    const template = plain().template();
    template.hasResourceProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs22.x',
      Environment: {
        Variables: { STEP_ID: 'ToDynamo', WORK_BUCKET: { Ref: idOf(template, 'AWS::S3::Bucket', 'Work') } },
      },
      LoggingConfig: { LogGroup: { Ref: idOf(template, 'AWS::Logs::LogGroup', 'ToDynamo') } },
    });
    template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
    template.hasResource('AWS::Lambda::Version', { DeletionPolicy: 'Retain' });
  });

  test('may do what it does, and no more', () => {
    const { stack, template: synth, config } = plain();
    const template = synth();
    const bucket = { 'Fn::GetAtt': [idOf(template, 'AWS::S3::Bucket', 'Work'), 'Arn'] };
    const role = (part: string) => ({ 'Fn::GetAtt': [idOf(template, 'AWS::IAM::Role', part), 'Arn'] });
    const tag = launchArguments(template).cluster.Tags.find(
      (candidate: { Key: string }) => candidate.Key === 'cdk-etl-steps:step',
    ).Value;
    const clusters = arn('elasticmapreduce:eu-west-1:111122223333:cluster/*');
    expect(tag).toMatch(/Orders.*ToDynamo/);
    expect(statements(stack, template, 'FunctionRole')).toEqual({
      DescribeTable: {
        Action: 'dynamodb:DescribeTable',
        Resource: { 'Fn::GetAtt': [idOf(template, 'AWS::DynamoDB::Table', 'Table'), 'Arn'] },
      },
      LaunchClusters: {
        Action: 'elasticmapreduce:RunJobFlow',
        Resource: '*',
        Condition: { StringEquals: { 'elasticmapreduce:RequestTag/cdk-etl-steps:step': tag } },
      },
      TagClusters: {
        Action: 'elasticmapreduce:AddTags',
        Resource: clusters,
        Condition: { StringEquals: { 'elasticmapreduce:RequestTag/cdk-etl-steps:step': tag } },
      },
      UseClusters: {
        Action: [
          'elasticmapreduce:DescribeCluster',
          'elasticmapreduce:ListSteps',
          'elasticmapreduce:ListInstances',
          'elasticmapreduce:TerminateJobFlows',
        ],
        Resource: clusters,
        Condition: { StringEquals: { 'elasticmapreduce:ResourceTag/cdk-etl-steps:step': tag } },
      },
      FindClusters: { Action: 'elasticmapreduce:ListClusters', Resource: '*' },
      PassServiceRole: {
        Action: 'iam:PassRole',
        Resource: role('ToDynamoServiceRole'),
        Condition: { StringLike: { 'iam:PassedToService': 'elasticmapreduce.amazonaws.com*' } },
      },
      PassInstanceRole: {
        Action: 'iam:PassRole',
        Resource: role('ToDynamoInstanceRole'),
        Condition: { StringLike: { 'iam:PassedToService': 'ec2.amazonaws.com*' } },
      },
      FirstCluster: {
        Action: 'iam:CreateServiceLinkedRole',
        Resource: arn(
          'iam::111122223333:role/aws-service-role/elasticmapreduce.amazonaws.com*/AWSServiceRoleForEMRCleanup*',
        ),
        Condition: { StringLike: { 'iam:AWSServiceName': 'elasticmapreduce.amazonaws.com*' } },
      },
      UseStepFolder: { Action: ['s3:GetObject', 's3:PutObject'], Resource: join(bucket, '/runs/*/ToDynamo/*') },
      ListWorkBucket: { Action: 's3:ListBucket', Resource: bucket },
      'logs:CreateLogStream': {
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: { 'Fn::GetAtt': [idOf(template, 'AWS::Logs::LogGroup', 'ToDynamo'), 'Arn'] },
      },
    });
    expect(template.findResources('AWS::IAM::Role', { Properties: { ManagedPolicyArns: Match.anyValue() } })).toEqual(
      {},
    );
    expect(config.stopFunctions).toHaveLength(1);
  });
});

describe('the role of the instances', () => {
  test("knows the table and the run's files", () => {
    const { stack, template: synth } = plain();
    const template = synth();
    const bucket = { 'Fn::GetAtt': [idOf(template, 'AWS::S3::Bucket', 'Work'), 'Arn'] };
    const { 'kms:Decrypt': key, ...others } = statements(stack, template, 'InstanceRole');
    expect(key).toEqual({
      Action: ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'],
      Resource: { 'Fn::GetAtt': [idOf(template, 'AWS::KMS::Key', 'ToDynamo'), 'Arn'] },
    });
    expect(others).toEqual({
      LoadTable: {
        Action: ['dynamodb:DescribeTable', 'dynamodb:BatchWriteItem'],
        Resource: { 'Fn::GetAtt': [idOf(template, 'AWS::DynamoDB::Table', 'Table'), 'Arn'] },
      },
      ReadInput: { Action: 's3:GetObject', Resource: join(bucket, '/runs/*/input/*') },
      UseStepFolder: {
        Action: [
          's3:GetObject',
          's3:PutObject',
          's3:DeleteObject',
          's3:AbortMultipartUpload',
          's3:ListMultipartUploadParts',
        ],
        Resource: join(bucket, '/runs/*/ToDynamo/*'),
      },
      ListWorkBucket: { Action: ['s3:ListBucket', 's3:GetBucketLocation'], Resource: bucket },
    });
    expect(launchArguments(template).cluster).toMatchObject({
      JobFlowRole: `\${${idOf(template, 'AWS::IAM::InstanceProfile', '')}}`,
      ServiceRole: `\${${idOf(template, 'AWS::IAM::Role', 'ServiceRole')}}`,
    });
  });

  test('has a profile of its own name, the only one that EMR takes', () => {
    const template = plain().template();
    const role = { Ref: idOf(template, 'AWS::IAM::Role', 'InstanceRole') };
    template.hasResourceProperties('AWS::IAM::InstanceProfile', { Roles: [role], InstanceProfileName: role });
  });

  test('and their keys, if they have some', () => {
    const { stack, template: synth } = build({
      bucket: { encryption: s3.BucketEncryption.KMS },
      table: scope => ordersTable(scope, { encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED }),
    });
    const template = synth();
    const keys = ['Table', 'Work'].map(name => ({ 'Fn::GetAtt': [idOf(template, 'AWS::KMS::Key', name), 'Arn'] }));
    const used = Object.values(
      template.findResources('AWS::IAM::Policy', {
        Properties: { Roles: [{ Ref: idOf(template, 'AWS::IAM::Role', 'InstanceRole') }] },
      }),
    )
      .flatMap(policy => policy.Properties.PolicyDocument.Statement)
      .filter(({ Action }) => Action.includes('kms:Encrypt'))
      .map(({ Resource }) => Resource);
    expect(used).toEqual(expect.arrayContaining(keys));
    expect(statements(stack, template, 'FunctionRole')['kms:Decrypt'].Resource).toEqual(keys[1]);
  });

  test('is what a user grants to', () => {
    const { stack, step, template } = build();
    const dictionary = new s3.Bucket(stack, 'Dictionary');
    dictionary.grantRead(step);
    expect(statements(stack, template(), 'InstanceRole')['s3:GetObject*']).toBeDefined();
  });
});

test("logs in a bucket of the user's are written by the instances and read by the function", () => {
  const { stack, template } = build({
    compute: { logBucket: s3.Bucket.fromBucketName(new Stack(), 'Logs', 'company-logs'), logPrefix: 'etl/emr' },
  });
  const objects = arn('s3:::company-logs/etl/emr/*');
  expect(statements(stack, template(), 'InstanceRole').WriteLogs).toEqual({
    Action: 's3:PutObject',
    Resource: objects,
  });
  expect(statements(stack, template(), 'FunctionRole')).toMatchObject({
    ReadLogs: { Action: 's3:GetObject', Resource: objects },
    ListLogBucket: { Action: 's3:ListBucket', Resource: arn('s3:::company-logs') },
  });
  expect(launchArguments(template()).cluster.LogUri).toBe('s3://company-logs/etl/emr/');
});

describe('a cluster that is kept', () => {
  const kept = () => build({ compute: { idleTimeout: Duration.minutes(30), maxClusterAge: Duration.hours(12) } });

  test('waits for steps, ends when it is idle, and writes its logs beside its record', () => {
    const { cluster, kept: keeping } = launchArguments(kept().template());
    expect(cluster).toMatchObject({
      AutoTerminationPolicy: { IdleTimeout: 1800 },
      LogUri: expect.stringMatching(/^s3:\/\/\$\{Work\w+\}\/clusters\/ToDynamo\/logs\/$/),
      Instances: { KeepJobFlowAliveWhenNoSteps: true },
    });
    expect(keeping).toEqual({ maxAgeSeconds: 43_200 });
  });

  test("is ended by the step's function before the pipeline is deleted", () => {
    const { config } = kept();
    expect(config.teardownFunctions).toEqual(config.stopFunctions);
    expect(plain().config.teardownFunctions).toEqual([]);
  });

  test('adds to the permissions its steps, its record and its logs', () => {
    const { stack, template: synth } = kept();
    const template = synth();
    const bucket = { 'Fn::GetAtt': [idOf(template, 'AWS::S3::Bucket', 'Work'), 'Arn'] };
    const before = statements(plain().stack, plain().template(), 'FunctionRole');
    const { UseSteps, UseKeptCluster, ...others } = statements(stack, template, 'FunctionRole');
    expect(Object.keys(others)).toEqual(Object.keys(before));
    expect(UseSteps).toMatchObject({
      Action: ['elasticmapreduce:AddJobFlowSteps', 'elasticmapreduce:CancelSteps'],
      Condition: { StringEquals: { 'elasticmapreduce:ResourceTag/cdk-etl-steps:step': expect.any(String) } },
    });
    expect(UseKeptCluster).toEqual({
      Action: ['s3:GetObject', 's3:PutObject'],
      Resource: join(bucket, '/clusters/ToDynamo/*'),
    });
    expect(statements(stack, template, 'InstanceRole').WriteKeptClusterLogs).toEqual({
      Action: 's3:PutObject',
      Resource: join(bucket, '/clusters/ToDynamo/logs/*'),
    });
  });

  test.each<[string, Partial<EmrInstanceFleetsOptions>, string]>([
    [
      'too short a wait',
      { idleTimeout: Duration.seconds(30) },
      "'idleTimeout' must be whole seconds from 1 minute to 7 days, got 30 seconds",
    ],
    [
      'a wait that only the deployment knows',
      { idleTimeout: Duration.minutes(Lazy.number({ produce: () => 30 })) },
      "'idleTimeout' must be known when the app is synthesized",
    ],
    ['too long a wait', { idleTimeout: Duration.days(8) }, 'got 8 days'],
    [
      'an age of a cluster that is not kept',
      { maxClusterAge: Duration.hours(2) },
      "'maxClusterAge' needs 'idleTimeout'",
    ],
    [
      'too short a life',
      { idleTimeout: Duration.minutes(5), maxClusterAge: Duration.minutes(5) },
      "'maxClusterAge' must be whole seconds from 1 hour to 30 days, got 5 minutes",
    ],
  ])('refuses %s', (_, compute, message) => {
    expect(() => build({ compute })).toThrow(message);
  });
});

describe("a cluster of the user's", () => {
  const withCluster = (more: Partial<EmrExistingClusterOptions> = {}) => {
    const app = new App();
    const stack = new Stack(app, 'Orders', { env: ENV });
    const instanceRole = new iam.Role(stack, 'Instances', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') });
    const step = new EmrHiveDynamoStep(stack, 'ToDynamo', {
      table: ordersTable(stack),
      compute: EmrCompute.existingCluster({ clusterId: 'j-2AXXXXXXGAPLF', instanceRole, ...more }),
    });
    const { chain } = step.bind(stack, { dataset: orders(), workBucket: new s3.Bucket(stack, 'Work') });
    new sfn.StateMachine(stack, 'Machine', { definitionBody: sfn.DefinitionBody.fromChainable(chain) });
    return { stack, step, instanceRole, template: Template.fromStack(stack) };
  };

  test('is all that the launch knows, and nothing is made beside the function', () => {
    const { template, step, instanceRole } = withCluster();
    const { script: _script, table: _table, ...rest } = launchArguments(template);
    expect(rest).toEqual({ workers: 2, existing: { clusterId: 'j-2AXXXXXXGAPLF' } });
    for (const type of [
      'AWS::EC2::SecurityGroup',
      'AWS::IAM::InstanceProfile',
      'AWS::EMR::SecurityConfiguration',
      'AWS::KMS::Key',
    ]) {
      expect(template.findResources(type)).toEqual({});
    }
    expect(step.connections.securityGroups).toEqual([]);
    expect(step.grantPrincipal).toBe(instanceRole);
  });

  test("gets steps from the function, and its role the table and the run's files", () => {
    const { stack, template } = withCluster();
    const granted = statements(stack, template, 'FunctionRole');
    expect(granted.UseCluster).toEqual({
      Action: [
        'elasticmapreduce:DescribeCluster',
        'elasticmapreduce:ListSteps',
        'elasticmapreduce:AddJobFlowSteps',
        'elasticmapreduce:CancelSteps',
      ],
      Resource: arn('elasticmapreduce:eu-west-1:111122223333:cluster/j-2AXXXXXXGAPLF'),
    });
    const actions = Object.values(granted).flatMap(({ Action }) => Action);
    expect(actions.filter(action => /RunJobFlow|Terminate|PassRole/.test(action))).toEqual([]);
    const [policy] = Object.values(
      template.findResources('AWS::IAM::Policy', {
        Properties: { Roles: [{ Ref: idOf(template, 'AWS::IAM::Role', 'Instances') }] },
      }),
    );
    const sids = policy.Properties.PolicyDocument.Statement.map(({ Sid }: { Sid: string }) => Sid);
    expect(sids).toEqual(['LoadTable', 'ReadInput', 'UseStepFolder', 'ListWorkBucket']);
  });

  test('tells where its logs are, if they may be read', () => {
    const logBucket = s3.Bucket.fromBucketName(new Stack(), 'Logs', 'company-logs');
    const { stack, template } = withCluster({ logBucket, logPrefix: 'emr', workers: 6 });
    expect(launchArguments(template)).toMatchObject({ workers: 6, existing: { logs: 's3://company-logs/emr/' } });
    expect(statements(stack, template, 'FunctionRole').ReadLogs).toEqual({
      Action: 's3:GetObject',
      Resource: arn('s3:::company-logs/emr/*'),
    });
  });

  test.each<[string, Partial<EmrExistingClusterOptions>, string]>([
    [
      'an id that is none',
      { clusterId: 'cluster' },
      "'clusterId' must be the id of an EMR cluster, 'j-' and capital letters or digits, got 'cluster'",
    ],
    ['no worker', { workers: 0 }, "'workers' must be a whole number of at least 1, got 0"],
    ['a log prefix without bucket', { logPrefix: 'emr' }, "'logPrefix' needs 'logBucket'"],
  ])('refuses %s', (_, options, message) => {
    expect(() => withCluster(options)).toThrow(message);
  });
});

describe('the role of EMR', () => {
  test("names subnets and security groups, and knows the rest by EMR's tag", () => {
    const { stack, template: synth } = plain();
    const template = synth();
    const resource = (type: string, name: unknown) =>
      join('arn:', { Ref: 'AWS::Partition' }, `:ec2:eu-west-1:111122223333:${type}/`, name);
    const any = (...types: string[]) => types.map(type => arn(`ec2:eu-west-1:111122223333:${type}/*`));
    const groups = ['NetworkPrimary', 'NetworkCore', 'NetworkServiceAccess'].map(part =>
      resource('security-group', { 'Fn::GetAtt': [idOf(template, 'AWS::EC2::SecurityGroup', part), 'GroupId'] }),
    );
    const subnets = ['privateSubnet1', 'privateSubnet2'].map(part =>
      join('arn:', { Ref: 'AWS::Partition' }, ':ec2:eu-west-1:*:subnet/', {
        Ref: idOf(template, 'AWS::EC2::Subnet', part),
      }),
    );
    const stepTag = launchArguments(template).cluster.Tags.find(
      (tag: { Key: string }) => tag.Key === 'cdk-etl-steps:step',
    ).Value;
    const resourceTag = { StringEquals: { 'aws:ResourceTag/for-use-with-amazon-emr-managed-policies': 'true' } };
    const ofThisStep = { StringEquals: { ...resourceTag.StringEquals, 'aws:ResourceTag/cdk-etl-steps:step': stepTag } };
    const requestTag = { StringEquals: { 'aws:RequestTag/for-use-with-amazon-emr-managed-policies': 'true' } };
    const { Describe: describeActions, ...others } = statements(stack, template, 'ServiceRole');
    expect(describeActions.Resource).toBe('*');
    expect(describeActions.Condition).toBeUndefined();
    for (const action of describeActions.Action) expect(action).toMatch(/^ec2:Describe/);
    const key = { 'Fn::GetAtt': [idOf(template, 'AWS::KMS::Key', 'ToDynamo'), 'Arn'] };
    expect(others).toEqual({
      LaunchInNetwork: {
        Action: [
          'ec2:CreateNetworkInterface',
          'ec2:RunInstances',
          'ec2:CreateFleet',
          'ec2:CreateLaunchTemplate',
          'ec2:CreateLaunchTemplateVersion',
        ],
        Resource: [...subnets, ...groups],
      },
      LaunchFromTemplates: {
        Action: ['ec2:CreateFleet', 'ec2:RunInstances', 'ec2:CreateLaunchTemplateVersion'],
        Resource: any('launch-template')[0],
        Condition: resourceTag,
      },
      CreateTagged: {
        Action: ['ec2:CreateLaunchTemplate', 'ec2:RunInstances', 'ec2:CreateFleet', 'ec2:CreateNetworkInterface'],
        Resource: any('launch-template', 'instance', 'volume', 'network-interface'),
        Condition: requestTag,
      },
      LaunchWith: {
        Action: ['ec2:RunInstances', 'ec2:CreateFleet', 'ec2:CreateLaunchTemplate', 'ec2:CreateLaunchTemplateVersion'],
        Resource: [...any('network-interface', 'fleet'), arn('ec2:eu-west-1::image/ami-*')],
      },
      ManageTagged: {
        Action: [
          'ec2:DeleteLaunchTemplate',
          'ec2:DeleteNetworkInterface',
          'ec2:ModifyInstanceAttribute',
          'ec2:TerminateInstances',
        ],
        Resource: any('launch-template', 'network-interface', 'instance'),
        Condition: ofThisStep,
      },
      TagTagged: {
        Action: ['ec2:CreateTags', 'ec2:DeleteTags'],
        Resource: any('instance', 'volume', 'network-interface', 'launch-template'),
        Condition: ofThisStep,
      },
      TagOnCreate: {
        Action: 'ec2:CreateTags',
        Resource: any('instance', 'volume', 'network-interface', 'launch-template'),
        Condition: {
          StringEquals: {
            'ec2:CreateAction': ['RunInstances', 'CreateFleet', 'CreateLaunchTemplate', 'CreateNetworkInterface'],
          },
        },
      },
      CompleteSecurityGroups: {
        Action: [
          'ec2:AuthorizeSecurityGroupEgress',
          'ec2:AuthorizeSecurityGroupIngress',
          'ec2:RevokeSecurityGroupEgress',
          'ec2:RevokeSecurityGroupIngress',
        ],
        Resource: groups,
      },
      PassInstanceRole: {
        Action: 'iam:PassRole',
        Resource: { 'Fn::GetAtt': [idOf(template, 'AWS::IAM::Role', 'InstanceRole'), 'Arn'] },
        Condition: { StringLike: { 'iam:PassedToService': 'ec2.amazonaws.com*' } },
      },
      FirstSpotRequest: {
        Action: 'iam:CreateServiceLinkedRole',
        Resource: arn('iam::111122223333:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot'),
        Condition: { StringEquals: { 'iam:AWSServiceName': 'spot.amazonaws.com' } },
      },
      'kms:Encrypt': {
        Action: [
          'kms:Encrypt',
          'kms:Decrypt',
          'kms:ReEncryptFrom',
          'kms:ReEncryptTo',
          'kms:GenerateDataKey',
          'kms:GenerateDataKeyWithoutPlaintext',
          'kms:DescribeKey',
        ],
        Resource: key,
      },
      'kms:CreateGrant': {
        Action: 'kms:CreateGrant',
        Resource: key,
        Condition: { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
      },
    });
  });

  test('makes no endpoints in the VPC: they would outlive the clusters', () => {
    const { stack, template } = plain();
    const actions = Object.values(statements(stack, template(), 'ServiceRole')).flatMap(({ Action }) => Action);
    expect(actions.filter(action => /VpcEndpoint/.test(action))).toEqual(['ec2:DescribeVpcEndpoints']);
  });

  test('may put instances into the security groups that the user names', () => {
    const securityGroup = ec2.SecurityGroup.fromSecurityGroupId(new Stack(), 'Proxy', 'sg-123');
    const { stack, template } = build({ compute: { securityGroups: [securityGroup] } });
    const { LaunchInNetwork, CompleteSecurityGroups } = statements(stack, template(), 'ServiceRole');
    expect(LaunchInNetwork.Resource).toContainEqual(arn('ec2:eu-west-1:111122223333:security-group/sg-123'));
    expect(CompleteSecurityGroups.Resource).not.toContainEqual(arn('ec2:eu-west-1:111122223333:security-group/sg-123'));
  });

  test('is assumed by EMR for this account alone', () => {
    plain()
      .template()
      .hasResourceProperties('AWS::IAM::Role', {
        AssumeRolePolicyDocument: {
          Statement: [
            {
              Action: 'sts:AssumeRole',
              Principal: { Service: 'elasticmapreduce.amazonaws.com' },
              Condition: {
                StringEquals: { 'aws:SourceAccount': '111122223333' },
                ArnLike: { 'aws:SourceArn': arn('elasticmapreduce:eu-west-1:111122223333:*') },
              },
            },
          ],
        },
      });
  });
});

describe('encryption', () => {
  const encryption = (template: Template) =>
    Object.values(template.findResources('AWS::EMR::SecurityConfiguration'))[0].Properties.SecurityConfiguration;

  test("covers disks with a key of the step's, objects, and the instances' metadata", () => {
    const template = plain().template();
    const { EncryptionConfiguration, InstanceMetadataServiceConfiguration } = encryption(template);
    const { AtRestEncryptionConfiguration: atRest, EnableAtRestEncryption } = EncryptionConfiguration;
    const diskKey = { 'Fn::GetAtt': [idOf(template, 'AWS::KMS::Key', 'DiskKey'), 'Arn'] };
    expect(EnableAtRestEncryption).toBe(true);
    expect(atRest).toEqual({
      S3EncryptionConfiguration: { EncryptionMode: 'SSE-S3' },
      LocalDiskEncryptionConfiguration: {
        EncryptionKeyProviderType: 'AwsKms',
        AwsKmsKey: diskKey,
        EnableEbsEncryption: true,
      },
    });
    expect(InstanceMetadataServiceConfiguration.MinimumInstanceMetadataServiceVersion).toBe(2);
    template.hasResource('AWS::KMS::Key', { Properties: { EnableKeyRotation: true }, DeletionPolicy: 'Delete' });
    expect(launchArguments(template).cluster.SecurityConfiguration).toBe(
      `\${${idOf(template, 'AWS::EMR::SecurityConfiguration', '')}}`,
    );
  });

  test("lets the role of EC2 that launches Spot instances use the disks' key, and nobody else by the key's policy", () => {
    const template = plain().template();
    const [, use, grant, ...others] =
      template.findResources('AWS::KMS::Key')[idOf(template, 'AWS::KMS::Key', 'DiskKey')].Properties.KeyPolicy
        .Statement;
    const spotRole = {
      StringEquals: { 'kms:CallerAccount': '111122223333' },
      ArnEquals: {
        'aws:PrincipalArn': arn('iam::111122223333:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot'),
      },
    };
    expect(others).toEqual([]);
    expect(use).toMatchObject({
      Action: expect.arrayContaining(['kms:Decrypt', 'kms:GenerateDataKeyWithoutPlaintext']),
      Condition: spotRole,
    });
    expect(grant).toMatchObject({
      Action: 'kms:CreateGrant',
      Condition: { ...spotRole, Bool: { 'kms:GrantIsForAWSResource': 'true' } },
    });
    expect(JSON.stringify(template.toJSON())).not.toContain('kms:ViaService'); // EC2 Spot and EMR ask KMS themselves
  });

  test('stays as executions know it when a deployment changes it', () => {
    plain().template().hasResource('AWS::EMR::SecurityConfiguration', { UpdateReplacePolicy: 'Retain' });
  });

  test("is the user's own, if one is named", () => {
    const template = build({ compute: { securityConfigurationName: 'company-standard' } }).template();
    expect(launchArguments(template).cluster.SecurityConfiguration).toBe('company-standard');
    expect(template.findResources('AWS::EMR::SecurityConfiguration')).toEqual({});
    expect(template.findResources('AWS::KMS::Key')).toEqual({});
  });

  test('follows the work bucket', () => {
    const template = build({ bucket: { encryption: s3.BucketEncryption.KMS } }).template();
    expect(
      encryption(template).EncryptionConfiguration.AtRestEncryptionConfiguration.S3EncryptionConfiguration,
    ).toEqual({
      EncryptionMode: 'SSE-KMS',
      AwsKmsKey: { 'Fn::GetAtt': [idOf(template, 'AWS::KMS::Key', 'Work'), 'Arn'] },
    });
  });
});

describe('security groups', () => {
  /** All rules between groups as `to <- from protocol port`. */
  function rules(template: Template): string[] {
    const name = (reference: any) => /Network(Primary|Core|ServiceAccess)/.exec(reference['Fn::GetAtt'][0])![1];
    const spell = ({ IpProtocol, FromPort, ToPort }: any) => `${IpProtocol} ${FromPort}-${ToPort}`;
    return [
      ...Object.values(template.findResources('AWS::EC2::SecurityGroupIngress')).map(
        ({ Properties: rule }) => `${name(rule.GroupId)} from ${name(rule.SourceSecurityGroupId)} ${spell(rule)}`,
      ),
      ...Object.values(template.findResources('AWS::EC2::SecurityGroupEgress')).map(
        ({ Properties: rule }) => `${name(rule.GroupId)} to ${name(rule.DestinationSecurityGroupId)} ${spell(rule)}`,
      ),
    ].sort();
  }
  const BETWEEN_INSTANCES = [
    'Core from Core',
    'Core from Primary',
    'Primary from Core',
    'Primary from Primary',
  ].flatMap(pair => ['icmp -1--1', 'tcp 0-65535', 'udp 0-65535'].map(ports => `${pair} ${ports}`));

  test('in private subnets: every rule that EMR would add', () => {
    const template = plain().template();
    expect(rules(template)).toEqual(
      [
        ...BETWEEN_INSTANCES,
        'Core from ServiceAccess tcp 8443-8443',
        'Primary from ServiceAccess tcp 8443-8443',
        'ServiceAccess from Primary tcp 9443-9443',
        'ServiceAccess to Core tcp 8443-8443',
        'ServiceAccess to Primary tcp 8443-8443',
      ].sort(),
    );
    const { Instances } = launchArguments(template).cluster;
    expect([
      Instances.EmrManagedMasterSecurityGroup,
      Instances.EmrManagedSlaveSecurityGroup,
      Instances.ServiceAccessSecurityGroup,
    ]).toEqual(['NetworkPrimary', 'NetworkCore', 'NetworkServiceAccess'].map(expect.stringContaining));
  });

  test('in public subnets: no service access', () => {
    const template = build({ subnets: [PUBLIC] }).template();
    expect(rules(template)).toEqual(BETWEEN_INSTANCES);
    expect(launchArguments(template).cluster.Instances.ServiceAccessSecurityGroup).toBeUndefined();
  });

  test("of the instances are the step's connections", () => {
    const { stack, step, vpc, template } = build();
    const proxy = new ec2.SecurityGroup(stack, 'Proxy', { vpc });
    step.connections.allowTo(proxy, ec2.Port.tcp(3128));
    const toProxy = { FromPort: 3128, GroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('Proxy'), 'GroupId'] } };
    template().resourcePropertiesCountIs('AWS::EC2::SecurityGroupIngress', toProxy, 2);
  });
});

describe('subnets', () => {
  const ISOLATED = [{ name: 'isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }];
  const ID = /emrSubnetsWithoutRoute/;
  const warnings = (stack: Stack) =>
    Annotations.fromStack(stack)
      .findWarning('*', Match.stringLikeRegexp('no route out'))
      .map(({ entry }) => String(entry.data));

  test('without a route to S3 and DynamoDB: a warning', () => {
    const [warning] = warnings(build({ subnets: ISOLATED }).stack);
    expect(warning).toMatch(ID);
    expect(warning).toContain('s3, dynamodb');
  });

  test('with endpoints, or a route: none', () => {
    const app = new App();
    const network = new Stack(app, 'Network', { env: ENV });
    const vpc = new ec2.Vpc(network, 'Vpc', { subnetConfiguration: ISOLATED });
    vpc.addGatewayEndpoint('S3', { service: ec2.GatewayVpcEndpointAwsService.S3 });
    const stack = new Stack(app, 'Orders', { env: ENV });
    const step = () =>
      new EmrHiveDynamoStep(stack, `Step${stack.node.children.length}`, {
        table: dynamodb.Table.fromTableName(stack, `Table${stack.node.children.length}`, 'orders'),
        compute: EmrCompute.instanceFleets({ vpc }),
      });
    step();
    expect(warnings(stack)).toEqual([expect.stringContaining('knows of for: dynamodb.')]);
    vpc.addGatewayEndpoint('DynamoDB', { service: ec2.GatewayVpcEndpointAwsService.DYNAMODB });
    step();
    expect(warnings(stack)).toHaveLength(1);
    expect(warnings(plain().stack)).toEqual([]);
  });

  test('of both kinds, or none, are refused', () => {
    const both = (vpc: ec2.IVpc) => ({ subnets: [...vpc.privateSubnets, ...vpc.publicSubnets] });
    const stack = new Stack();
    const vpc = new ec2.Vpc(stack, 'Vpc');
    const step = (vpcSubnets: ec2.SubnetSelection) => () =>
      new EmrHiveDynamoStep(stack, `Step${stack.node.children.length}`, {
        table: dynamodb.Table.fromTableName(stack, `Table${stack.node.children.length}`, 'orders'),
        compute: EmrCompute.instanceFleets({ vpc, vpcSubnets }),
      });
    expect(step(both(vpc))).toThrow("'vpcSubnets' must select only public or only private subnets, got both");
    expect(step({ subnets: [] })).toThrow("'vpcSubnets' must select at least one subnet");
  });
});

describe('tags', () => {
  test('of the step become tags of its clusters; those that permissions need cannot be changed', () => {
    const { app, step, template } = build();
    Tags.of(app).add('team', 'orders');
    Tags.of(step).add('for-use-with-amazon-emr-managed-policies', 'false', { priority: 900 });
    expect(launchArguments(template()).cluster.Tags).toEqual([
      { Key: 'cdk-etl-steps:step', Value: expect.any(String) },
      { Key: 'for-use-with-amazon-emr-managed-policies', Value: 'true' },
      { Key: 'team', Value: 'orders' },
    ]);
  });

  test('differ between steps', () => {
    const tag = (id: string) => {
      const stack = new Stack(new App(), id);
      const step = new EmrHiveDynamoStep(stack, 'Step', {
        table: dynamodb.Table.fromTableName(stack, 'Table', 'orders'),
        compute: EmrCompute.instanceFleets({ vpc: new ec2.Vpc(stack, 'Vpc') }),
      });
      return step.cdkTagManager.tagValues()['cdk-etl-steps:step'];
    };
    expect(tag('One')).not.toBe(tag('Two'));
  });

  test('a permissions boundary reaches every role', () => {
    const { app, stack, template } = build();
    iam.PermissionsBoundary.of(stack).apply(
      iam.ManagedPolicy.fromManagedPolicyArn(app, 'Boundary', 'arn:aws:iam::111122223333:policy/boundary'),
    );
    for (const role of Object.values(template().findResources('AWS::IAM::Role'))) {
      expect(role.Properties.PermissionsBoundary).toContain('boundary');
    }
  });
});

describe('refused', () => {
  test.each<[string, Partial<EmrInstanceFleetsOptions>, string]>([
    ['no core instance', { onDemandCapacity: 0 }, "'onDemandCapacity' must be a whole number of at least 1, got 0"],
    ['half an instance', { spotCapacity: 1.5 }, "'spotCapacity' must be a whole number of at least 0, got 1.5"],
    [
      'a maximum below the beginning',
      { spotCapacity: 3, maxCapacityUnits: 3 },
      "'maxCapacityUnits' must be a whole number of at least 4, got 3",
    ],
    ['no primary type', { primaryInstanceTypes: [] }, "'primaryInstanceTypes' must hold 1 to 30 instance types, got 0"],
    [
      'a type twice',
      { coreInstanceTypes: [new ec2.InstanceType('m5.xlarge'), new ec2.InstanceType('m5.xlarge')] },
      "got 'm5.xlarge' more than once. Remove one.",
    ],
    [
      'a weight of a type that is not there',
      { instanceWeights: { 'm5.xlarge': 2 } },
      "'instanceWeights' must name types of 'coreInstanceTypes' or 'taskInstanceTypes', got 'm5.xlarge'",
    ],
    [
      'no weight',
      { instanceWeights: { 'm7g.xlarge': 0 } },
      "'instanceWeights' of 'm7g.xlarge' must be a whole number of at least 1, got 0",
    ],
    [
      'a release of EMR 6',
      { releaseLabel: 'emr-6.15.0' },
      "'releaseLabel' must be 'emr-7.<minor>.<patch>', got 'emr-6.15.0'",
    ],
    [
      'too small a volume',
      { ebsVolumeSize: Size.gibibytes(9) },
      "'ebsVolumeSize' in GiB must be a whole number from 10 to 1024, got 9",
    ],
    [
      'a volume in parts of a GiB',
      { ebsVolumeSize: Size.mebibytes(20_500) },
      "'ebsVolumeSize' in GiB must be a whole number",
    ],
    ['no volume', { ebsVolumesPerInstance: 0 }, "'ebsVolumesPerInstance' must be a whole number from 1 to 25, got 0"],
    [
      'a type of volume that EMR does not take',
      { ebsVolumeType: ec2.EbsDeviceVolumeType.IO2 },
      "'ebsVolumeType' must be one that EMR takes (gp3, gp2, io1, st1, sc1, standard), got 'io2'",
    ],
    [
      'operations of a gp2 volume',
      { ebsVolumeType: ec2.EbsDeviceVolumeType.GP2, ebsIops: 3000 },
      "'ebsIops' is for volumes of type gp3 or io1 only, got type 'gp2'",
    ],
    [
      'an io1 volume without operations',
      { ebsVolumeType: ec2.EbsDeviceVolumeType.IO1 },
      "'ebsIops' must be given for volumes of type 'io1'",
    ],
    [
      'throughput of a gp2 volume',
      { ebsVolumeType: ec2.EbsDeviceVolumeType.GP2, ebsThroughput: 250 },
      "'ebsThroughput' is for volumes of type gp3 only, got type 'gp2'",
    ],
    [
      'too much throughput',
      { ebsThroughput: 2000 },
      "'ebsThroughput' in MiB a second must be a whole number from 125 to 1000, got 2000",
    ],
    ['a log prefix without bucket', { logPrefix: 'emr' }, "'logPrefix' needs 'logBucket'"],
  ])('compute: %s', (_, compute, message) => {
    expect(() => build({ compute })).toThrow(message);
  });

  test.each(['', '/emr', 'emr/'])('compute: the log prefix %p', logPrefix => {
    const logBucket = s3.Bucket.fromBucketName(new Stack(), 'Logs', 'logs');
    expect(() => build({ compute: { logBucket, logPrefix } })).toThrow(
      "'logPrefix' must not be empty, nor begin or end with a slash",
    );
  });

  test.each<[string, Setup, string]>([
    [
      "a rate below the connector's",
      { step: { writeThroughputPercent: 9 } },
      "'writeThroughputPercent' must be 10 to 150, the bounds of the DynamoDB connector, got 9",
    ],
    ['a rate above it', { step: { writeThroughputPercent: 151 } }, 'got 151'],
    [
      'two rates',
      { step: { writeThroughputPercent: 50, writeUnitsPerSecond: 500 } },
      'both say how fast to write, got 50 and 500. Leave one out.',
    ],
    [
      'no write units',
      { step: { writeUnitsPerSecond: 0 } },
      "'writeUnitsPerSecond' must be a whole number from 1 to 10000000, got 0",
    ],
    ['half a write unit', { step: { writeUnitsPerSecond: 0.5 } }, 'got 0.5'],
    [
      'an unknown column for epoch seconds',
      { step: { epochSeconds: ['expires'] } },
      "'epochSeconds' must name columns of the dataset 'orders' (order_id, line, amount, gift, ordered_on), got " +
        "'expires'",
    ],
    [
      'a date for epoch seconds',
      { step: { epochSeconds: ['ordered_on'] } },
      "'epochSeconds' must name timestamp columns of the dataset 'orders', got 'ordered_on', a column of type date",
    ],
    [
      'a transform without the key',
      { step: { transform: HiveTransform.inline('SELECT line FROM orders', [Column.integer('line')]) } },
      "'transform' must yield the columns of the key",
    ],
    [
      'a name of a column that the transform leaves out',
      {
        step: {
          transform: HiveTransform.inline('SELECT order_id FROM orders', [Column.string('order_id')]),
          attributeNames: { line: 'n' },
        },
      },
      "'attributeNames' must name columns of the step's 'transform' (order_id), got 'line'",
    ],
    [
      'a control character in a name',
      { step: { attributeNames: { amount: 'a\u0001' } } },
      'without control characters, got "a\\u0001"',
    ],
    [
      'too short a time',
      { step: { maxRuntime: Duration.minutes(14) } },
      "'maxRuntime' must be whole seconds from 15 minutes to 1 day, got 14 minutes",
    ],
    ['too long a time', { step: { maxRuntime: Duration.hours(25) } }, 'got 1 day 1 hour'],
    [
      'a time that only the deployment knows',
      { step: { maxRuntime: Duration.minutes(Lazy.number({ produce: () => 30 })) } },
      "'maxRuntime' must be known when the app is synthesized",
    ],
    [
      'a comma in a name',
      { step: { attributeNames: { amount: 'a,b' } } },
      "'attributeNames' of column 'amount' must be a name without commas",
    ],
    ['an empty name', { step: { attributeNames: { amount: '' } } }, 'got ""'],
    [
      'an unknown column',
      { step: { attributeNames: { price: 'p' } } },
      "'attributeNames' must name columns of the dataset 'orders' (order_id, line, amount, gift, ordered_on), " +
        "got 'price'",
    ],
    ['one attribute for two columns', { step: { attributeNames: { amount: 'line' } } }, "got 'line' more than once"],
    [
      'a dataset without key',
      { dataset: new Dataset({ name: 'orders', format: DataFormat.csv(), columns: [Column.string('order_id')] }) },
      "dataset 'orders' must have a 'key'",
    ],
    [
      'a key of three columns',
      { dataset: orders(['order_id', 'line', 'ordered_on']) },
      "has 1 or 2 attributes, but the dataset's key has 3 columns",
    ],
    ['a bool in the key', { dataset: orders(['order_id', 'gift']) }, "its key column 'gift' is a bool"],
    [
      "a longer key than the table's",
      { dataset: orders(['order_id', 'line']) },
      'its key makes the attributes line (N), order_id (S), but the key of the table Orders/Table is order_id (S)',
    ],
    [
      'a key that is renamed',
      { step: { attributeNames: { order_id: 'id' } } },
      'its key makes the attributes id (S), but',
    ],
    [
      'a key of another type',
      {
        dataset: orders(['line']),
        table: stack => ordersTable(stack, { partitionKey: { name: 'line', type: dynamodb.AttributeType.STRING } }),
      },
      'line (N), but the key of the table Orders/Table is line (S)',
    ],
    [
      "a global table's key",
      {
        table: stack =>
          new dynamodb.TableV2(stack, 'Global', { partitionKey: { name: 'id', type: dynamodb.AttributeType.STRING } }),
      },
      'but the key of the table Orders/Global is id (S)',
    ],
    [
      'a table elsewhere',
      {
        table: stack =>
          dynamodb.Table.fromTableArn(stack, 'Elsewhere', 'arn:aws:dynamodb:us-east-1:111122223333:table/orders'),
      },
      "'table' must be in the region of the step's stack, eu-west-1",
    ],
    [
      'a table of another account',
      {
        table: stack =>
          dynamodb.Table.fromTableArn(stack, 'Elsewhere', 'arn:aws:dynamodb:eu-west-1:999999999999:table/orders'),
      },
      "'table' must be in the account of the step's stack, 111122223333",
    ],
  ])('step: %s', (_, setup, message) => {
    expect(() => build(setup)).toThrow(message);
  });

  test('an id that is no step id', () => {
    const stack = new Stack();
    expect(
      () =>
        new EmrHiveDynamoStep(stack, 'To Dynamo', {
          table: dynamodb.Table.fromTableName(stack, 'Table', 'orders'),
          compute: EmrCompute.instanceFleets({ vpc: new ec2.Vpc(stack, 'Vpc') }),
        }),
    ).toThrow('1 to 40 of the characters');
  });

  test('a second pipeline', () => {
    const { step, stack, workBucket } = build();
    expect(() => step.bind(stack, { dataset: orders(), workBucket })).toThrow(
      'Orders/ToDynamo is in a pipeline already',
    );
  });
});

describe('accepted', () => {
  test('both keys of a table, in any order, under other names', () => {
    expect(() =>
      build({
        dataset: orders(['line', 'order_id']),
        step: { attributeNames: { line: 'n' } },
        table: stack => ordersTable(stack, { sortKey: { name: 'n', type: dynamodb.AttributeType.NUMBER } }),
      }),
    ).not.toThrow();
  });

  test('a table that the app does not create', () => {
    expect(() =>
      build({ dataset: orders(['line']), table: stack => dynamodb.Table.fromTableName(stack, 'Table', 'orders') }),
    ).not.toThrow();
  });

  test("a key of the user's for an imported table", () => {
    const { template } = build({
      table: scope =>
        dynamodb.Table.fromTableAttributes(scope, 'Table', {
          tableName: 'orders',
          encryptionKey: kms.Key.fromKeyArn(scope, 'Key', 'arn:aws:kms:eu-west-1:111122223333:key/abc'),
        }),
    });
    template().hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: Match.arrayWith(['kms:Encrypt']),
            Resource: 'arn:aws:kms:eu-west-1:111122223333:key/abc',
          }),
        ]),
      },
    });
  });
});

test('two syntheses give one template', () => {
  expect(build().template().toJSON()).toEqual(build().template().toJSON());
});

test('log retention, tracing and architecture reach the function', () => {
  const step = {
    logRetention: logs.RetentionDays.ONE_YEAR,
    tracing: lambda.Tracing.ACTIVE,
    architecture: lambda.Architecture.ARM_64,
  };
  const { template } = build({ step });
  template().hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 365 });
  template().hasResourceProperties('AWS::Lambda::Function', {
    TracingConfig: { Mode: 'Active' },
    Architectures: ['arm64'],
  });
});

test.each([
  'metricRowsRead',
  'metricRowsWritten',
  'metricRowsRejected',
  'metricDuplicatesDropped',
  'metricLoadDuration',
  'metricInstanceHours',
] as const)('%s asks for what its function records', name => {
  const { step, template } = plain();
  const metric = step[name]();
  expect(`metric${metric.metricName}`).toBe(name);
  template().hasResourceProperties('AWS::Lambda::Function', {
    Environment: { Variables: { METRICS_STEP: metric.dimensions!.Step } },
  });
});
