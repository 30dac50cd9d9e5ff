import { ArnFormat, type Stack } from 'aws-cdk-lib';
import type { ISecurityGroup } from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { REDSHIFT_PORT, type WarehouseConnection } from './contract';
import { validateWholeNumber } from '../validation';

/** Properties that all kinds of warehouses share. */
export interface RedshiftConnectionOptions {
  /** Name of the database. */
  readonly database: string;

  /**
   * The role that COPY uses to read the files. It must be associated with the warehouse (`IamRoles` of the namespace or
   * cluster), and its trust policy must let Redshift assume it. The step lets it read the
   * runs' input and the step's own folder in the pipeline's work bucket, and nothing else, unless it is an imported
   * role that must not be changed.
   */
  readonly copyRole: iam.IRole;

  /**
   * Security groups of the warehouse. Each gets a rule that lets the step's tasks in.
   *
   * @default - none: see to it yourself that the tasks can connect, `connections` of the step has their security group
   */
  readonly securityGroups?: ISecurityGroup[];
}

/** A workgroup of Redshift Serverless. */
export interface RedshiftServerlessOptions extends RedshiftConnectionOptions {
  /** Name of the workgroup. Its endpoint is asked of the service, and security groups are opened on port 5439. */
  readonly workgroupName: string;

  /** ARN of the workgroup: what the tasks may get the endpoint and temporary credentials of. */
  readonly workgroupArn: string;

  /**
   * A secret with the fields `username` and `password`, for instance the administrator's that a namespace manages.
   *
   * @default - temporary credentials by IAM, as the database user `IAMR:<name of the task role>`. A new user has no
   * rights: see `grantStatements` of the step
   */
  readonly secret?: ISecret;
}

/** A provisioned cluster. */
export interface RedshiftClusterOptions extends RedshiftConnectionOptions {
  /** Identifier of the cluster, in the account and region of the step. Its endpoint is asked of the service. */
  readonly clusterIdentifier: string;

  /**
   * Port of the cluster, 1 to 65535, on which `securityGroups` are opened.
   *
   * @default 5439, that of Redshift
   */
  readonly port?: number;

  /**
   * A secret with the fields `username` and `password`, for instance the one that the cluster manages for its
   * administrator.
   *
   * @default - temporary credentials by IAM (`GetClusterCredentialsWithIAM`), as the database user `IAMR:<name of the
   * task role>`. A new user has no rights: see `grantStatements` of the step
   */
  readonly secret?: ISecret;
}

/** A warehouse at a fixed endpoint. */
export interface RedshiftEndpointOptions extends RedshiftConnectionOptions {
  /** Host name, as its TLS certificate has it. */
  readonly host: string;

  /**
   * Port, 1 to 65535.
   *
   * @default 5439, that of Redshift
   */
  readonly port?: number;

  /** A secret with the fields `username` and `password`. */
  readonly secret: ISecret;
}

/**
 * The Redshift data warehouse that a step loads into.
 *
 * @example
 *
 * declare const copyRole: iam.IRole; // associated with the workgroup's namespace
 * RedshiftWarehouse.serverless({
 *   workgroupName: 'analytics',
 *   workgroupArn: 'arn:aws:redshift-serverless:eu-west-1:111122223333:workgroup/12345678-aaaa-bbbb-cccc-1234567890ab',
 *   database: 'dev',
 *   copyRole,
 * });
 */
export class RedshiftWarehouse {
  /**
   * A workgroup of Redshift Serverless.
   *
   * @throws Error if a name is empty
   */
  public static serverless(options: RedshiftServerlessOptions): RedshiftWarehouse {
    requireText('workgroupName', options.workgroupName);
    const actions = [
      'redshift-serverless:GetWorkgroup',
      ...(options.secret ? [] : ['redshift-serverless:GetCredentials']),
    ];
    return new RedshiftWarehouse(
      options,
      { workgroupName: options.workgroupName },
      REDSHIFT_PORT,
      options.secret,
      () => [{ actions, resources: [options.workgroupArn] }],
    );
  }

  /**
   * A provisioned cluster.
   *
   * @throws Error if a name is empty or the port is none
   */
  public static cluster(options: RedshiftClusterOptions): RedshiftWarehouse {
    const { clusterIdentifier, database, secret } = options;
    requireText('clusterIdentifier', clusterIdentifier);
    const port = validPort(options.port);
    // which resource each action knows: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonredshift.html
    const arn = (stack: Stack, resource: string, resourceName: string): string =>
      stack.formatArn({ service: 'redshift', resource, resourceName, arnFormat: ArnFormat.COLON_RESOURCE_NAME });
    return new RedshiftWarehouse(options, { clusterIdentifier }, port, secret, stack => [
      { actions: ['redshift:DescribeClusters'], resources: [arn(stack, 'cluster', clusterIdentifier)] },
      ...(secret
        ? []
        : [
            {
              actions: ['redshift:GetClusterCredentialsWithIAM'],
              resources: [arn(stack, 'dbname', `${clusterIdentifier}/${database}`)],
            },
          ]),
    ]);
  }

  /**
   * A warehouse that is known by host and port: for instance a VPC endpoint of another account's workgroup.
   *
   * @throws Error if a name is empty or the port is none
   */
  public static endpoint(options: RedshiftEndpointOptions): RedshiftWarehouse {
    requireText('host', options.host);
    const port = validPort(options.port);
    return new RedshiftWarehouse(options, { host: options.host, port }, port, options.secret, () => []);
  }

  private constructor(
    private readonly options: RedshiftConnectionOptions,
    private readonly address: Pick<WarehouseConnection, 'workgroupName' | 'clusterIdentifier' | 'host' | 'port'>,
    private readonly port: number,
    private readonly secret: ISecret | undefined,
    private readonly statements: (stack: Stack) => iam.PolicyStatementProps[],
  ) {
    requireText('database', options.database);
  }

  /** @internal */
  public get _copyRole(): iam.IRole {
    return this.options.copyRole;
  }

  /** @internal */
  public get _securityGroups(): ISecurityGroup[] {
    return this.options.securityGroups ?? [];
  }

  /**
   * Whether the loader logs in with temporary credentials.
   * @internal
   */
  public get _usesIam(): boolean {
    return this.secret === undefined;
  }

  /** @internal */
  public get _database(): string {
    return this.options.database;
  }

  /**
   * What the loader calls to find the warehouse and to log in, by the names of VPC endpoints.
   * @internal
   */
  public get _services(): string[] {
    const { workgroupName, clusterIdentifier } = this.address;
    return [
      ...(workgroupName ? ['redshift-serverless'] : []),
      ...(clusterIdentifier ? ['redshift'] : []),
      ...(this.secret ? ['secretsmanager'] : []),
    ];
  }

  /** @internal */
  public get _port(): number {
    return this.port;
  }

  /**
   * What the loader is told.
   * @internal
   */
  public _connection(region: string): WarehouseConnection {
    return {
      database: this.options.database,
      copyRoleArn: this.options.copyRole.roleArn,
      region,
      ...this.address,
      ...(this.secret && { secretArn: this.secret.secretArn }),
    };
  }

  /**
   * Lets the loader find the warehouse and log in.
   * @internal
   */
  public _grantConnect(stack: Stack, grantee: iam.IGrantable): void {
    this.secret?.grantRead(grantee);
    for (const statement of this.statements(stack)) {
      grantee.grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement(statement));
    }
  }
}

function requireText(name: string, value: string): void {
  if (value === '') throw new Error(`'${name}' must not be empty. Name the one to load into.`);
}

function validPort(port = REDSHIFT_PORT): number {
  validateWholeNumber("'port'", port, 1, 65535, `Redshift's own is ${REDSHIFT_PORT}.`);
  return port;
}
