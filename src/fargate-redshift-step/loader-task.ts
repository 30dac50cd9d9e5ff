import { Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { inputFolder, stagedFilesKey, stepFolder } from '../etl-step/contract';
import { createLogGroup, type EtlFunctionOptions } from '../function-options';
import type { FargateRedshiftArguments } from './contract';
import { leastMemory, validateFargateSize } from './fargate-size';
import type { FargateTaskOptions } from './fargate-task-options';
import type { RedshiftWarehouse } from './redshift-warehouse';
import { createTaskDefinition } from './task-definition';
import { warnAboutSubnets } from './task-subnets';

/**
 * A run has at most 512 MiB of files by default, some 2.1 GB of text if they are gzip, and the loader's pass takes a
 * CPU second for 200 MB of it: 11 seconds with one vCPU, well within the minute that Fargate charges at least. Half a
 * vCPU would take twice as long and save 0.03 cents a minute (docs/capacity-redshift.md).
 */
const DEFAULT_CPU = 1024;

export interface LoaderTaskProps extends FargateTaskOptions, Pick<EtlFunctionOptions, 'logRetention'> {
  readonly warehouse: RedshiftWarehouse;
}

/** Image, size and network of the loader's task. */
export class LoaderTask extends Construct {
  public readonly vpc: ec2.IVpc;
  public readonly cluster: ecs.ICluster;
  public readonly definition: ecs.FargateTaskDefinition;
  public readonly connections: ec2.Connections;
  private readonly logGroup: logs.LogGroup;
  private readonly subnets: ec2.SelectedSubnets;
  private readonly memoryLimitMiB: number;
  private readonly spot: boolean;

  constructor(scope: Construct, id: string, props: LoaderTaskProps) {
    super(scope, id);
    const { warehouse, cpu = DEFAULT_CPU, spot = false } = props;
    this.memoryLimitMiB = props.memoryLimitMiB ?? leastMemory(cpu);
    validateFargateSize(cpu, this.memoryLimitMiB);
    this.spot = spot;
    this.vpc = vpcOf(props);
    this.cluster = props.cluster ?? this.createCluster();
    // of a cluster that is imported nothing is known
    if (spot && this.cluster instanceof ecs.Cluster) this.cluster.enableFargateCapacityProviders();
    this.logGroup = createLogGroup(this, 'Logs', props);
    this.definition = createTaskDefinition(this, {
      ...props,
      cpu,
      memoryLimitMiB: this.memoryLimitMiB,
      logGroup: this.logGroup,
    });

    this.subnets = this.vpc.selectSubnets(props.vpcSubnets);
    warnAboutSubnets(this, this.vpc, this.subnets, warehouse._services);
    this.connections = new ec2.Connections({ securityGroups: props.securityGroups ?? [this.createSecurityGroup()] });
    this.openWarehouse(warehouse);
    warehouse._grantConnect(Stack.of(this), this.definition.taskRole);
  }

  /** What the launcher is told of the task. */
  public get launchArguments(): Omit<FargateRedshiftArguments, 'load' | 'tags'> {
    return {
      cluster: this.cluster.clusterArn,
      taskDefinition: this.definition.taskDefinitionArn,
      subnets: this.subnets.subnetIds,
      securityGroups: this.connections.securityGroups.map(({ securityGroupId }) => securityGroupId),
      assignPublicIp: this.subnets.hasPublic,
      ...(this.spot && { spot: true }),
      memoryLimitMiB: this.memoryLimitMiB,
      logGroup: this.logGroup.logGroupName,
    };
  }

  /** The run's staged files and what the step itself writes; nothing of the landing bucket. */
  public grantRunFolders(workBucket: IBucket, stepId: string): void {
    const everyRun = '*';
    const grantee = this.definition.taskRole;
    iam.Grant.addToPrincipal({
      grantee,
      actions: ['s3:GetObject'],
      resourceArns: [`${inputFolder(everyRun)}*`, stagedFilesKey(everyRun), `${stepFolder(everyRun, stepId)}*`].map(
        key => workBucket.arnForObjects(key),
      ),
    });
    iam.Grant.addToPrincipal({
      grantee,
      actions: ['s3:PutObject'],
      resourceArns: [workBucket.arnForObjects(`${stepFolder(everyRun, stepId)}*`)],
    });
    // without it a missing object is answered as forbidden
    iam.Grant.addToPrincipal({ grantee, actions: ['s3:ListBucket'], resourceArns: [workBucket.bucketArn] });
    workBucket.encryptionKey?.grantEncryptDecrypt(grantee);
  }

  private createCluster(): ecs.Cluster {
    return new ecs.Cluster(this, 'Cluster', {
      vpc: this.vpc,
      containerInsightsV2: ecs.ContainerInsights.ENABLED,
    });
  }

  private createSecurityGroup(): ec2.SecurityGroup {
    return new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc: this.vpc,
      description: `Tasks of ${this.node.scope!.node.path} that load into Redshift`,
      allowAllOutbound: true, // AWS services and the registry have no fixed addresses
    });
  }

  private openWarehouse(warehouse: RedshiftWarehouse): void {
    const remoteRule = true; // a rule in the warehouse's own stack would make the two stacks need each other
    const description = `Loads by ${this.node.scope!.node.path}`;
    for (const securityGroup of warehouse._securityGroups) {
      for (const tasks of this.connections.securityGroups) {
        securityGroup.addIngressRule(tasks, ec2.Port.tcp(warehouse._port), description, remoteRule);
      }
    }
  }
}

function vpcOf({ vpc, cluster }: FargateTaskOptions): ec2.IVpc {
  if (vpc && cluster) {
    throw new Error("'vpc' and 'cluster' must not both be given: a cluster has its own network. Remove 'vpc'.");
  }
  const found = vpc ?? cluster?.vpc;
  if (!found) {
    throw new Error(
      "One of 'vpc' and 'cluster' must be given, got neither. Name the network that reaches the warehouse.",
    );
  }
  return found;
}
