import type { DatasetDefinition } from '../dataset/contract';
import type { StepResult } from '../etl-step/contract';
import { stepFolder } from '../etl-step/contract';

// What the launcher and the program in the container tell each other. The same contract serves a user's own image.

/** Environment variable that holds the S3 URI of the LoaderInput document. */
export const LOADER_INPUT_ENV = 'ETL_LOADER_INPUT';

/** The port of a warehouse that has no other. */
export const REDSHIFT_PORT = 5439;

/** Address and login of the warehouse. */
export interface WarehouseConnection {
  /** Name of the database. */
  readonly database: string;
  /** ARN of the role that COPY assumes to read the work bucket. */
  readonly copyRoleArn: string;
  /** Region of the work bucket, for COPY. */
  readonly region: string;
  /** Redshift Serverless: the endpoint is asked of the service. */
  readonly workgroupName?: string;
  /** A provisioned cluster: the endpoint is asked of the service. */
  readonly clusterIdentifier?: string;
  /** A fixed endpoint. */
  readonly host?: string;
  /** Port of the fixed endpoint. */
  readonly port?: number;
  /** ARN of a secret with `username` and `password`; absent: temporary credentials by IAM. */
  readonly secretArn?: string;
}

/** Layout of a new table in the warehouse. Columns are named as in the dataset. */
export interface TableLayout {
  /** Absent: Redshift chooses. */
  readonly distributionStyle?: 'AUTO' | 'EVEN' | 'ALL';
  /** Rows with one value in this column lie on one node. */
  readonly distributionKey?: string;
  /** Rows are sorted by these columns. */
  readonly sortKeys?: string[];
}

/**
 * The work of one task: a JSON document in the work bucket, which the environment variable `ETL_LOADER_INPUT` names.
 * docs/bring-your-own-loader.md describes it, and schemas/fargate-redshift-step/v1/loader-input.schema.json.
 */
export interface LoaderInput {
  /** Version of this contract: 1. */
  readonly contract: number;
  /** The run: a fixed list of files. */
  readonly runId: string;
  /** Attempt of the run, from 1. */
  readonly attempt: number;
  /** The step. Run and step together name one load. */
  readonly stepId: string;
  /** Bucket of all keys of this document. */
  readonly workBucket: string;
  /** Key of the staged files' list, `StagedFiles`. */
  readonly stagedFilesKey: string;
  /** Key to write the `LoaderResult` to, once (If-None-Match). */
  readonly resultKey: string;
  /** Key to write the `LoaderFailure` to, before a non-zero exit. It belongs to this task alone. */
  readonly failureKey: string;
  /** Folder for rejected rows. */
  readonly rejectedRowsFolder: string;
  /** Format and columns of the files. */
  readonly dataset: DatasetDefinition;
  /** Address and login of the warehouse. */
  readonly warehouse: WarehouseConnection;
  /** Schema of the target table. */
  readonly schema: string;
  /** The target table. */
  readonly table: string;
  /** `upsert`: by the dataset's key. `append`: rows are added. `replace`: the run's rows replace the table's. */
  readonly mode: 'upsert' | 'append' | 'replace';
  /**
   * Mode `replace`: only rows are replaced that have values in this column which the run has, too. Absent: all rows.
   */
  readonly partitionColumn?: string;
  /** Layout of the table that is made if there is none. */
  readonly createTable?: TableLayout;
  /** With one more rejected row nothing is loaded, and the run fails as `Etl.Data`. */
  readonly maxRejectedRows: number;
  /** In per cent of the run's rows, beside maxRejectedRows. Absent: 100. */
  readonly maxRejectedPercent?: number;
  /** The program ends itself, as Etl.Transient, when it has run for so long: nobody may be left to stop it. */
  readonly maxRuntimeSeconds: number;
}

/** Why a task has failed: a JSON document at `failureKey`. */
export interface LoaderFailure {
  /** `Etl.Transient`, `Etl.Data` or `Etl.Configuration`, as the exit code. */
  readonly error: string;
  /** The problem, and what to do; no values of rows. */
  readonly message: string;
  /** Ids of the files at fault, if they are known (Etl.Data only). */
  readonly files?: string[];
}

/**
 * Exit codes of the program. `transient` has passed or may pass, but not by looking at the stopped task again: like a
 * crash, which is any other code or none, it ends the attempt as Etl.LoadFailed, and the run's next attempt starts
 * another task.
 */
export const LOADER_EXIT = { done: 0, transient: 10, data: 11, configuration: 12 } as const;

/** Result document, at resultKey once the task has exited with 0. */
export interface LoaderResult extends StepResult {
  /** Repetitions within the task, after a conflict with another transaction or a lost connection. */
  readonly retries?: number;
}

// ---- what the construct renders into the Launch state, and what the launcher leaves in the work bucket

/** The part of the loader's work that is the same for every run. */
export type LoadSettings = Pick<
  LoaderInput,
  | 'dataset'
  | 'warehouse'
  | 'schema'
  | 'table'
  | 'mode'
  | 'partitionColumn'
  | 'createTable'
  | 'maxRejectedRows'
  | 'maxRejectedPercent'
  | 'maxRuntimeSeconds'
>;

/** A tag as RunTask takes it. */
export interface TaskTag {
  readonly key: string;
  readonly value: string;
}

export interface FargateRedshiftArguments {
  /** ARN of the cluster. */
  readonly cluster: string;
  /** ARN of one revision. */
  readonly taskDefinition: string;
  readonly subnets: string[];
  readonly securityGroups: string[];
  readonly assignPublicIp: boolean;
  /** Whether the first launch of a run uses Fargate Spot. */
  readonly spot?: boolean;
  /** Absent if there are none. */
  readonly tags?: TaskTag[];
  /** For messages: what to raise, and where to read on. */
  readonly memoryLimitMiB: number;
  readonly logGroup: string;
  readonly load: LoadSettings;
}

/** A task that was started. */
export interface StartedTask {
  /** ARN of the cluster. */
  readonly cluster: string;
  readonly taskArn: string;
}

/** The task, as the next check finds it again. */
export interface FargateJob extends StartedTask {
  /** ISO 8601: when the task was asked for. */
  readonly askedAt: string;
}

/** Name of the one container that decides how a task ended. */
export const LOADER_CONTAINER = 'loader';

/** Streams of the log group are named <prefix>/<container>/<task id>. */
export const LOG_STREAM_PREFIX = 'task';

/** Time-out of the step's function: after that, a launch that never said how it ended does nothing any more. */
export const LAUNCH_TIMEOUT_SECONDS = 60;

/** Folder of what the tasks of a run read and write, in any attempt; in it each launch has a folder. */
export const tasksFolder = (runId: string, stepId: string): string => `${stepFolder(runId, stepId)}tasks/`;

/** Table, in the target's schema, that remembers which runs have been loaded. */
export const HISTORY_TABLE = 'etl_load_history';

/** The table that a database user loads into. */
export interface GrantTarget {
  readonly database: string;
  readonly schema: string;
  readonly table: string;
  readonly user: string;
}

/** What a database user needs for a load, a login by IAM for instance, which starts with no rights at all. */
export function loadGrants({ database, schema, table, user }: GrantTarget): { first: string[]; tables: string } {
  const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
  const to = `TO ${quoted(user)};`;
  const tables = [table, HISTORY_TABLE].map(name => `${quoted(schema)}.${quoted(name)}`).join(', ');
  return {
    first: [
      `CREATE SCHEMA IF NOT EXISTS ${quoted(schema)};`,
      `GRANT CREATE, TEMP ON DATABASE ${quoted(database)} ${to}`,
      `GRANT USAGE, CREATE ON SCHEMA ${quoted(schema)} ${to}`,
    ],
    tables: `GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE ${tables} ${to}`,
  };
}
