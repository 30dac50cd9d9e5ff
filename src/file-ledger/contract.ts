import { runFolder, type StepResult } from '../etl-step/contract';

// Shapes of the ledger's items and of a run's lists: shared by the ledger's functions, by staging and by the
// constructs. What they mean, how they change and why that is right: docs/ledger.md.

/** One object version that arrived, as the run's list and plan name it. */
export interface LedgerFile {
  /** sha256 of bucket, key and version: the file's id in the ledger. */
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  /** Absent where the bucket keeps no versions; the object is then known by its etag. */
  readonly versionId?: string;
  readonly etag: string;
  readonly size: number;
}

/** Where an execution finds its files: `key` names the JSON array of LedgerFile in the work bucket. */
export interface RunFiles {
  readonly bucket: string;
  readonly key: string;
  readonly count: number;
  readonly bytes: number;
}

/** Input of every execution; it does not grow with the number of files. */
export interface ExecutionInput {
  readonly runId: string;
  readonly attempt: number;
  readonly files: RunFiles;
}

/** A file on its way through the ledger. Only a claim leaves PENDING, only a settlement leaves CLAIMED. */
export const FILE_STATUS = {
  /** Waits for a run. */
  pending: 'PENDING',
  /** Belongs to a run that is not settled yet. */
  claimed: 'CLAIMED',
  /** A run that succeeded has loaded it. */
  loaded: 'LOADED',
  /** Set aside: it cannot be loaded. */
  rejected: 'REJECTED',
  /** Its run failed for good, timed out, or was aborted by an operator. */
  failed: 'FAILED',
} as const;

export type FileStatus = (typeof FILE_STATUS)[keyof typeof FILE_STATUS];

/** A file's item. */
export interface FileItem extends LedgerFile {
  readonly status: FileStatus;
  /** The last run that claimed it; NO_RUN before the first. */
  readonly runId: string;
  /** Most files it may travel with in one run; 0 = no limit. */
  readonly limit: number;
  /** The shard of WAITING_INDEX, only while PENDING. */
  readonly waiting?: number;
  /** Place in the order of arrival: the event's time and sequencer, then the id. */
  readonly arrived: string;
  /** ISO 8601: when it began to wait, the last time that it did. Only for people and for the metric of its age. */
  readonly since?: string;
  readonly contentType?: string;
  /** The object's own (user) metadata. */
  readonly metadata?: Record<string, string>;
  /** Why it is REJECTED or FAILED. */
  readonly reason?: string;
  /**
   * Epoch seconds (the table's time to live); only if the ledger has a retention, and never while it waits or is in a
   * run.
   */
  readonly expires?: number;
}

/** `runId` of a file that no run has claimed yet. */
export const NO_RUN = '-';

/** How an execution can end. */
export type RunOutcome = 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** A run's item. */
export interface RunItem {
  /** The runId. */
  readonly id: string;
  /** RUNNING until the run is settled; then how its last attempt ended. */
  readonly status: 'RUNNING' | RunOutcome;
  readonly attempt: number;
  readonly count: number;
  readonly bytes: number;
  /** Put once: a deployment that changes the number concerns later runs only. */
  readonly maxAttempts: number;
  /** ISO 8601 time that the runId tells. */
  readonly created: string;
  /** Of the last attempt, once it has ended. */
  readonly seconds?: number;
  /** StepResult by stepId, as the steps have written them. */
  readonly results?: Record<string, StepResult>;
  readonly error?: string;
  readonly cause?: string;
  /** Epoch seconds (the table's time to live); only once the run is settled. */
  readonly expires?: number;
}

/** The item with the runs that hold a slot, those that failed since the last success, and what is to be stopped. */
export const SLOTS_ID = 'slots';

/**
 * Why no run may begin until a resume: one failed with `Etl.Configuration`, an operator paused, or the trigger was
 * deleted.
 */
export interface Pause {
  /** The run that failed; absent in the other cases. */
  readonly runId?: string;
  readonly reason: string;
}

export interface SlotsItem {
  readonly id: typeof SLOTS_ID;
  readonly live?: Set<string>;
  readonly failed?: Set<string>;
  /** Only while paused: nothing but a resume removes it. */
  readonly paused?: Pause;
  /** ISO 8601: when a run took a slot last. Serves `minRunInterval` alone; no decision about a file depends on it. */
  readonly begun?: string;
  /** Whether the present pause was told of by an event. */
  readonly announced?: boolean;
  /** Names of the executions that the deletion of the trigger stops, until their compute has ended. */
  readonly stopping?: Set<string>;
}

/** The sparse index of the files that wait: partition `waiting`, sorted by `arrived`. */
export const WAITING_INDEX = 'waiting';

/** Partitions of the index: 8 take 8,000 arrivals a second. */
export const WAITING_SHARDS = 8;

/**
 * The table's time to live; runs have it once they are settled, files that are done if the ledger has a retention: a
 * file that is forgotten is loaded again if it is announced again.
 */
export const EXPIRES_ATTRIBUTE = 'expires';

/**
 * How long a settled run's item and its folder in the work bucket are kept. At least 90 days, after which Step
 * Functions gives the name of an execution free again; twice that, so that last quarter's results can be looked up.
 */
export const RUN_RETENTION_DAYS = 180;

/** One file of a plan: how the index showed it. */
export interface PlannedFile extends LedgerFile {
  /** Its runId in the index: the claim's condition. */
  readonly seen: string;
}

/** The files that a run is to claim: the object at planKey(). */
export interface RunPlan {
  readonly runId: string;
  readonly files: PlannedFile[];
}

/** JSON of RunPlan: written before the run takes a slot, never changed. */
export const planKey = (runId: string): string => `${runFolder(runId)}plan.json`;

/** JSON array of LedgerFile: the files that the run has got, in the plan's order. */
export const filesKey = (runId: string): string => `${runFolder(runId)}files.json`;

/** Environment of the functions that drive the ledger. */
export const LEDGER_ENV = {
  table: 'LEDGER_TABLE',
  workBucket: 'WORK_BUCKET',
  stateMachine: 'STATE_MACHINE_ARN',
  maxFiles: 'MAX_FILES_PER_EXECUTION',
  /** Absent: no limit. */
  maxBytes: 'MAX_BYTES_PER_EXECUTION',
  maxExecutions: 'MAX_CONCURRENT_EXECUTIONS',
  maxAttempts: 'MAX_ATTEMPTS',
  /** Absent: 0. */
  minRunIntervalSeconds: 'MIN_RUN_INTERVAL_SECONDS',
  /** The breaker: no run takes a slot while so many have failed since the last success. */
  pauseAfter: 'PAUSE_AFTER_FAILURES',
  /** Absent: items of files never expire. */
  retentionSeconds: 'LEDGER_RETENTION_SECONDS',
  /** ARNs of the functions that end a run's compute, separated by commas; absent: none. */
  stopFunctions: 'STOP_FUNCTIONS',
  /** ARNs of the functions that end what is kept between runs, separated by commas; absent: none. */
  teardownFunctions: 'TEARDOWN_FUNCTIONS',
} as const;

/**
 * Time-out of every function that drives the ledger. Claiming 10,000 files takes about 5 s on a new on-demand table and
 * 20 s when it throttles; the rest lets one invocation begin several runs.
 */
export const LEDGER_FUNCTION_TIMEOUT_SECONDS = 180;

// ---- events of the ledger's own, on the account's default bus

export const EVENT_SOURCE = 'cdk-etl-steps';

export const DETAIL_TYPE = {
  runFailed: 'Etl Run Failed',
  fileRejected: 'Etl File Rejected',
  paused: 'Etl Paused',
} as const;

/** `trigger` is added when it is sent. */
export interface LedgerEvent {
  readonly detailType: (typeof DETAIL_TYPE)[keyof typeof DETAIL_TYPE];
  readonly detail: { readonly [name: string]: unknown };
}

/** Environment of the functions that send events; absent: nobody listens. */
export const EVENTS_ENV = { trigger: 'EVENTS_TRIGGER' } as const;
