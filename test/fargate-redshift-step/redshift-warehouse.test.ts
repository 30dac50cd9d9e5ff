import { App, Stack } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { copyRole, statementsOf, stepStack, workgroup } from './step-stack';
import { RedshiftEndpointOptions, RedshiftWarehouse } from '../../src';
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
    told: allStates(stateMachineDefinition(template))['ToRedshift: Launch'].Arguments.Payload.arguments.load.warehouse,
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

test.each([0, 65536, 1.5])('refuses the port %p', port => {
  expect(() => endpoint(new Stack(new App()), { port })).toThrow(
    `'port' must be a whole number from 1 to 65535, got ${port}.`,
  );
});

test.each(['host', 'database'])('refuses an empty %s', name => {
  expect(() => endpoint(new Stack(new App()), { [name]: '' })).toThrow(`'${name}' must not be empty.`);
});
