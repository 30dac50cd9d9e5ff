import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { ISecurityGroup } from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct, IDependable } from 'constructs';
import { keptClusterFolder, keptClusterLogs } from './contract';
import { clusterRequest } from './emr-cluster-request';
import type { InstanceFleets } from './emr-instance-fleets';
import { EmrNetwork } from './emr-network';
import { createInstanceRole, createServiceRole, grantLogs } from './emr-roles';
import { createDiskKey, createSecurityConfiguration } from './emr-security';
import { grantClusters, grantSteps } from './function-role';
import type { StepClusters, StepClustersBindOptions } from './step-clusters';

/** Clusters of the step's own, with everything that they need. */
export class FleetClusters implements StepClusters {
  public readonly engine = 'mr';
  public readonly securityGroups: ISecurityGroup[];
  public readonly instanceRole: iam.Role;
  public readonly areKept: boolean;
  public readonly dependencies: IDependable[];
  private readonly network: EmrNetwork;
  private readonly instanceProfile: iam.InstanceProfile;
  private readonly serviceRole: iam.Role;

  constructor(
    private readonly scope: Construct,
    private readonly fleets: InstanceFleets,
    table: ITable,
    private readonly tagValue: string,
  ) {
    this.network = new EmrNetwork(scope, 'Network', fleets.options);
    this.areKept = fleets.options.idleTimeout !== undefined;
    this.dependencies = [this.network.vpc];
    this.securityGroups = [this.network.primary, this.network.core];
    this.instanceRole = createInstanceRole(scope, table);
    // EMR takes a profile for the role of the same name:
    // https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-iam-roles-custom.html
    this.instanceProfile = new iam.InstanceProfile(scope, 'InstanceProfile', {
      role: this.instanceRole,
      instanceProfileName: this.instanceRole.roleName,
    });
    this.serviceRole = createServiceRole(scope, {
      network: this.network,
      securityGroups: fleets.options.securityGroups ?? [],
      instanceRole: this.instanceRole,
      tagValue,
    });
  }

  public grantLoads(functionRole: iam.Role): void {
    grantClusters(functionRole, {
      serviceRole: this.serviceRole,
      instanceRole: this.instanceRole,
      tagValue: this.tagValue,
    });
    if (this.fleets.options.idleTimeout) grantSteps(functionRole, this.tagValue);
  }

  public bind({ stepId, workBucket, functionRole, tags }: StepClustersBindOptions) {
    const { fleets } = this;
    const { logBucket, idleTimeout, securityConfigurationName } = fleets.options;
    if (logBucket) grantLogs(this.instanceRole, functionRole, logBucket, fleets.logPrefix);
    if (idleTimeout) this.grantKeptCluster(functionRole, workBucket, stepId);
    const keptLogs = idleTimeout && `s3://${workBucket.bucketName}/${keptClusterLogs(stepId)}`;
    return {
      workers: fleets.onDemandCapacity + fleets.spotCapacity,
      cluster: clusterRequest(fleets, {
        serviceRole: this.serviceRole.roleName,
        instanceProfile: this.instanceProfile.instanceProfileName,
        securityConfiguration: securityConfigurationName ?? this.createSecurityConfiguration(workBucket),
        subnetIds: this.network.subnetIds,
        primarySecurityGroup: this.network.primary.securityGroupId,
        coreSecurityGroup: this.network.core.securityGroupId,
        serviceAccessSecurityGroup: this.network.serviceAccess?.securityGroupId,
        tags,
        logs: logBucket ? `s3://${logBucket.bucketName}/${fleets.logPrefix}/` : keptLogs,
      }),
      ...(idleTimeout && { kept: { maxAgeSeconds: fleets.maxClusterAge.toSeconds() } }),
    };
  }

  private createSecurityConfiguration(workBucket: IBucket): string {
    return createSecurityConfiguration(
      this.scope,
      createDiskKey(this.scope, this.serviceRole, this.instanceRole),
      workBucket,
    ).ref;
  }

  private grantKeptCluster(functionRole: iam.Role, workBucket: IBucket, stepId: string): void {
    functionRole.addToPolicy(
      new iam.PolicyStatement({
        sid: 'UseKeptCluster', // the record of it, and its logs
        actions: ['s3:GetObject', 's3:PutObject'],
        resources: [workBucket.arnForObjects(`${keptClusterFolder(stepId)}*`)],
      }),
    );
    this.instanceRole.addToPolicy(
      new iam.PolicyStatement({
        sid: 'WriteKeptClusterLogs',
        actions: ['s3:PutObject'],
        resources: [workBucket.arnForObjects(`${keptClusterLogs(stepId)}*`)],
      }),
    );
  }
}
