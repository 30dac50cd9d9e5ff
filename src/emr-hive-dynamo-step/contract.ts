import { inputFolder, rejectedRowsFolder, type RunAttempt, stepFolder } from '../etl-step/contract';

// What the construct renders into the Launch state, and where the step's function keeps its files in the work bucket.

// ---- the cluster, spelled as EMR's API spells it:
// https://docs.aws.amazon.com/emr/latest/APIReference/API_RunJobFlow.html

/**
 * Part of a RunJobFlow request that is the same for every run. The launch adds Name, LogUri and Steps; a relaunch buys
 * no Spot instances.
 */
export interface ClusterRequest {
  readonly ReleaseLabel: string;
  readonly Applications: { readonly Name: string }[];
  /** Absent: below the run's own folder. */
  readonly LogUri?: string;
  readonly ServiceRole: string;
  readonly JobFlowRole: string;
  readonly SecurityConfiguration?: string;
  readonly Tags: { readonly Key: string; readonly Value: string }[];
  readonly Instances: ClusterInstances;
  /** Of a cluster that runs share. */
  readonly AutoTerminationPolicy?: { readonly IdleTimeout: number };
  readonly ManagedScalingPolicy?: { readonly ComputeLimits: ComputeLimits };
  readonly BootstrapActions?: {
    readonly Name: string;
    readonly ScriptBootstrapAction: { readonly Path: string; readonly Args?: string[] };
  }[];
  readonly Configurations?: ClusterConfiguration[];
}

export interface ClusterInstances {
  readonly Ec2SubnetIds: string[];
  readonly EmrManagedMasterSecurityGroup: string;
  readonly EmrManagedSlaveSecurityGroup: string;
  /** In private subnets only. */
  readonly ServiceAccessSecurityGroup?: string;
  readonly AdditionalMasterSecurityGroups?: string[];
  readonly AdditionalSlaveSecurityGroups?: string[];
  readonly InstanceFleets: InstanceFleet[];
  readonly KeepJobFlowAliveWhenNoSteps: boolean;
  readonly TerminationProtected: boolean;
}

export interface InstanceFleet {
  readonly Name: string;
  readonly InstanceFleetType: 'MASTER' | 'CORE' | 'TASK';
  readonly TargetOnDemandCapacity?: number;
  readonly TargetSpotCapacity?: number;
  readonly InstanceTypeConfigs: InstanceTypeConfig[];
  readonly LaunchSpecifications: {
    readonly OnDemandSpecification: { readonly AllocationStrategy: 'lowest-price' | 'prioritized' };
    readonly SpotSpecification?: {
      readonly AllocationStrategy:
        | 'capacity-optimized'
        | 'price-capacity-optimized'
        | 'lowest-price'
        | 'diversified'
        | 'capacity-optimized-prioritized';
      readonly TimeoutDurationMinutes: number;
      readonly TimeoutAction: 'SWITCH_TO_ON_DEMAND';
    };
  };
}

export interface InstanceTypeConfig {
  readonly InstanceType: string;
  readonly WeightedCapacity?: number;
  readonly Priority?: number;
  /** Absent: the volumes that EMR gives the type. */
  readonly EbsConfiguration?: {
    readonly EbsOptimized: boolean;
    readonly EbsBlockDeviceConfigs: {
      readonly VolumeSpecification: {
        readonly VolumeType: string;
        readonly SizeInGB: number;
        readonly Iops?: number;
        readonly Throughput?: number;
      };
      readonly VolumesPerInstance: number;
    }[];
  };
}

export interface ComputeLimits {
  readonly UnitType: 'InstanceFleetUnits';
  readonly MinimumCapacityUnits: number;
  readonly MaximumCapacityUnits: number;
  readonly MaximumOnDemandCapacityUnits: number;
  readonly MaximumCoreCapacityUnits: number;
}

export interface ClusterConfiguration {
  readonly Classification: string;
  readonly Properties?: { readonly [name: string]: string };
  readonly Configurations?: ClusterConfiguration[];
}

/** The table in DynamoDB, and how fast to write to it. */
export interface TableArguments {
  readonly name: string;
  readonly arn: string;
  /** The attributes that the dataset's key becomes: the table's key must be made of them. */
  readonly key: KeyAttribute[];
  /** Write units a second; absent: writeThroughputPercent of what the table can take. */
  readonly writeUnitsPerSecond?: number;
  readonly writeThroughputPercent?: number;
}

export interface KeyAttribute {
  readonly name: string;
  readonly type: string;
}

/** A key in one form, whichever of its attributes is named first. */
export const spellKey = (key: KeyAttribute[]): string =>
  key
    .map(({ name, type }) => `${name} (${type})`)
    .sort()
    .join(', ');

export interface EmrHiveDynamoArguments {
  /** HiveQL in which what depends on the run is still open. */
  readonly script: string;
  readonly table: TableArguments;
  /** Units of capacity that load when a cluster begins: those of its core and its task fleet. */
  readonly workers: number;
  /** Absent if the cluster is the user's. */
  readonly cluster?: ClusterRequest;
  /** Absent if each run has a cluster of its own. */
  readonly kept?: { readonly maxAgeSeconds: number };
  /** A cluster of the user's, with the S3 URI of its logs if that is known. */
  readonly existing?: { readonly clusterId: string; readonly logs?: string };
  /** In place of a cluster. */
  readonly serverless?: ServerlessArguments;
}

export interface ServerlessArguments {
  readonly applicationId: string;
  /** The loads' role. */
  readonly roleArn: string;
  /** Tasks that run at a time, at most. */
  readonly tasks: number;
  readonly timeoutMinutes: number;
}

/**
 * What one task of a load takes on EMR Serverless: its defaults for Hive.
 * https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/jobs-hive.html
 */
export const SERVERLESS_TASK = { vcpus: 2, memoryMiB: 6144 } as const;

/** The load, as the next check finds it again; without a cluster until EMR is known to have started it. */
export interface EmrJob {
  readonly clusterId?: string;
  /** Of the load, on a cluster that outlives it. */
  readonly stepId?: string;
  /** How far Hive is, for whoever reads the execution: "job 1 of 2: map 34 %, reduce 0 %". */
  readonly progress?: string;
  /** ISO 8601: when the cluster was asked for. */
  readonly askedAt: string;
}

/** The instance hours of a cluster that has ended, left by whoever has recorded them. */
export const instanceHoursKey = (runId: string, stepId: string, clusterId: string): string =>
  `${stepFolder(runId, stepId)}instance-hours/${clusterId}.json`;

/**
 * The HiveQL that a launch has filled in: one object for each, so a launch never changes the script of another that
 * still runs.
 */
export function scriptKey(
  { runId, attempt, relaunch }: RunAttempt & { readonly relaunch: number },
  stepId: string,
): string {
  return `${stepFolder(runId, stepId)}scripts/${attempt}-${relaunch}.hql`;
}

/**
 * EMR writes a cluster's logs below this folder, unless the request names another one, as <cluster id>/steps/<step
 * id>/stderr.gz and so on.
 */
export const logsFolder = (runId: string, stepId: string): string => `${stepFolder(runId, stepId)}logs/`;

/** EMR Serverless writes its logs below this folder, as applications/<id>/jobs/<id>/HIVE_DRIVER/stderr.gz and so on. */
export const serverlessLogs = (runId: string, stepId: string): string => logsFolder(runId, stepId);

/**
 * Where Hive keeps the rows between its jobs on EMR Serverless, which has no HDFS. It expires with the run's folder.
 */
export const serverlessScratch = (runId: string, stepId: string): string => `${stepFolder(runId, stepId)}scratch/`;

/** The folder of the cluster that runs share: its record and its logs. */
export const keptClusterFolder = (stepId: string): string => `clusters/${stepId}/`;
export const keptClusterKey = (stepId: string): string => `${keptClusterFolder(stepId)}kept.json`;
export const keptClusterLogs = (stepId: string): string => `${keptClusterFolder(stepId)}logs/`;

/** Minutes to wait for Spot capacity before EMR buys on-demand instances instead. EMR takes 5 to 1440. */
export const SPOT_TIMEOUT_MINUTES = 10;

/**
 * Value true: EMR puts it on whatever it creates for the cluster, which the service role's permissions are bound to.
 */
export const EMR_MANAGED_TAG = 'for-use-with-amazon-emr-managed-policies';

/** Its value names the step: the function may end clusters with this tag only. */
export const STEP_TAG = 'cdk-etl-steps:step';

/**
 * Where the rendered script leaves a place open for what only the run knows. Text of the dataset, the table or a
 * transform cannot look like one: no `<` stands before a letter there.
 */
export const HIVE_PLACEHOLDER = {
  inputFolder: '<input folder>',
  countsFolder: '<counts folder>',
  rejectedRowsFolder: '<rejected rows folder>',
  /** Number of reducers, and so of the tasks that write. */
  reducers: '<reducers>',
  /** Properties of the table that say how fast to write. */
  writeRate: '<write rate>',
  /** Becomes a variable of Hive's: a template must not hold what looks like a parameter of CloudFormation's. */
  lineFeed: '<line feed>',
} as const;

/**
 * Folder of what the load has counted: every line of every object in it and below is a JSON object of some of the
 * numbers of runtime/counts.ts, each of them once. Objects that mark folders are empty.
 */
export const countsFolder = (runId: string, stepId: string): string => `${stepFolder(runId, stepId)}counts/`;

/** The write rate, as properties of the connector's table. */
export interface WriteRate {
  /** Write units a second; absent: those that the table is provisioned with, read again every few minutes. */
  readonly units?: number;
  readonly percent: number;
}

/** What fillHiveScript() fills in. */
export interface HiveScriptPlaces {
  readonly workBucket: string;
  readonly runId: string;
  readonly stepId: string;
  readonly reducers: number;
  readonly writeRate: WriteRate;
}

/**
 * The script of one run, from the one that was rendered when the app was synthesized. Rejected rows go to
 * rejectedRowsFolder(), one a line: reason, staged file and the whole line, separated by tabs. Those that a transform
 * yielded are below `transformed/` there.
 */
export function fillHiveScript(
  script: string,
  { workBucket, runId, stepId, reducers, writeRate }: HiveScriptPlaces,
): string {
  for (const [name, text] of Object.entries({ workBucket, runId, stepId })) {
    if (!/^[A-Za-z0-9._-]+$/.test(text)) {
      throw new Error(
        `'${name}' must have letters, digits, dots, hyphens and underscores only, got ${JSON.stringify(text)}`,
      );
    }
  }
  const uri = (folder: string): string => `s3://${workBucket}/${folder}`;
  const units = writeRate.units === undefined ? '' : `'dynamodb.throughput.write' = '${writeRate.units}',\n  `;
  return (
    script
      .replaceAll(HIVE_PLACEHOLDER.inputFolder, uri(inputFolder(runId)))
      .replaceAll(HIVE_PLACEHOLDER.countsFolder, uri(countsFolder(runId, stepId)))
      .replaceAll(HIVE_PLACEHOLDER.rejectedRowsFolder, uri(rejectedRowsFolder(runId, stepId)))
      .replaceAll(HIVE_PLACEHOLDER.reducers, String(reducers))
      // as properties of the table: the connector's handler overwrites what SET says
      .replaceAll(
        HIVE_PLACEHOLDER.writeRate,
        `${units}'dynamodb.throughput.write.percent' = '${writeRate.percent / 100}'`,
      )
      .replaceAll(HIVE_PLACEHOLDER.lineFeed, '${system:line.separator}')
  );
}
