import { Token } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { ISecurityGroup } from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IDependable } from 'constructs';
import { grantLogReading, grantTable } from './emr-roles';
import { grantExistingCluster } from './function-role';
import type { StepClusters, StepClustersBindOptions } from './step-clusters';
import { acknowledgeFindings } from '../findings/acknowledge-findings';
import { RUN_FOLDERS } from '../findings/acknowledged-findings';
import { validateWholeNumber } from '../validation';

/** An EMR cluster that the step does not start. */
export interface EmrExistingClusterOptions {
  /** Id of the cluster, `j-…`: EMR 7 with Hive. It must be there whenever a run loads. */
  readonly clusterId: string;

  /**
   * The role of its instances. The step grants it the table, the staged files and the step's folder; of an imported
   * role that the app cannot change you must do that.
   */
  readonly instanceRole: iam.IRole;

  /**
   * Core and task instances that a load may use. The number of parallel writers follows from it.
   *
   * @default 2
   */
  readonly workers?: number;

  /**
   * Bucket of the cluster's logs. The step reads there why a load failed, and how far it is.
   *
   * @default - the logs are not read: failures are told by EMR's own, short message
   */
  readonly logBucket?: IBucket;

  /**
   * Prefix of the logs in `logBucket`, without slashes at its ends: the cluster's log URI is `s3://<bucket>/<prefix>/`.
   *
   * @default - the logs are at the top of the bucket
   */
  readonly logPrefix?: string;
}

const CLUSTER_ID = /^j-[A-Z0-9]{1,}$/;
const DEFAULT_WORKERS = 2;

/** A cluster of the user's. */
export class ExistingCluster implements StepClusters {
  public readonly engine = 'mr';
  public readonly securityGroups: ISecurityGroup[] = [];
  public readonly areKept = false; // it is the user's
  public readonly dependencies: IDependable[] = [];
  public readonly instanceRole: iam.IRole;

  constructor(
    private readonly options: EmrExistingClusterOptions,
    table: ITable,
  ) {
    this.instanceRole = options.instanceRole;
    grantTable(this.instanceRole, table);
    acknowledgeFindings(this.instanceRole, { resources: [], wildcards: [RUN_FOLDERS] });
  }

  public grantLoads(functionRole: iam.Role): void {
    grantExistingCluster(functionRole, this.options.clusterId);
  }

  public bind({ functionRole }: StepClustersBindOptions) {
    const { clusterId, workers = DEFAULT_WORKERS, logBucket, logPrefix } = this.options;
    if (logBucket) grantLogReading(functionRole, logBucket, logPrefix);
    return {
      workers,
      existing: {
        clusterId,
        ...(logBucket && { logs: `s3://${logBucket.bucketName}/${logPrefix ? `${logPrefix}/` : ''}` }),
      },
    };
  }
}

/** @throws Error if the id is none, or there is no instance to load with */
export function validateExistingCluster({ clusterId, workers, logBucket, logPrefix }: EmrExistingClusterOptions): void {
  if (!Token.isUnresolved(clusterId) && !CLUSTER_ID.test(clusterId)) {
    throw new Error(
      `'clusterId' must be the id of an EMR cluster, 'j-' and capital letters or digits, got '${clusterId}'.`,
    );
  }
  validateWholeNumber("'workers'", workers, 1, Infinity);
  if (logPrefix !== undefined && !logBucket) {
    throw new Error("'logPrefix' needs 'logBucket', the bucket of the cluster's logs.");
  }
}
