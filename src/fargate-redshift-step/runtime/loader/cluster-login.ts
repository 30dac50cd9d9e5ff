import { DescribeClustersCommand, GetClusterCredentialsWithIAMCommand, RedshiftClient } from '@aws-sdk/client-redshift';
import { ConfigurationError } from '../../../runtime/errors';
import { REDSHIFT_PORT } from '../../contract';

// What a provisioned cluster has to be asked for; a workgroup of Redshift Serverless is asked elsewhere.

/** Where the cluster is. */
export async function clusterEndpoint(ClusterIdentifier: string): Promise<{ host: string; port: number }> {
  const { Clusters = [] } = await new RedshiftClient({}).send(new DescribeClustersCommand({ ClusterIdentifier }));
  const { Endpoint, ClusterStatus } = Clusters[0] ?? {};
  if (ClusterStatus === 'paused' || ClusterStatus === 'pausing') {
    throw new ConfigurationError(
      `The Redshift cluster '${ClusterIdentifier}' is ${ClusterStatus}. Resume it, or let it run while files arrive.`,
    );
  }
  if (!Endpoint?.Address) {
    throw new ConfigurationError(
      `The Redshift cluster '${ClusterIdentifier}' has no endpoint; its status is ${ClusterStatus}. Wait until it is available.`,
    );
  }
  return { host: Endpoint.Address, port: Endpoint.Port ?? REDSHIFT_PORT };
}

/**
 * A login as the database user of the task's role, `IAMR:<role>`, which the cluster makes at the first login. The
 * password lives 15 minutes.
 *
 * @param DbName the one resource that the task's policy allows:
 * https://docs.aws.amazon.com/redshift/latest/APIReference/API_GetClusterCredentialsWithIAM.html
 */
export async function clusterCredentials(
  ClusterIdentifier: string,
  DbName: string,
): Promise<{ user: string; password: string }> {
  const { DbUser, DbPassword } = await new RedshiftClient({}).send(
    new GetClusterCredentialsWithIAMCommand({ ClusterIdentifier, DbName }),
  );
  return { user: DbUser!, password: DbPassword! };
}
