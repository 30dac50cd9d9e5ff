import { App, Duration, Lazy, Stack, Tags } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { copyRole, ENV, ORDERS, statementsOf, stepStack, workgroup } from './step-stack';
import { Column, DataFormat, Dataset, FargateRedshiftStep, FargateRedshiftStepProps } from '../../src';
import { allStates, definitionErrors, stateMachineDefinition } from '../state-machine-definition';

const launchArguments = (template: Template) =>
  allStates(stateMachineDefinition(template))['ToRedshift: Begin'].Assign.arguments;

describe('the task', () => {
  const { step, template } = stepStack();
  const loader = template();

  test('runs the loader on a read-only root file system, with a log and without anything in its environment', () => {
    loader.hasResourceProperties('AWS::ECS::TaskDefinition', {
      Cpu: '1024',
      Memory: '2048',
      RequiresCompatibilities: ['FARGATE'],
      RuntimePlatform: { CpuArchitecture: 'ARM64', OperatingSystemFamily: 'LINUX' },
      EphemeralStorage: Match.absent(),
      Volumes: Match.absent(),
      ContainerDefinitions: [
        {
          Name: 'loader',
          Essential: true,
          Image: Match.anyValue(),
          ReadonlyRootFilesystem: true,
          LinuxParameters: { InitProcessEnabled: true, Capabilities: { Drop: ['ALL'] } },
          MountPoints: Match.absent(),
          Environment: Match.absent(),
          Secrets: Match.absent(),
          LogConfiguration: {
            LogDriver: 'awslogs',
            Options: {
              'awslogs-group': { Ref: Match.stringLikeRegexp('ToRedshiftTaskLogs') },
              'awslogs-region': ENV.region,
              'awslogs-stream-prefix': 'task',
            },
          },
        },
      ],
    });
    expect(step.taskDefinition.defaultContainer?.containerName).toBe('loader');
  });

  test('keeps its earlier revisions for executions that began with them', () => {
    loader.hasResource('AWS::ECS::TaskDefinition', { UpdateReplacePolicy: 'Retain', DeletionPolicy: 'Delete' });
  });

  test('has a cluster with container insights', () => {
    loader.hasResourceProperties('AWS::ECS::Cluster', {
      ClusterSettings: [{ Name: 'containerInsights', Value: 'enabled' }],
    });
  });

  test('has logs that end after a month, and so has its function', () => {
    loader.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
    loader.resourceCountIs('AWS::Logs::LogGroup', 2);
  });

  test('has logs and a function as it is told', () => {
    const told = stepStack(() => ({
      logRetention: logs.RetentionDays.ONE_YEAR,
      tracing: lambda.Tracing.ACTIVE,
      architecture: lambda.Architecture.ARM_64,
    })).template();
    told.resourcePropertiesCountIs('AWS::Logs::LogGroup', { RetentionInDays: 365 }, 2);
    told.hasResourceProperties('AWS::Lambda::Function', {
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
    'metricTaskSeconds',
  ] as const)('%s asks for what its function records', name => {
    const measured = stepStack();
    const metric = measured.step[name]();
    expect(`metric${metric.metricName}`).toBe(name);
    measured.template().hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { METRICS_STEP: metric.dimensions!.Step } },
    });
  });

  test('is launched with the dataset and the warehouse in a valid state machine', () => {
    const definition = stateMachineDefinition(loader);
    expect(definitionErrors(definition)).toBe('');
    const given = launchArguments(loader);
    expect(given).toEqual({
      cluster: expect.stringContaining('ToRedshiftTaskCluster'),
      taskDefinition: expect.stringContaining('ToRedshiftTaskDefinition'),
      subnets: [1, 2, 3].map(n => expect.stringContaining(`VpcPrivateSubnet${n}`)),
      securityGroups: [expect.stringContaining('ToRedshiftTaskSecurityGroup')],
      assignPublicIp: false,
      memoryLimitMiB: 2048,
      logGroup: expect.stringContaining('ToRedshiftTaskLogs'),
      load: {
        dataset: ORDERS._definition,
        warehouse: {
          database: 'dev',
          copyRoleArn: expect.stringContaining('Copy'),
          region: ENV.region,
          workgroupName: 'wg',
        },
        schema: 'analytics',
        table: 'orders',
        mode: 'upsert',
        maxRejectedRows: 100_000,
        maxRuntimeSeconds: 7200,
      },
    });
    for (const name of ['Launch', 'Check']) {
      expect(allStates(definition)[`ToRedshift: ${name}`].Arguments.Payload.arguments).toBe('{% $arguments %}');
    }
  });

  test('is launched by a version that is retained, with a minute for each call', () => {
    loader.hasResource('AWS::Lambda::Version', { DeletionPolicy: 'Retain' });
    loader.hasResourceProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs22.x',
      Timeout: 60,
      Environment: { Variables: { STEP_ID: 'ToRedshift', WORK_BUCKET: { Ref: Match.stringLikeRegexp('^Work') } } },
    });
  });
});

test('what the user sets goes into the launch', () => {
  const { template } = stepStack(stack => ({
    schema: undefined,
    cpu: 1024,
    memoryLimitMiB: 4096,
    maxRejectedRows: 0,
    maxRuntime: Duration.minutes(30),
    taskRole: iam.Role.fromRoleName(stack, 'Role', 'mine'),
    image: ecs.ContainerImage.fromRegistry('example.com/loader:1'),
  }));
  const synthesized = template();
  expect(launchArguments(synthesized)).toMatchObject({
    memoryLimitMiB: 4096,
    load: { schema: 'public', maxRejectedRows: 0, maxRuntimeSeconds: 1800 },
  });
  synthesized.hasResourceProperties('AWS::ECS::TaskDefinition', {
    Cpu: '1024',
    Memory: '4096',
    TaskRoleArn: Match.objectLike({ 'Fn::Join': Match.arrayWith([Match.arrayWith([':iam::123456789012:role/mine'])]) }),
    ContainerDefinitions: [Match.objectLike({ Image: 'example.com/loader:1' })],
  });
});

describe('network', () => {
  const vpcWith =
    (...types: ec2.SubnetType[]) =>
    (stack: Stack) => ({
      vpc: new ec2.Vpc(stack, 'Vpc', {
        maxAzs: 2,
        natGateways: 0,
        subnetConfiguration: types.map(subnetType => ({ name: subnetType, subnetType })),
      }),
    });

  test('private subnets are taken without a word', () => {
    const { stack, template } = stepStack();
    expect(launchArguments(template()).assignPublicIp).toBe(false);
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  });

  test('public subnets need public addresses, and a warning', () => {
    const { stack, template } = stepStack(vpcWith(ec2.SubnetType.PUBLIC));
    expect(launchArguments(template()).assignPublicIp).toBe(true);
    Annotations.fromStack(stack).hasWarning('/Stack/ToRedshift/Task', Match.stringLikeRegexp('public subnets'));
  });

  test('isolated subnets are preferred to public ones, with a warning that names the endpoints', () => {
    const { stack, template } = stepStack(vpcWith(ec2.SubnetType.PUBLIC, ec2.SubnetType.PRIVATE_ISOLATED));
    const { assignPublicIp, subnets } = launchArguments(template());
    expect({ assignPublicIp, subnets }).toEqual({
      assignPublicIp: false,
      subnets: [1, 2].map(n => expect.stringContaining(`VpcIsolatedSubnet${n}`)),
    });
    Annotations.fromStack(stack).hasWarning('/Stack/ToRedshift/Task', Match.stringLikeRegexp('ecr.api'));
  });

  test('the subnets can be chosen', () => {
    const { template } = stepStack(stack => ({
      vpc: new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 }),
      vpcSubnets: { availabilityZones: [stack.availabilityZones[0]], subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
    }));
    expect(launchArguments(template()).subnets).toEqual([expect.stringContaining('VpcPrivateSubnet1')]);
  });

  test('the warehouse lets the tasks in, on the port of Redshift, and nobody lets anybody into the tasks', () => {
    const { template } = stepStack(stack => {
      const vpc = new ec2.Vpc(stack, 'Vpc');
      return {
        vpc,
        warehouse: workgroup(stack, { securityGroups: [new ec2.SecurityGroup(stack, 'Warehouse', { vpc })] }),
      };
    });
    const synthesized = template();
    synthesized.resourceCountIs('AWS::EC2::SecurityGroupIngress', 1);
    synthesized.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      GroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Warehouse'), 'GroupId'] },
      SourceSecurityGroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^ToRedshiftTaskSecurityGroup'), 'GroupId'] },
      IpProtocol: 'tcp',
      FromPort: 5439,
      ToPort: 5439,
    });
    expect(
      Object.values(synthesized.findResources('AWS::EC2::SecurityGroup')).map(
        group => group.Properties.SecurityGroupIngress,
      ),
    ).toEqual([undefined, undefined]);
  });

  test('connections are those of the tasks', () => {
    const { step, template } = stepStack();
    step.connections.allowFrom(new ec2.Connections({ peer: ec2.Peer.ipv4('10.0.0.0/8') }), ec2.Port.tcp(1), 'test');
    expect(step.connections.securityGroups).toHaveLength(1);
    template().hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: 'Tasks of Stack/ToRedshift that load into Redshift',
      SecurityGroupIngress: [Match.objectLike({ FromPort: 1 })],
    });
  });
});

test('a cluster of the user is used, in its network', () => {
  const { template } = stepStack(stack => ({
    cluster: new ecs.Cluster(stack, 'Mine', { vpc: new ec2.Vpc(stack, 'Vpc') }),
  }));
  const synthesized = template();
  synthesized.resourceCountIs('AWS::ECS::Cluster', 1);
  expect(launchArguments(synthesized).cluster).toMatch(/^\$\{Mine/);
  expect(JSON.stringify(statementsOf(synthesized, 'ToRedshiftFunctionRole')[0].Condition)).toContain('"Mine');
});

test('tags of the step and of everything around it become tags of the tasks', () => {
  const { app, step, template } = stepStack();
  Tags.of(app).add('company', 'example');
  Tags.of(step).add('team', 'orders');
  expect(launchArguments(template()).tags).toEqual([
    { key: 'company', value: 'example' },
    { key: 'team', value: 'orders' },
  ]);
});

test('grants to the step are grants to its task role', () => {
  const { step, stack, template } = stepStack();
  new Bucket(stack, 'Lookup').grantPut(step);
  expect(statementsOf(template(), 'ToRedshiftTaskDefinitionTaskRole')).toContainEqual(
    expect.objectContaining({ Action: expect.arrayContaining(['s3:PutObject', 's3:Abort*']) }),
  );
});

describe('refuses', () => {
  const make =
    (props: Partial<FargateRedshiftStepProps>, id = 'ToRedshift') =>
    () => {
      const stack = new Stack(new App(), 'Stack', { env: ENV });
      return new FargateRedshiftStep(stack, id, {
        warehouse: workgroup(stack),
        table: 'orders',
        vpc: new ec2.Vpc(stack, 'Vpc'),
        ...props,
      });
    };

  test.each<[string, Partial<FargateRedshiftStepProps>, string]>([
    ['no network', { vpc: undefined }, "One of 'vpc' and 'cluster' must be given, got neither."],
    [
      'an unknown size of CPU',
      { cpu: 300 },
      "'cpu' must be one of 256, 512, 1024, 2048, 4096, 8192, 16384 (1024 is one vCPU), got 300.",
    ],
    [
      'too little memory for the CPU',
      { cpu: 1024, memoryLimitMiB: 1024 },
      "'memoryLimitMiB' must be one of 2048, 3072, 4096, 5120, 6144, 7168, 8192 with a 'cpu' of 1024, got 1024. " +
        'Change one of the two.',
    ],
    ['a table without name', { table: '' }, "'table' must have 1 to 127 bytes of UTF-8, got 0 in ''."],
    ['a table with a long name', { table: 'ä'.repeat(64) }, "'table' must have 1 to 127 bytes of UTF-8, got 128"],
    ['the load history as table', { table: 'ETL_load_history' }, "'table' must not be 'etl_load_history'"],
    ['a schema with NUL', { schema: 'a\0' }, "'schema' must not hold the character NUL"],
    [
      'a part of a rejected row',
      { maxRejectedRows: 0.5 },
      "'maxRejectedRows' must be a whole number from 0 to 100000, got 0.5.",
    ],
    ['more rejected rows than COPY can set aside', { maxRejectedRows: 100_001 }, 'got 100001.'],
    [
      'no time',
      { maxRuntime: Duration.seconds(10) },
      "'maxRuntime' must be whole seconds from 5 minutes to 1 day, got 10 seconds.",
    ],
    [
      'days',
      { maxRuntime: Duration.days(2) },
      "'maxRuntime' must be whole seconds from 5 minutes to 1 day, got 2 days.",
    ],
    [
      'a time from a token',
      { maxRuntime: Duration.seconds(Lazy.number({ produce: () => 600 })) },
      "'maxRuntime' must be known when the app is synthesized",
    ],
  ])('%s', (_, props, message) => {
    expect(make(props)).toThrow(message);
  });

  test('both a VPC and a cluster', () => {
    const stack = new Stack(new App(), 'Stack');
    expect(make({ cluster: new ecs.Cluster(stack, 'Cluster') })).toThrow("'vpc' and 'cluster' must not both be given");
  });

  test('an id that cannot be a name in states and keys', () => {
    expect(make({}, 'To Redshift')).toThrow('A-Z a-z 0-9 _ -');
  });

  test('a second pipeline', () => {
    const { stack, step } = stepStack();
    expect(() =>
      step.bind(new Construct(stack, 'Other'), { dataset: ORDERS, workBucket: new Bucket(stack, 'B') }),
    ).toThrow('Stack/ToRedshift is in a pipeline already');
  });

  test('a dataset without key', () => {
    const dataset = new Dataset({ name: 'log', format: DataFormat.csv(), columns: [Column.string('line')] });
    const stack = new Stack(new App(), 'Stack', { env: ENV });
    const step = new FargateRedshiftStep(stack, 'S', {
      warehouse: workgroup(stack, { copyRole: copyRole(stack) }),
      table: 't',
      vpc: new ec2.Vpc(stack, 'Vpc'),
    });
    expect(() => step.bind(stack, { dataset, workBucket: new Bucket(stack, 'B') })).toThrow(
      "dataset 'log' must have a 'key'",
    );
  });
});

test('two syntheses make one template', () => {
  expect(stepStack().template().toJSON()).toEqual(stepStack().template().toJSON());
});
