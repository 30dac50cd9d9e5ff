import { inputFolder, rejectedRowsFolder, type RunAttempt, stepFolder } from '../etl-step/contract';

// What the construct renders into the Launch state, and where the step's function keeps its files in the work bucket.

/** A tag as RunJobFlow takes it. */
export interface ClusterTag {
  readonly Key: string;
  readonly Value: string;
}

/** The part of a cluster that is the same for every run. */
export interface ClusterTemplate {
  readonly releaseLabel: string;
  /** Name of the role that EMR assumes. */
  readonly serviceRole: string;
  /** Name of the instance profile of the cluster's instances. */
  readonly instanceProfile: string;
  readonly securityConfiguration: string;
  readonly subnetIds: string[];
  readonly primarySecurityGroup: string;
  readonly coreSecurityGroup: string;
  /** In private subnets only. */
  readonly serviceAccessSecurityGroup?: string;
  readonly primaryInstanceTypes: string[];
  readonly coreInstanceTypes: string[];
  /** Instances of the core fleet. */
  readonly onDemandCapacity: number;
  readonly spotCapacity: number;
  /** Most instances of the core fleet; absent: the fleet keeps its size. */
  readonly maxCapacityUnits?: number;
  readonly tags: ClusterTag[];
}

export interface EmrHiveDynamoArguments {
  /** HiveQL with the run's places still open. */
  readonly script: string;
  readonly cluster: ClusterTemplate;
}

/** How the next check finds the cluster again; without an id until EMR is known to have started it. */
export interface EmrJob {
  readonly clusterId?: string;
  /** ISO 8601: when the cluster was asked for. */
  readonly askedAt: string;
}

/** Folder of the records of everything that RunJobFlow was asked for, in any attempt of the run. */
export const launchesFolder = (runId: string, stepId: string): string => `${stepFolder(runId, stepId)}launches/`;

/** The HiveQL that a launch has filled in: one object for each, so a launch never changes the script of another that still runs. */
export function scriptKey({ runId, attempt, relaunch }: RunAttempt & { readonly relaunch: number }, stepId: string): string {
  return `${stepFolder(runId, stepId)}scripts/${attempt}-${relaunch}.hql`;
}

/** EMR writes the cluster's logs below this folder, as <cluster id>/steps/<step id>/stderr.gz and so on. */
export const logsFolder = (runId: string, stepId: string): string => `${stepFolder(runId, stepId)}logs/`;

/** How long Spot capacity is waited for before EMR buys on-demand instances instead. EMR takes 5 to 1440. */
export const SPOT_TIMEOUT_MINUTES = 10;

/** Value true: EMR puts it on whatever it creates for the cluster, which the service role's permissions are bound to. */
export const EMR_MANAGED_TAG = 'for-use-with-amazon-emr-managed-policies';

/** Its value names the step: the function may end clusters with this tag only. */
export const STEP_TAG = 'cdk-etl-steps:step';

/**
 * Where the rendered script leaves a place open for what only the run knows. Text of the dataset or the table cannot look like one:
 * in the script's literals no `<` stands as it is.
 */
export const HIVE_PLACEHOLDER = {
  /** End of the names of tables: runs and steps may share a cluster and its metastore. */
  run: '<run>',
  inputFolder: '<input folder>',
  countsFolder: '<counts folder>',
  rejectedRowsFolder: '<rejected rows folder>',
  /** Becomes a variable of Hive's: a template must not hold what looks like a parameter of CloudFormation's. */
  lineFeed: '<line feed>',
} as const;

/**
 * Folder of what the load has counted: every line of every object in it and below is a JSON object of some of the numbers rowsRead,
 * rowsWritten, rowsRejected and duplicatesDropped, each of them once. Objects that mark folders are empty.
 */
export const countsFolder = (runId: string, stepId: string): string => `${stepFolder(runId, stepId)}counts/`;

/** What fillHiveScript() fills in: names that are safe in any text. */
export interface HiveScriptPlaces {
  readonly workBucket: string;
  readonly runId: string;
  readonly stepId: string;
}

/**
 * The script of one run, from the one that was rendered when the app was synthesized. Rejected rows go to rejectedRowsFolder(), one a line:
 * reason, staged file and the whole line, separated by tabs.
 */
export function fillHiveScript(script: string, { workBucket, runId, stepId }: HiveScriptPlaces): string {
  for (const [name, text] of Object.entries({ workBucket, runId, stepId })) {
    if (!/^[A-Za-z0-9._-]+$/.test(text)) throw new Error(`'${name}' must have letters, digits, dots, hyphens and underscores only, got ${JSON.stringify(text)}`);
  }
  const uri = (folder: string): string => `s3://${workBucket}/${folder}`;
  return script
    .replaceAll(HIVE_PLACEHOLDER.run, `${hiveName(runId)}_${hiveName(stepId)}`)
    .replaceAll(HIVE_PLACEHOLDER.inputFolder, uri(inputFolder(runId)))
    .replaceAll(HIVE_PLACEHOLDER.countsFolder, uri(countsFolder(runId, stepId)))
    .replaceAll(HIVE_PLACEHOLDER.rejectedRowsFolder, uri(rejectedRowsFolder(runId, stepId)))
    .replaceAll(HIVE_PLACEHOLDER.lineFeed, '${system:line.separator}');
}

/** A part of a table's name, of lower-case letters, digits and underscores, that no other text becomes. */
function hiveName(text: string): string {
  return text.replace(/[^a-z0-9]/g, character => `_${character.charCodeAt(0).toString(16)}`);
}
