import { CfnOutput, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { CfnNamespace, CfnWorkgroup } from 'aws-cdk-lib/aws-redshiftserverless';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge';
import { dataRemovalPolicy } from './removal-policy';
import { RedshiftWarehouse } from 'cdk-etl-steps';

const NAME = 'orders';

export interface OrdersWarehouseProps {
  readonly vpc: ec2.IVpc;
}

/**
 * The warehouse that the context names (`-c warehouseHost=… -c warehousePort=… -c warehouseDatabase=… -c
 * warehouseSecretArn=…`), or else a workgroup of Redshift Serverless.
 */
export class OrdersWarehouse extends Construct {
  public readonly connection: RedshiftWarehouse;
  private readonly copyRole: iam.Role;

  constructor(scope: Construct, id: string, { vpc }: OrdersWarehouseProps) {
    super(scope, id);
    this.copyRole = new iam.Role(this, 'CopyRole', {
      description: 'Redshift reads the staged files with it',
      assumedBy: new iam.CompositePrincipal(
        new iam.ServicePrincipal('redshift.amazonaws.com'),
        new iam.ServicePrincipal('redshift-serverless.amazonaws.com'),
      ),
    });
    new CfnOutput(Stack.of(this), 'CopyRoleArn', {
      value: this.copyRole.roleArn,
      description: 'Must be associated with the warehouse',
    });
    const host: string | undefined = this.node.tryGetContext('warehouseHost');
    this.connection = host ? this.namedEndpoint(host) : this.createWorkgroup(vpc);
  }

  /** Associate the copy role with the warehouse, and let the VPC in, yourself. */
  private namedEndpoint(host: string): RedshiftWarehouse {
    const port = this.node.tryGetContext('warehousePort');
    return RedshiftWarehouse.endpoint({
      host,
      port: port && Number(port),
      database: this.required('warehouseDatabase'),
      copyRole: this.copyRole,
      secret: secretsmanager.Secret.fromSecretCompleteArn(this, 'Login', this.required('warehouseSecretArn')),
    });
  }

  private createWorkgroup(vpc: ec2.IVpc): RedshiftWarehouse {
    const removalPolicy = dataRemovalPolicy(this);
    // Redshift could manage this secret itself, but CloudFormation does not tell its ARN:
    // https://github.com/aws/aws-cdk/issues/29930
    const login = new secretsmanager.Secret(this, 'Login', {
      description: `Administrator of the namespace '${NAME}'`,
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ username: 'etl' }),
        generateStringKey: 'password',
        passwordLength: 64,
        excludePunctuation: true,
      },
      removalPolicy,
    });
    acknowledge(
      login,
      'AwsSolutions-SMG4',
      'CloudFormation gives the namespace its password from here: a new one needs a deployment.',
    );
    new CfnOutput(Stack.of(this), 'WarehouseSecretArn', {
      value: login.secretArn,
      description: 'The administrator of Redshift',
    });
    const namespace = new CfnNamespace(this, 'Namespace', {
      namespaceName: NAME,
      dbName: NAME,
      // a reference that CloudFormation resolves: the template holds no secret
      adminUsername: login.secretValueFromJson('username').unsafeUnwrap(),
      adminUserPassword: login.secretValueFromJson('password').unsafeUnwrap(),
      iamRoles: [this.copyRole.roleArn],
      logExports: ['userlog', 'connectionlog', 'useractivitylog'],
    });
    namespace.applyRemovalPolicy(removalPolicy);
    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'Redshift Serverless of the orders',
    });
    const workgroup = new CfnWorkgroup(this, 'Workgroup', {
      workgroupName: NAME,
      namespaceName: namespace.namespaceName,
      baseCapacity: 8, // the least
      subnetIds: vpc.privateSubnets.map(subnet => subnet.subnetId),
      securityGroupIds: [securityGroup.securityGroupId],
      publiclyAccessible: false,
      enhancedVpcRouting: true, // COPY reads S3 through the endpoint of the VPC
      configParameters: [{ parameterKey: 'require_ssl', parameterValue: 'true' }],
    });
    workgroup.addDependency(namespace);
    return RedshiftWarehouse.serverless({
      workgroupName: NAME,
      workgroupArn: workgroup.attrWorkgroupWorkgroupArn,
      database: NAME,
      copyRole: this.copyRole,
      secret: login,
      securityGroups: [securityGroup],
    });
  }

  private required(context: string): string {
    const value = this.node.tryGetContext(context);
    if (!value) {
      throw new Error(
        `With 'warehouseHost' the context must have '${context}', and it has none. Add -c ${context}=… (stack ` +
          `${Stack.of(this).stackName}).`,
      );
    }
    return value;
  }
}
