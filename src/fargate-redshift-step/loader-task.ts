import * as path from 'path';
import { Annotations, CfnDeletionPolicy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { LOADER_CONTAINER, LOG_STREAM_PREFIX } from './contract';
import type { RedshiftWarehouse } from './redshift-warehouse';
import { inputFolder, stagedFilesKey, stepFolder } from '../etl-step/contract';
import { createLogGroup, type EtlFunctionOptions } from '../function-options';

/** The bundled program and its Dockerfile; found from src/ and from lib/ alike. */
const LOADER_FOLDER = path.join(__dirname, '../../assets/fargate-redshift-step/runtime/loader/main');

export interface LoaderTaskProps extends Pick<EtlFunctionOptions, 'logRetention'> {
  readonly warehouse: RedshiftWarehouse;
  readonly vpc: ec2.IVpc;
  /** Absent: a cluster of its own. */
  readonly cluster?: ecs.ICluster;
  readonly vpcSubnets?: ec2.SubnetSelection;
  readonly image?: ecs.ContainerImage;
  readonly taskRole?: iam.IRole;
  readonly cpu: number;
  readonly memoryLimitMiB: number;
}

/** Image, size and network of the loader's task. */
export class LoaderTask extends Construct {
  public readonly cluster: ecs.ICluster;
  public readonly definition: ecs.FargateTaskDefinition;
  public readonly securityGroup: ec2.SecurityGroup;
  public readonly logGroup: logs.LogGroup;
  public readonly subnetIds: string[];
  public readonly assignPublicIp: boolean;

  constructor(scope: Construct, id: string, props: LoaderTaskProps) {
    super(scope, id);
    const { vpc, warehouse } = props;
    this.cluster =
      props.cluster ?? new ecs.Cluster(this, 'Cluster', { vpc, containerInsightsV2: ecs.ContainerInsights.ENABLED });
    this.logGroup = createLogGroup(this, 'Logs', props);
    this.definition = this.createDefinition(props);

    const subnets = vpc.selectSubnets(props.vpcSubnets);
    this.subnetIds = subnets.subnetIds;
    this.assignPublicIp = subnets.hasPublic;
    this.warnAboutSubnets(vpc, subnets);
    this.securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: `Tasks of ${scope.node.path} that load into Redshift`,
      allowAllOutbound: true, // AWS services and the registry have no fixed addresses
    });
    for (const securityGroup of warehouse._securityGroups) {
      const remoteRule = true; // a rule in the warehouse's own stack would make the two stacks need each other
      securityGroup.addIngressRule(
        this.securityGroup,
        ec2.Port.tcp(warehouse._port),
        `Loads by ${scope.node.path}`,
        remoteRule,
      );
    }
    warehouse._grantConnect(Stack.of(this), this.definition.taskRole);
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

  private createDefinition({ image, taskRole, cpu, memoryLimitMiB }: LoaderTaskProps): ecs.FargateTaskDefinition {
    const definition = new ecs.FargateTaskDefinition(this, 'Definition', {
      taskRole,
      cpu,
      memoryLimitMiB,
      runtimePlatform: {
        cpuArchitecture: ecs.CpuArchitecture.X86_64,
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
    });
    // executions that began before a deployment go on with the revision they began with
    const { cfnOptions } = definition.node.defaultChild as ecs.CfnTaskDefinition;
    cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
    cfnOptions.deletionPolicy = CfnDeletionPolicy.DELETE;
    definition.addContainer(LOADER_CONTAINER, {
      image: image ?? ecs.ContainerImage.fromAsset(LOADER_FOLDER, { platform: Platform.LINUX_AMD64 }),
      logging: ecs.LogDrivers.awsLogs({ logGroup: this.logGroup, streamPrefix: LOG_STREAM_PREFIX }),
      readonlyRootFilesystem: true, // the loader writes nothing but its log
    });
    return definition;
  }

  private warnAboutSubnets(vpc: ec2.IVpc, subnets: ec2.SelectedSubnets): void {
    if (subnets.hasPublic) {
      Annotations.of(this).addWarningV2(
        'cdk-etl-steps:fargateRedshiftStep.publicSubnets',
        'The tasks run in public subnets and get public addresses, the only way from there to AWS. Give the VPC ' +
          'private subnets with a NAT gateway or ' +
          "endpoints, and name them in 'vpcSubnets'.",
      );
    } else if (subnets.subnetIds.some(id => vpc.isolatedSubnets.some(subnet => subnet.subnetId === id))) {
      Annotations.of(this).addWarningV2(
        'cdk-etl-steps:fargateRedshiftStep.isolatedSubnets',
        'The tasks run in subnets without a route out. They need VPC endpoints for ecr.api, ecr.dkr, S3, logs, ' +
          'secretsmanager and redshift-serverless ' +
          "(as far as they use them); or name other subnets in 'vpcSubnets'.",
      );
    }
  }
}
