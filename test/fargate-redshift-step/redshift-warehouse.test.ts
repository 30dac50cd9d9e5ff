import { App, Stack } from 'aws-cdk-lib';
import type { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { copyRole, statementsOf, stepStack, workgroup } from './step-stack';
import { RedshiftClusterOptions, RedshiftEndpointOptions, RedshiftWarehouse } from '../../src';
import { allStates, stateMachineDefinition } from '../state-machine-definition';

function endpoint(stack: Stack, more: Partial<RedshiftEndpointOptions> = {}): RedshiftWarehouse {
  return RedshiftWarehouse.endpoint({
    host: 'warehouse.example.com',
    database: 'dev',
    copyRole: copyRole(stack),
    secret: secretsmanager.Secret.fromSecretNameV2(stack, 'Login', 'login'),
    ...more,
  });
}

const connection = (warehouse: (stack: Stack) => RedshiftWarehouse) => {
  const template = stepStack(stack => ({ warehouse: warehouse(stack) })).template();
  return {
    template,
    told: allStates(stateMachineDefinition(template))['ToRedshift: Begin'].Assign.arguments.load.warehouse,
  };
};

test('an endpoint is host, port and secret', () => {
  const { template, told } = connection(stack => endpoint(stack, { port: 5440 }));
  expect(told).toEqual({
    database: 'dev',
    copyRoleArn: expect.stringContaining('Copy'),
    region: 'eu-west-1',
    host: 'warehouse.example.com',
    port: 5440,
    secretArn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:login',
  });
  expect(JSON.stringify(statementsOf(template, 'ToRedshiftTaskDefinitionTaskRole'))).not.toContain(
    'redshift-serverless',
  );
});

test('the port of an endpoint is that of Redshift if nothing else is said', () => {
  expect(connection(endpoint).told.port).toBe(5439);
});

test('a workgroup is its name, and a secret only if there is one', () => {
  expect(connection(workgroup).told).toEqual({
    database: 'dev',
    copyRoleArn: expect.any(String),
    region: 'eu-west-1',
    workgroupName: 'wg',
  });
  const { told } = connection(stack => workgroup(stack, { secret: new secretsmanager.Secret(stack, 'Login') }));
  expect(told.secretArn).toMatch(/^\$\{Login/);
});

describe('a provisioned cluster', () => {
  const cluster = (stack: Stack, more: Partial<RedshiftClusterOptions> = {}) =>
    RedshiftWarehouse.cluster({ clusterIdentifier: 'etl', database: 'dev', copyRole: copyRole(stack), ...more });
  const arn = (resource: string) => ({
    'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:redshift:eu-west-1:123456789012:${resource}`]],
  });
  const redshiftStatements = (template: Template) =>
    statementsOf(template, 'ToRedshiftTaskDefinitionTaskRole').filter(({ Action }) =>
      String(Action).startsWith('redshift'),
    );

  test('is its identifier, and the task may find it and log in to this one database', () => {
    const { template, told } = connection(cluster);
    expect(told).toEqual({
      database: 'dev',
      copyRoleArn: expect.any(String),
      region: 'eu-west-1',
      clusterIdentifier: 'etl',
    });
    expect(redshiftStatements(template)).toEqual([
      { Effect: 'Allow', Action: 'redshift:DescribeClusters', Resource: arn('cluster:etl') },
      { Effect: 'Allow', Action: 'redshift:GetClusterCredentialsWithIAM', Resource: arn('dbname:etl/dev') },
    ]);
  });

  test('with a secret gives no credentials by IAM', () => {
    const { template, told } = connection(stack =>
      cluster(stack, { secret: new secretsmanager.Secret(stack, 'Login') }),
    );
    expect(told.secretArn).toMatch(/^\$\{Login/);
    expect(redshiftStatements(template).map(({ Action }) => Action)).toEqual(['redshift:DescribeClusters']);
  });

  test('lets the tasks in on its own port', () => {
    const { template } = connection(stack =>
      cluster(stack, {
        port: 5440,
        securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Warehouse', 'sg-1')],
      }),
    );
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', { GroupId: 'sg-1', FromPort: 5440, ToPort: 5440 });
  });

  test.each([
    [{ clusterIdentifier: '' }, "'clusterIdentifier' must not be empty."],
    [{ port: 0 }, "'port' must be a whole number from 1 to 65535, got 0."],
  ])('refuses %p', (more, message) => {
    expect(() => cluster(new Stack(new App()), more)).toThrow(message);
  });
});

test.each([0, 65536, 1.5])('refuses the port %p', port => {
  expect(() => endpoint(new Stack(new App()), { port })).toThrow(
    `'port' must be a whole number from 1 to 65535, got ${port}.`,
  );
});

test.each(['host', 'database'])('refuses an empty %s', name => {
  expect(() => endpoint(new Stack(new App()), { [name]: '' })).toThrow(`'${name}' must not be empty.`);
});
