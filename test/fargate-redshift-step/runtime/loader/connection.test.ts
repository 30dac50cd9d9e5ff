import { DescribeClustersCommand, GetClusterCredentialsWithIAMCommand, RedshiftClient } from '@aws-sdk/client-redshift';
import {
  GetCredentialsCommand,
  GetWorkgroupCommand,
  RedshiftServerlessClient,
} from '@aws-sdk/client-redshift-serverless';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { connectionTo } from '../../../../src/fargate-redshift-step/runtime/loader/connection';

const serverless = mockClient(RedshiftServerlessClient);
const redshift = mockClient(RedshiftClient);
const secrets = mockClient(SecretsManagerClient);
const warehouse = { database: 'dev', copyRoleArn: 'arn:aws:iam::123456789012:role/copy', region: 'eu-west-1' };
const secretArn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:warehouse-AbCdEf';

beforeEach(() => {
  serverless.reset();
  redshift.reset();
  secrets.reset();
  serverless.rejects(new Error('unexpected call'));
  redshift.rejects(new Error('unexpected call'));
  secrets.rejects(new Error('unexpected call'));
});

test('asks the workgroup for its endpoint and for temporary credentials', async () => {
  serverless.on(GetWorkgroupCommand, { workgroupName: 'etl' }).resolves({
    workgroup: { endpoint: { address: 'etl.123.eu-west-1.redshift-serverless.amazonaws.com', port: 5440 } },
  });
  // a dbName would have to be among the policy's resources, and the match is strict
  serverless
    .on(GetCredentialsCommand, { workgroupName: 'etl' }, true)
    .resolves({ dbUser: 'IAMR:loader', dbPassword: 'temporary' });
  expect(await connectionTo({ ...warehouse, workgroupName: 'etl' })).toMatchObject({
    host: 'etl.123.eu-west-1.redshift-serverless.amazonaws.com',
    port: 5440,
    user: 'IAMR:loader',
    password: 'temporary',
    database: 'dev',
    ssl: { rejectUnauthorized: true },
    keepAlive: true,
    keepAliveInitialDelayMillis: 60_000,
  });
});

test("takes user and password from the secret, and Redshift's port by default", async () => {
  secrets
    .on(GetSecretValueCommand, { SecretId: secretArn })
    .resolves({ SecretString: '{"username":"etl","password":"p","engine":"redshift"}' });
  expect(await connectionTo({ ...warehouse, host: 'warehouse.example.com', secretArn })).toMatchObject({
    host: 'warehouse.example.com',
    port: 5439,
    user: 'etl',
    password: 'p',
  });
});

test('a workgroup with a secret is logged in to with the secret', async () => {
  serverless.on(GetWorkgroupCommand).resolves({ workgroup: { endpoint: { address: 'etl.example.com' } } });
  secrets.on(GetSecretValueCommand).resolves({ SecretString: '{"username":"etl","password":"p"}' });
  expect(await connectionTo({ ...warehouse, workgroupName: 'etl', secretArn })).toMatchObject({
    host: 'etl.example.com',
    port: 5439,
    user: 'etl',
  });
});

test.each(['no JSON: hunter2', '{"user":"etl","password":"hunter2"}', '{"username":"etl","password":5}', 'null'])(
  'a secret of another shape is Etl.Configuration, and not shown: %s',
  async SecretString => {
    secrets.on(GetSecretValueCommand).resolves({ SecretString });
    const connecting = connectionTo({ ...warehouse, host: 'warehouse.example.com', secretArn });
    await expect(connecting).rejects.toMatchObject({
      name: 'Etl.Configuration',
      message: expect.stringContaining(`${secretArn} must be a JSON object with the texts 'username'`),
    });
    await expect(connecting).rejects.toMatchObject({ message: expect.not.stringContaining('hunter2') });
  },
);

test('a workgroup without an endpoint is Etl.Configuration', async () => {
  serverless.on(GetWorkgroupCommand).resolves({ workgroup: { status: 'CREATING' } });
  serverless.on(GetCredentialsCommand).resolves({ dbUser: 'u', dbPassword: 'p' });
  await expect(connectionTo({ ...warehouse, workgroupName: 'etl' })).rejects.toMatchObject({
    name: 'Etl.Configuration',
    message: expect.stringContaining('CREATING'),
  });
});

test('a warehouse without host and workgroup, or a host without secret, is Etl.Configuration', async () => {
  secrets.on(GetSecretValueCommand).resolves({ SecretString: '{"username":"etl","password":"p"}' });
  await expect(connectionTo({ ...warehouse, secretArn })).rejects.toMatchObject({
    name: 'Etl.Configuration',
    message: expect.stringContaining('none of them'),
  });
  await expect(connectionTo({ ...warehouse, host: 'h' })).rejects.toMatchObject({
    name: 'Etl.Configuration',
    message: expect.stringContaining('needs a secret'),
  });
});

describe('a provisioned cluster', () => {
  const address = { Address: 'etl.abc.eu-west-1.redshift.amazonaws.com', Port: 5440 };
  const cluster = (ClusterStatus: string, Endpoint?: object) =>
    redshift
      .on(DescribeClustersCommand, { ClusterIdentifier: 'etl' })
      .resolves({ Clusters: [{ ClusterStatus, Endpoint }] });

  test('is asked for its endpoint, and for temporary credentials for the database that the policy allows', async () => {
    cluster('available', address);
    redshift
      .on(GetClusterCredentialsWithIAMCommand, { ClusterIdentifier: 'etl', DbName: 'dev' }, true)
      .resolves({ DbUser: 'IAMR:loader', DbPassword: 'temporary' });
    expect(await connectionTo({ ...warehouse, clusterIdentifier: 'etl' })).toMatchObject({
      host: address.Address,
      port: 5440,
      user: 'IAMR:loader',
      password: 'temporary',
      database: 'dev',
      ssl: { rejectUnauthorized: true },
    });
  });

  test('with a secret is logged in to with the secret', async () => {
    cluster('modifying', { Address: address.Address });
    secrets.on(GetSecretValueCommand).resolves({ SecretString: '{"username":"etl","password":"p"}' });
    expect(await connectionTo({ ...warehouse, clusterIdentifier: 'etl', secretArn })).toMatchObject({
      host: address.Address,
      port: 5439,
      user: 'etl',
    });
  });

  test.each([
    ['paused', address, "cluster 'etl' is paused. Resume it"],
    ['creating', undefined, 'its status is creating'],
  ])('that is %s is Etl.Configuration', async (status, endpoint, message) => {
    cluster(status, endpoint);
    redshift.on(GetClusterCredentialsWithIAMCommand).resolves({ DbUser: 'u', DbPassword: 'p' });
    await expect(connectionTo({ ...warehouse, clusterIdentifier: 'etl' })).rejects.toMatchObject({
      name: 'Etl.Configuration',
      message: expect.stringContaining(message),
    });
  });
});
