import { Size, type Stack } from 'aws-cdk-lib';
import { Annotations, Match, type Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Cluster, ContainerImage, CpuArchitecture } from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { copyRole, stepStack, workgroup } from './step-stack';
import { FargateRedshiftStepProps, RedshiftWarehouse } from '../../src';
import { allStates, stateMachineDefinition } from '../state-machine-definition';

const launchArguments = (template: Template) =>
  allStates(stateMachineDefinition(template))['ToRedshift: Begin'].Assign.arguments;

const image = ContainerImage.fromRegistry('example.com/loader:1');
const WARNING = { path: '/Stack/ToRedshift/Task', endpoints: 'no endpoint that the app knows of for: ' };

describe('the processor', () => {
  const platform = (props: Partial<FargateRedshiftStepProps>) => {
    const built = jest.spyOn(ContainerImage, 'fromAsset');
    const template = stepStack(() => props).template();
    const [[, asset] = []] = built.mock.calls;
    built.mockRestore();
    const [definition] = Object.values(template.findResources('AWS::ECS::TaskDefinition'));
    return [definition.Properties.RuntimePlatform.CpuArchitecture, asset?.platform?.platform];
  };

  test.each<[string, Partial<FargateRedshiftStepProps>, unknown[]]>([
    ['is ARM for the loader of this library', {}, ['ARM64', 'linux/arm64']],
    ['is what is asked for', { cpuArchitecture: CpuArchitecture.X86_64 }, ['X86_64', 'linux/amd64']],
    ['is x86 for an image that nothing is known of', { image }, ['X86_64', undefined]],
    [
      'is ARM for an image of which that is said',
      { image, cpuArchitecture: CpuArchitecture.ARM64 },
      ['ARM64', undefined],
    ],
  ])('%s', (_, props, expected) => {
    expect(platform(props)).toEqual(expected);
  });
});

test.each([
  [256, '512'],
  [512, '1024'],
  [4096, '8192'],
  [16384, '32768'],
])('%d CPU units bring the least memory that Fargate has for them', (cpu, Memory) => {
  const template = stepStack(() => ({ cpu })).template();
  template.hasResourceProperties('AWS::ECS::TaskDefinition', { Cpu: String(cpu), Memory });
  expect(launchArguments(template).memoryLimitMiB).toBe(Number(Memory));
});

test('an image of the user can write to /tmp, and to nothing else, on a disk of the size that it needs', () => {
  stepStack(() => ({ image, ephemeralStorage: Size.gibibytes(100) }))
    .template()
    .hasResourceProperties('AWS::ECS::TaskDefinition', {
      EphemeralStorage: { SizeInGiB: 100 },
      Volumes: [{ Name: 'temporary' }],
      ContainerDefinitions: [
        Match.objectLike({
          ReadonlyRootFilesystem: true,
          MountPoints: [{ ContainerPath: '/tmp', SourceVolume: 'temporary', ReadOnly: false }],
        }),
      ],
    });
});

test.each<[string, Partial<FargateRedshiftStepProps>, string]>([
  ['a disk for nothing', { ephemeralStorage: Size.gibibytes(30) }, "Remove 'ephemeralStorage'."],
  [
    'a disk that is too small',
    { image, ephemeralStorage: Size.gibibytes(20) },
    "'ephemeralStorage' in GiB must be a whole number from 21 to 200, got 20.",
  ],
  ['a disk that is too large', { image, ephemeralStorage: Size.gibibytes(201) }, 'got 201.'],
  ['a part of a GiB', { image, ephemeralStorage: Size.mebibytes(30_000) }, 'got 29.296875.'],
])('refuses %s', (_, props, message) => {
  expect(() => stepStack(() => props)).toThrow(message);
});

describe('Spot', () => {
  test('is told to the launcher, and the cluster of the step has it', () => {
    const template = stepStack(() => ({ spot: true })).template();
    expect(launchArguments(template).spot).toBe(true);
    template.hasResourceProperties('AWS::ECS::ClusterCapacityProviderAssociations', {
      CapacityProviders: ['FARGATE', 'FARGATE_SPOT'],
    });
  });

  test('is given to a cluster of the app', () => {
    const template = stepStack(stack => ({
      spot: true,
      cluster: new Cluster(stack, 'Mine', { vpc: new ec2.Vpc(stack, 'Vpc') }),
    })).template();
    template.hasResourceProperties('AWS::ECS::ClusterCapacityProviderAssociations', {
      Cluster: { Ref: Match.stringLikeRegexp('^Mine') },
    });
  });

  test('is not used unless it is asked for', () => {
    const template = stepStack().template();
    expect(launchArguments(template)).not.toHaveProperty('spot');
    template.resourceCountIs('AWS::ECS::ClusterCapacityProviderAssociations', 0);
  });
});

test('security groups of the user are those of the tasks, and the warehouse lets each of them in', () => {
  const { step, template } = stepStack(stack => {
    const group = (id: string) => ec2.SecurityGroup.fromSecurityGroupId(stack, id, id);
    return {
      securityGroups: [group('sg-1'), group('sg-2')],
      warehouse: workgroup(stack, { securityGroups: [group('sg-warehouse')] }),
    };
  });
  const synthesized = template();
  expect(launchArguments(synthesized).securityGroups).toEqual(['sg-1', 'sg-2']);
  expect(step.connections.securityGroups.map(({ securityGroupId }) => securityGroupId)).toEqual(['sg-1', 'sg-2']);
  synthesized.resourceCountIs('AWS::EC2::SecurityGroup', 0);
  for (const SourceSecurityGroupId of ['sg-1', 'sg-2']) {
    synthesized.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      GroupId: 'sg-warehouse',
      SourceSecurityGroupId,
      FromPort: 5439,
    });
  }
});

describe('subnets without a way out', () => {
  const isolated = (stack: Stack) =>
    new ec2.Vpc(stack, 'Vpc', {
      maxAzs: 1,
      natGateways: 0,
      subnetConfiguration: [{ name: 'Isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }],
    });
  const warned = (stack: Stack) =>
    Annotations.fromStack(stack)
      .findWarning(WARNING.path, Match.anyValue())
      .map(({ entry }) => String(entry.data))
      .map(text => text.slice(text.indexOf(WARNING.endpoints) + WARNING.endpoints.length, text.indexOf('. Add')));

  test.each<[string, (stack: Stack) => RedshiftWarehouse, string]>([
    ['a workgroup', workgroup, 's3, ecr.api, ecr.dkr, logs, redshift-serverless'],
    [
      'a workgroup with a secret',
      stack => workgroup(stack, { secret: new secretsmanager.Secret(stack, 'Login') }),
      's3, ecr.api, ecr.dkr, logs, redshift-serverless, secretsmanager',
    ],
    [
      'a provisioned cluster',
      stack => RedshiftWarehouse.cluster({ clusterIdentifier: 'etl', database: 'dev', copyRole: copyRole(stack) }),
      's3, ecr.api, ecr.dkr, logs, redshift',
    ],
    [
      'an endpoint',
      stack =>
        RedshiftWarehouse.endpoint({
          host: 'h',
          database: 'dev',
          copyRole: copyRole(stack),
          secret: new secretsmanager.Secret(stack, 'Login'),
        }),
      's3, ecr.api, ecr.dkr, logs, secretsmanager',
    ],
  ])('need endpoints, which a warning names: for %s', (_, warehouse, services) => {
    const { stack } = stepStack(made => ({ vpc: isolated(made), warehouse: warehouse(made) }));
    expect(warned(stack)).toEqual([services]);
  });

  test('are not helped by the endpoints of another VPC', () => {
    const { stack } = stepStack(made => ({ vpc: isolated(made) }));
    new ec2.Vpc(stack, 'Other').addGatewayEndpoint('S3', { service: ec2.GatewayVpcEndpointAwsService.S3 });
    expect(warned(stack)).toEqual([expect.stringMatching(/^s3, /)]);
  });

  test('are fine with all endpoints, also if those are declared after the step', () => {
    let vpc: ec2.Vpc;
    const { stack } = stepStack(made => ({ vpc: (vpc = isolated(made)) }));
    vpc!.addGatewayEndpoint('S3', { service: ec2.GatewayVpcEndpointAwsService.S3 });
    const { ECR, ECR_DOCKER, CLOUDWATCH_LOGS, REDSHIFT_SERVERLESS } = ec2.InterfaceVpcEndpointAwsService;
    for (const service of [ECR, ECR_DOCKER, CLOUDWATCH_LOGS]) {
      vpc!.addInterfaceEndpoint(service.shortName, { service });
    }
    // one is left out, so that it is known that somebody looks
    expect(warned(stepStack(made => ({ vpc: isolated(made) })).stack)).toHaveLength(1);
    vpc!.addInterfaceEndpoint('Redshift', { service: REDSHIFT_SERVERLESS });
    expect(warned(stack)).toEqual([]);
  });
});

describe('the grants of a login by IAM', () => {
  test('are SQL that an administrator can run, for the user of the task role', () => {
    const { step, stack } = stepStack(made => ({ taskRole: iam.Role.fromRoleName(made, 'Role', 'Loader') }));
    expect(stack.resolve(step.grantStatements).split('\n')).toEqual([
      'CREATE USER "IAMR:Loader" PASSWORD DISABLE; -- unless it has logged in before',
      'CREATE SCHEMA IF NOT EXISTS "analytics";',
      'GRANT CREATE, TEMP ON DATABASE "dev" TO "IAMR:Loader";',
      'GRANT USAGE, CREATE ON SCHEMA "analytics" TO "IAMR:Loader";',
      'GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE "analytics"."orders", "analytics"."etl_load_history" TO ' +
        '"IAMR:Loader"; -- for those that are there already',
    ]);
  });

  test('can be an output of the stack', () => {
    const { step, stack } = stepStack();
    expect(JSON.stringify(stack.resolve(step.grantStatements))).toMatch(/"Ref":"ToRedshiftTaskDefinitionTaskRole/);
  });

  test('are not needed with a secret', () => {
    const { step } = stepStack(made => ({
      warehouse: workgroup(made, { secret: new secretsmanager.Secret(made, 'Login') }),
    }));
    expect(step.grantStatements).toBeUndefined();
  });
});
