import type { Duration } from 'aws-cdk-lib';
import type { ISecurityGroup } from 'aws-cdk-lib/aws-ec2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IDependable } from 'constructs';
import type { ClusterRequest, EmrHiveDynamoArguments } from './contract';
import type { HiveEngine } from './hive-settings';

/** Clusters of a step: made, or taken from the user, when the step is. */
export interface StepClusters {
  /** Engine of Hive's jobs: MapReduce, or Tez. */
  readonly engine: HiveEngine;
  /** Of the instances. */
  readonly securityGroups: ISecurityGroup[];
  /** Hive acts with it. */
  readonly instanceRole: iam.IRole;
  /** Whether some wait for the next run, and the step's function has to end them before the pipeline is deleted. */
  readonly areKept: boolean;
  /** As EtlStepConfig.dependencies. */
  readonly dependencies: IDependable[];
  /** Lets the step's function launch, check and stop loads. */
  grantLoads(functionRole: iam.Role): void;
  /** Called once, when the work bucket is known: what the launch must know. */
  bind(
    options: StepClustersBindOptions,
  ): Pick<EmrHiveDynamoArguments, 'workers' | 'cluster' | 'kept' | 'existing' | 'serverless'>;
}

export interface StepClustersBindOptions {
  readonly stepId: string;
  readonly workBucket: IBucket;
  readonly functionRole: iam.Role;
  readonly maxRuntime: Duration;
  /** Tags of clusters. */
  readonly tags: ClusterRequest['Tags'];
}
