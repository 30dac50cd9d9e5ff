import {
  GetCredentialsCommand,
  GetWorkgroupCommand,
  RedshiftServerlessClient,
} from '@aws-sdk/client-redshift-serverless';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { ClientConfig } from 'pg';
import { clusterCredentials, clusterEndpoint } from './cluster-login';
import { ConfigurationError } from '../../../runtime/errors';
import { REDSHIFT_PORT, type WarehouseConnection } from '../../contract';

/** A paused workgroup takes its time to wake up. */
const CONNECT_TIMEOUT_MILLISECONDS = 120_000;

/**
 * When nothing comes the network is asked whether the warehouse is still there. A COPY may say nothing for longer than
 * a NAT gateway or a security group remembers an idle connection (350 s), and the default of the socket is two hours.
 */
const KEEP_ALIVE_MILLISECONDS = 60_000;

export interface WarehouseLogin extends ClientConfig {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/**
 * Where the warehouse is and who the loader is there. Asked anew for each connection: passwords of IAM logins live 15
 * minutes.
 */
export async function connectionTo(warehouse: WarehouseConnection): Promise<WarehouseLogin> {
  const [endpoint, credentials] = await Promise.all([endpointOf(warehouse), credentialsFor(warehouse)]);
  return {
    ...endpoint,
    ...credentials,
    database: warehouse.database,
    application_name: 'cdk-etl-steps',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MILLISECONDS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MILLISECONDS,
    // The certificate must be valid for the host (what libpq calls verify-full). Redshift's are signed by Amazon's
    // roots, which are among those that Node trusts by itself; for others there is NODE_EXTRA_CA_CERTS.
    ssl: { rejectUnauthorized: true },
  };
}

async function endpointOf(warehouse: WarehouseConnection): Promise<{ host: string; port: number }> {
  const { host, port, clusterIdentifier, workgroupName } = warehouse;
  if (host) return { host, port: port ?? REDSHIFT_PORT };
  if (clusterIdentifier) return clusterEndpoint(clusterIdentifier);
  if (!workgroupName) {
    throw new ConfigurationError(
      'The warehouse must have a host, a clusterIdentifier or a workgroupName; it has none of them.',
    );
  }
  const { workgroup } = await new RedshiftServerlessClient({}).send(new GetWorkgroupCommand({ workgroupName }));
  const endpoint = workgroup?.endpoint;
  if (!endpoint?.address) {
    throw new ConfigurationError(
      `The Redshift Serverless workgroup '${workgroupName}' has no endpoint yet; its status is ${workgroup?.status}. ` +
        'Wait until it is AVAILABLE.',
    );
  }
  return { host: endpoint.address, port: endpoint.port ?? REDSHIFT_PORT };
}

async function credentialsFor(warehouse: WarehouseConnection): Promise<{ user: string; password: string }> {
  const { secretArn, clusterIdentifier, workgroupName, database } = warehouse;
  if (secretArn) return readSecret(secretArn);
  if (clusterIdentifier) return clusterCredentials(clusterIdentifier, database);
  if (!workgroupName) {
    throw new ConfigurationError(
      'A warehouse that is known by its host needs a secret with username and password; it has none.',
    );
  }
  // with a dbName the policy would have to allow that database as a resource, too:
  // https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/API_GetCredentials.html
  const { dbUser, dbPassword } = await new RedshiftServerlessClient({}).send(
    new GetCredentialsCommand({ workgroupName }),
  );
  return { user: dbUser!, password: dbPassword! };
}

async function readSecret(secretArn: string): Promise<{ user: string; password: string }> {
  const { SecretString } = await new SecretsManagerClient({}).send(new GetSecretValueCommand({ SecretId: secretArn }));
  let secret: { username?: unknown; password?: unknown } | undefined;
  try {
    secret = JSON.parse(SecretString ?? '');
  } catch {
    // what is wrong is said below, without a word of the secret
  }
  if (typeof secret?.username !== 'string' || typeof secret.password !== 'string') {
    throw new ConfigurationError(
      `The secret ${secretArn} must be a JSON object with the texts 'username' and 'password', and it is not.`,
    );
  }
  return { user: secret.username, password: secret.password };
}
