import { Stack, Token } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { CfnApplication } from 'aws-cdk-lib/aws-emrserverless';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct, IDependable } from 'constructs';
import { SERVERLESS_TASK } from './contract';
import { grantTable } from './emr-roles';
import { grantServerless } from './function-role';
import type { ServerlessOptions } from './serverless-options';
import type { StepClusters, StepClustersBindOptions } from './step-clusters';

/** GB of memory for each virtual CPU, at most: what a task takes, and what the driver may. */
const MEMORY_GB_PER_VCPU = 4;

/** Largest disk of a worker without options, in GB. */
const DISK_GB_PER_VCPU = 10;

/** EMR Serverless, with an application of the step's own or of the user's. */
export class ServerlessApplication implements StepClusters {
  public readonly engine = 'tez';
  public readonly areKept = false; // an idle application has no workers
  public readonly securityGroups: ec2.ISecurityGroup[] = [];
  public readonly dependencies: IDependable[] = [];
  public readonly instanceRole: iam.Role;
  private readonly applicationId: string;
  private readonly applicationArn: string;

  constructor(
    scope: Construct,
    private readonly options: ServerlessOptions,
    table: ITable,
  ) {
    const stack = Stack.of(scope);
    const arnOf = (id: string) =>
      stack.formatArn({ service: 'emr-serverless', resource: '/applications', resourceName: id });
    this.applicationId = options.options.applicationId ?? this.createApplication(scope).attrApplicationId;
    this.applicationArn = arnOf(this.applicationId);
    this.instanceRole = new iam.Role(scope, 'JobRole', {
      description: `Loads of ${scope.node.path} on EMR Serverless`,
      assumedBy: new iam.ServicePrincipal('emr-serverless.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': stack.account },
          ArnLike: { 'aws:SourceArn': this.applicationArn },
        },
      }),
    });
    grantTable(this.instanceRole, table);
  }

  public grantLoads(functionRole: iam.Role): void {
    grantServerless(functionRole, this.applicationArn, this.instanceRole);
  }

  public bind({ maxRuntime }: StepClustersBindOptions) {
    const { maxVcpus } = this.options;
    const vcpus = Token.isUnresolved(maxVcpus) ? SERVERLESS_TASK.vcpus * 2 : maxVcpus;
    return {
      workers: 1,
      serverless: {
        applicationId: this.applicationId,
        roleArn: this.instanceRole.roleArn,
        // the driver takes as much as a task
        tasks: Math.floor((vcpus - SERVERLESS_TASK.vcpus) / SERVERLESS_TASK.vcpus),
        timeoutMinutes: Math.ceil(maxRuntime.toMinutes({ integral: false })),
      },
    };
  }

  private createApplication(scope: Construct): CfnApplication {
    const { releaseLabel, maxVcpus, idleTimeout } = this.options;
    return new CfnApplication(scope, 'Application', {
      type: 'Hive',
      releaseLabel,
      architecture: 'ARM64', // Hive and the connector are Java: the same for about a fifth less money
      autoStartConfiguration: { enabled: true },
      autoStopConfiguration: {
        enabled: true,
        idleTimeoutMinutes: Math.ceil(idleTimeout.toMinutes({ integral: false })),
      },
      maximumCapacity: {
        cpu: `${maxVcpus} vCPU`,
        memory: `${maxVcpus * MEMORY_GB_PER_VCPU} GB`,
        disk: `${maxVcpus * DISK_GB_PER_VCPU} GB`,
      },
      networkConfiguration: this.createNetwork(scope),
    });
  }

  private createNetwork(scope: Construct): CfnApplication.NetworkConfigurationProperty | undefined {
    const { vpc, vpcSubnets } = this.options.options;
    if (!vpc) return undefined;
    const { subnetIds, hasPublic } = vpc.selectSubnets(vpcSubnets);
    if (subnetIds.length === 0 || hasPublic) {
      throw new Error(
        `'vpcSubnets' must select private subnets of the VPC ${vpc.node.path}, got ` +
          `${hasPublic ? 'public ones' : 'none'}: EMR Serverless ` +
          'gives its workers no public address. Select others, or leave it out.',
      );
    }
    const group = new ec2.SecurityGroup(scope, 'Workers', { vpc, description: 'Workers of EMR Serverless' });
    this.securityGroups.push(group);
    this.dependencies.push(vpc);
    return { subnetIds, securityGroupIds: [group.securityGroupId] };
  }
}
