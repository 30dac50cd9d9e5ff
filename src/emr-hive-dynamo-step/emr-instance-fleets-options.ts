import type { Duration, Size } from 'aws-cdk-lib';
import type { EbsDeviceVolumeType, InstanceType, ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { IBucket } from 'aws-cdk-lib/aws-s3';

/** Strategies of EMR to choose among the instance types of a fleet for Spot instances. */
export enum EmrSpotAllocationStrategy {
  /** By how likely they are to stay, then by price. */
  PRICE_CAPACITY_OPTIMIZED = 'price-capacity-optimized',
  /** By how likely they are to stay. */
  CAPACITY_OPTIMIZED = 'capacity-optimized',
  /** In the order of the list, as far as they are likely to stay. */
  CAPACITY_OPTIMIZED_PRIORITIZED = 'capacity-optimized-prioritized',
  /** Spread over all of them. */
  DIVERSIFIED = 'diversified',
  /** The cheapest, which are interrupted the most often. */
  LOWEST_PRICE = 'lowest-price',
}

/** Strategies of EMR to choose among the instance types of a fleet for on-demand instances. */
export enum EmrOnDemandAllocationStrategy {
  /** The cheapest. */
  LOWEST_PRICE = 'lowest-price',
  /** In the order of the list. */
  PRIORITIZED = 'prioritized',
}

/**
 * A configuration object of EMR: properties of one of its applications.
 *
 * @see https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-configure-apps.html
 */
export interface EmrConfiguration {
  /** Name of the classification, for instance `yarn-site`. */
  readonly classification: string;

  /**
   * Properties and their values.
   *
   * @default - none
   */
  readonly properties?: { [name: string]: string };

  /**
   * Classifications inside this one, for instance `export` in `hadoop-env`.
   *
   * @default - none
   */
  readonly configurations?: EmrConfiguration[];
}

/** A script that every instance runs before EMR installs its applications. */
export interface EmrBootstrapAction {
  /** Name that EMR shows. */
  readonly name: string;

  /** S3 URI of the script. Let the step read it: `bucket.grantRead(step)`. */
  readonly script: string;

  /**
   * Arguments of the script.
   *
   * @default - none
   */
  readonly args?: string[];
}

/** Network, instances and life of a step's clusters. */
export interface EmrInstanceFleetsOptions {
  /** The network of the clusters. */
  readonly vpc: IVpc;

  /**
   * Subnets to choose from, either all public or all private. EMR takes one of them for each cluster, by the capacity
   * of its zone, so name several zones. The instances must reach S3 and DynamoDB from there.
   *
   * @default - the private subnets of the VPC; if it has none, its isolated, then its public ones
   */
  readonly vpcSubnets?: SubnetSelection;

  /**
   * Security groups of the instances, beside those that the step makes.
   *
   * @default - none
   */
  readonly securityGroups?: ISecurityGroup[];

  /**
   * The EMR release, `emr-7.<minor>.<patch>`: the generated HiveQL needs Hive 3.1.3, which all of 7.x have.
   *
   * @default 'emr-7.13.0' - supported until April 2028
   */
  readonly releaseLabel?: string;

  /**
   * Types that the primary instance may have, 1 to 30. Always on-demand: losing it loses the cluster.
   *
   * @default - m7g.xlarge, m6g.xlarge and m6gd.xlarge
   */
  readonly primaryInstanceTypes?: InstanceType[];

  /**
   * Types that the core instances may have, 1 to 30. They should have the same memory for each unit of capacity.
   *
   * @default - m7g.xlarge, m6g.xlarge and m6gd.xlarge
   */
  readonly coreInstanceTypes?: InstanceType[];

  /**
   * Types that the task instances may have, 1 to 30. The more there are, the seldomer Spot capacity is missing.
   *
   * @default - those of the core instances
   */
  readonly taskInstanceTypes?: InstanceType[];

  /**
   * Units of capacity that an instance of a type counts as, by the names of types, for instance `{ 'm7g.2xlarge': 2 }`.
   * Whole numbers from 1.
   *
   * @default - each core or task instance is one unit
   */
  readonly instanceWeights?: { [instanceType: string]: number };

  /**
   * Units of core capacity: on-demand instances, which alone hold the data between Hive's two jobs (HDFS). EMR keeps
   * one copy of it below four core instances, so a lost core instance fails the load, which begins anew on another
   * cluster.
   *
   * @default 1
   */
  readonly onDemandCapacity?: number;

  /**
   * Units of task capacity: Spot instances, which hold no data. Hive repeats the tasks of an interrupted one elsewhere.
   * What is not there 10 minutes after the launch becomes on-demand, and a cluster that failed for lost instances is
   * replaced by one that is all on-demand.
   *
   * @default 2
   */
  readonly spotCapacity?: number;

  /**
   * Most units of core and task capacity that EMR may scale a cluster up to while it loads (managed scaling). The core
   * keeps its size: what is added are Spot task instances, or on-demand core instances if `spotCapacity` is 0.
   *
   * @default - clusters keep the size they begin with
   */
  readonly maxCapacityUnits?: number;

  /**
   * Choice of the types of Spot instances.
   *
   * @default EmrSpotAllocationStrategy.PRICE_CAPACITY_OPTIMIZED
   */
  readonly spotAllocationStrategy?: EmrSpotAllocationStrategy;

  /**
   * Choice of the types of on-demand instances.
   *
   * @default EmrOnDemandAllocationStrategy.LOWEST_PRICE
   */
  readonly onDemandAllocationStrategy?: EmrOnDemandAllocationStrategy;

  /**
   * Size of each EBS volume of a core or task instance, 10 to 1024 GiB. Two volumes of 64 GiB on three instances hold a
   * run of about 100 GB of CSV: the core instance keeps the rows as ORC (measured: 24 % of the CSV), and every instance
   * its third of the shuffle, twice while it is merged (at most the size of the CSV), besides logs; YARN takes no more
   * tasks on an instance whose disks are 90 % full.
   *
   * @default Size.gibibytes(64)
   */
  readonly ebsVolumeSize?: Size;

  /**
   * EBS volumes of a core or task instance, 1 to 25. Hadoop spreads its files over them.
   *
   * @default 2
   */
  readonly ebsVolumesPerInstance?: number;

  /**
   * Type of the EBS volumes. EMR takes gp3, gp2, io1, st1, sc1 and standard.
   *
   * @default EbsDeviceVolumeType.GP3
   */
  readonly ebsVolumeType?: EbsDeviceVolumeType;

  /**
   * Operations a second of each volume of type gp3 or io1.
   *
   * @default - 3000 for gp3
   */
  readonly ebsIops?: number;

  /**
   * MiB a second of each volume of type gp3, 125 to 1000.
   *
   * @default - 125 for gp3
   */
  readonly ebsThroughput?: number;

  /**
   * Scripts that every instance runs first, in their order. A cluster whose script fails does not start.
   *
   * @default - none
   */
  readonly bootstrapActions?: EmrBootstrapAction[];

  /**
   * Configuration objects of EMR's applications. What the generated HiveQL sets itself wins over them.
   *
   * @default - EMR's own configuration
   */
  readonly configurations?: EmrConfiguration[];

  /**
   * Bucket for the clusters' logs. The step may write there, and reads there why a load failed.
   *
   * @default - the work bucket, below the run's folder
   */
  readonly logBucket?: IBucket;

  /**
   * Prefix of the logs in `logBucket`, without slashes at its ends.
   *
   * @default 'emr'
   */
  readonly logPrefix?: string;

  /**
   * Time that an idle cluster waits for the next run, 1 minute to 7 days. Runs of the step then share one
   * cluster at a time and save the minutes of its start, but its instances cost while it waits. A run that is stopped,
   * or whose load fails, leaves the cluster; a cluster that lost its instances is replaced by one that is all
   * on-demand; a deployment that changes the cluster's definition, and `maxClusterAge`, replace it with the next run.
   * EMR itself ends it when it has been idle; the deletion of the pipeline ends it at once.
   *
   * @default - each run has a cluster of its own, which ends with it
   */
  readonly idleTimeout?: Duration;

  /**
   * Age from which on no run takes a cluster any more that `idleTimeout` has kept, an hour to 30 days. So no cluster
   * misses updates of its release for ever, and what fills its disks goes with it.
   *
   * @default Duration.hours(24)
   */
  readonly maxClusterAge?: Duration;

  /**
   * Name of a security configuration of EMR's to use instead of the step's own. Let the roles use the keys that it
   * names.
   *
   * @default - disks are encrypted with a key of the step's, objects as the work bucket encrypts them; only sessions
   * read instance metadata (IMDSv2)
   */
  readonly securityConfigurationName?: string;
}
