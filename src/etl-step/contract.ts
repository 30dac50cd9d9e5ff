// What the state machine of a step and the function behind it tell each other, and where a run keeps its files.

/**
 * Raised when a payload changes its shape: executions outlive deployments, and their states invoke retained function
 * versions.
 */
export const CONTRACT_VERSION = 1;

/** Error names the state machine and the ledger tell apart; each says who can mend it. */
export const ERROR = {
  /** Passes by itself: tried again in place, with backoff. */
  transient: 'Etl.Transient',
  /** AWS has no room there: launched again elsewhere, a limited number of times. */
  capacity: 'Etl.Capacity',
  /**
   * The files are at fault, or one of them may be: memory that ran out. Names them if it can; without names the run is
   * halved until the file is found. An unknown error is never this.
   */
  data: 'Etl.Data',
  /** Somebody must change something; the message says what. The files go on waiting and the pipeline pauses. */
  configuration: 'Etl.Configuration',
  /**
   * The step was not done within its maxRuntime. Raised by the state machine; not repeated, because it would take as
   * long again.
   */
  timeout: 'Etl.Timeout',
  /** The compute ended without having done its work, for a reason that nothing above names. Another attempt may do. */
  loadFailed: 'Etl.LoadFailed',
  /** The execution was stopped on purpose: nothing is wrong with the files, they wait for another run. */
  stopped: 'Etl.Stopped',
} as const;

/** Rows of one step's load: read = written + rejected + duplicates dropped + filtered. */
export interface StepResult {
  /** Rows of the files, without headers. */
  readonly rowsRead: number;
  /** Rows inserted or replaced. */
  readonly rowsWritten: number;
  /** Rows that cannot be loaded and are kept. */
  readonly rowsRejected: number;
  /** Rows that another one with the same key has replaced. */
  readonly duplicatesDropped: number;
  /** Rows that a transform has read and not yielded; absent without one. */
  readonly rowsFiltered?: number;
  /** Bytes of what was written, of names and values; absent if they are not counted. */
  readonly bytesWritten?: number;
  /** Duration of the load. */
  readonly seconds: number;
  /** S3 URI of the folder that keeps the rejected rows; absent if there are none. */
  readonly rejectedRows?: string;
}

/** The run and attempt that a call is for. */
export interface RunAttempt {
  readonly runId: string;
  readonly attempt: number;
}

/** Outcome of staging, for the steps; the list itself is the object at stagedFilesKey(). */
export interface StagedSummary {
  readonly files: number;
  readonly bytes: number;
  readonly rejectedFiles: number;
}

export interface LaunchEvent<Arguments = unknown> extends RunAttempt {
  readonly contract: number;
  readonly action: 'launch';
  /** The execution that asks: a launch acts only while it still runs. */
  readonly executionArn: string;
  /** 0, then one more each time that capacity was missing. */
  readonly relaunch: number;
  /** The arguments that the step's construct rendered into the Launch state. */
  readonly arguments: Arguments;
}

export interface CheckEvent<Job = unknown, Arguments = unknown> extends RunAttempt {
  readonly contract: number;
  readonly action: 'check';
  readonly executionArn: string;
  readonly relaunch: number;
  readonly arguments: Arguments;
  /** The job that launch or the check before returned. */
  readonly job: Job;
}

/**
 * `attempt` has ended: its compute and that of earlier ones ends, and later attempts are left alone, because the call
 * may come late.
 */
export interface StopEvent extends RunAttempt {
  readonly contract: number;
  readonly action: 'stop';
}

/**
 * For a function that keeps compute from run to run: the pipeline is being deleted, and no run is left. Answered like a
 * stop.
 */
export interface TeardownEvent {
  readonly contract: number;
  readonly action: 'teardown';
}

export type StepEvent<Job = unknown, Arguments = unknown> =
  LaunchEvent<Arguments> | CheckEvent<Job, Arguments> | StopEvent;

/** Answer to launch and check. `job` is whatever the step needs to find its compute again. */
export type JobStatus<Job = unknown> =
  | { readonly status: 'running'; readonly waitSeconds: number; readonly job: Job }
  | { readonly status: 'done'; readonly result: StepResult };

/** Answer to stop: `ended` only when no compute of the attempt and of earlier ones is left. */
export type StopStatus = { readonly status: 'stopping'; readonly waitSeconds: number } | { readonly status: 'ended' };

/** Shortest and longest pause between two checks, and the part of the time passed that the next one takes. */
export const WAIT = { shortestSeconds: 5, longestSeconds: 300, fraction: 0.05 } as const;

/** Pause before the next check of something that began `elapsedSeconds` ago. */
export function waitSeconds(elapsedSeconds: number): number {
  return Math.round(Math.min(WAIT.longestSeconds, Math.max(WAIT.shortestSeconds, elapsedSeconds * WAIT.fraction)));
}

/** Relaunches of a step after Etl.Capacity, within one attempt. */
export const MAX_RELAUNCHES = 2;

/**
 * How often a failed execution asks a step to stop before it ends; the ledger asks on. Bounds the events of an
 * execution's history.
 */
export const MAX_STOP_CALLS = 60;

// ---- the work bucket: everything of a run is below runs/<runId>/

export const runFolder = (runId: string): string => `runs/${runId}/`;
/** The staged copies of the run's files, nothing else: steps may read the whole folder. */
export const inputFolder = (runId: string): string => `${runFolder(runId)}input/`;
/** JSON of StagedFiles (etl-pipeline/contract): written once, when staging is done. */
export const stagedFilesKey = (runId: string): string => `${runFolder(runId)}staged.json`;
export const stepFolder = (runId: string, stepId: string): string => `${runFolder(runId)}${stepId}/`;
/** JSON of StepResult: written once, when the step's load is done. */
export const resultKey = (runId: string, stepId: string): string => `${stepFolder(runId, stepId)}result.json`;
/** Folder of the records of everything that a step has asked for, in any attempt of the run. */
export const launchesFolder = (runId: string, stepId: string): string => `${stepFolder(runId, stepId)}launches/`;
/** Folder of the rows that a step rejected. */
export const rejectedRowsFolder = (runId: string, stepId: string): string => `${stepFolder(runId, stepId)}rejected/`;

/** Environment of every step's function, set when the pipeline binds the step. */
export const STEP_ENV = {
  stepId: 'STEP_ID',
  workBucket: 'WORK_BUCKET',
  /** Name of the trigger's operator function, for messages; absent: it has none. */
  operatorFunction: 'OPERATOR_FUNCTION',
} as const;
