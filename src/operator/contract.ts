import type { FileStatus } from '../file-ledger/contract';

// The payloads that the operator function takes, one for each operation. docs/operate.md shows each with its answer.

/** Which files: exactly one of `fileIds`, `key`, `runId`, or `prefix` and `status`, alone or together. */
export interface FileSelection {
  /** Ids in the ledger, up to MOST_FILE_IDS. */
  readonly fileIds?: string[];
  /** A key in the landing bucket: the version `versionId`, or the one that is there now. */
  readonly key?: string;
  readonly versionId?: string;
  /** The files that this run was the last to take. */
  readonly runId?: string;
  /** The files whose key begins so. */
  readonly prefix?: string;
  readonly status?: FileStatus;
}

/**
 * Where a call ended that had more to do than fits into its time or its answer: given back as it is, with the same
 * request, it goes on there.
 */
export interface Continued {
  readonly next?: string;
}

/**
 * Lets files be loaded (again) that are LOADED, REJECTED or FAILED. By `runId` or `prefix`, those that are LOADED only
 * if `status` says so.
 */
export interface PutBackRequest extends FileSelection, Continued {
  readonly operation: 'putBack';
  /** Each in a run of its own. */
  readonly alone?: boolean;
}

/** Makes waiting files REJECTED. */
export interface SetAsideRequest extends Pick<FileSelection, 'fileIds' | 'key' | 'versionId' | 'prefix'>, Continued {
  readonly operation: 'setAside';
  readonly reason: string;
}

/** Lets no run begin until a resume. */
export interface PauseRequest {
  readonly operation: 'pause';
  readonly reason: string;
}

/** Ends every pause. */
export interface ResumeRequest {
  readonly operation: 'resume';
}

/** Enters the files that lie in the landing bucket and are not in the ledger. */
export interface BackfillRequest extends Continued {
  readonly operation: 'backfill';
  /** Only keys that begin so, of those that the trigger takes. */
  readonly prefix?: string;
}

/** What happened to this file? */
export interface ShowFileRequest extends Pick<FileSelection, 'key' | 'versionId'> {
  readonly operation: 'showFile';
  readonly fileId?: string;
}

/** What is waiting? */
export interface ShowWaitingRequest extends Continued {
  readonly operation: 'showWaiting';
  readonly prefix?: string;
}

/** What failed, and why? */
export interface ShowFailuresRequest extends Continued {
  readonly operation: 'showFailures';
  /** ISO 8601: only what ran since then. */
  readonly since?: string;
}

export type OperatorRequest =
  | PutBackRequest
  | SetAsideRequest
  | PauseRequest
  | ResumeRequest
  | BackfillRequest
  | ShowFileRequest
  | ShowWaitingRequest
  | ShowFailuresRequest;

export type Operation = OperatorRequest['operation'];

/** The fields of an operation: `oneOf` of which exactly one is given, `required`, and `optional` ones. */
export interface OperationFields {
  readonly oneOf?: string[];
  readonly required?: string[];
  readonly optional?: string[];
}

export const OPERATIONS: Record<Operation, OperationFields> = {
  putBack: {
    oneOf: ['fileIds', 'key', 'runId', 'prefix', 'status'],
    optional: ['versionId', 'status', 'alone', 'next'],
  },
  setAside: { oneOf: ['fileIds', 'key', 'prefix'], required: ['reason'], optional: ['versionId', 'next'] },
  pause: { required: ['reason'] },
  resume: {},
  backfill: { optional: ['prefix', 'next'] },
  showFile: { oneOf: ['fileId', 'key'], optional: ['versionId'] },
  showWaiting: { optional: ['prefix', 'next'] },
  showFailures: { optional: ['since', 'next'] },
};

/** What one request names, so that its payload stays far below Lambda's 6 MB. */
export const MOST_FILE_IDS = 10_000;

/** Files and runs that one answer names. */
export const MOST_SHOWN = 100;

/** The AWS CLI waits 60 seconds for an answer, and then asks again. */
export const OPERATOR_TIMEOUT_SECONDS = 60;

/** Environment of the operator function, besides LEDGER_ENV and ARRIVALS_ENV. */
export const OPERATOR_ENV = { bucket: 'LANDING_BUCKET' } as const;

/** The command that sends a request, for messages: to be copied into a shell. */
export function operatorCommand(functionName: string, request: OperatorRequest): string {
  const payload = JSON.stringify(request).replaceAll("'", "'\\''");
  return (
    `aws lambda invoke --function-name ${functionName} --cli-binary-format raw-in-base64-out --payload ` +
    `'${payload}' /dev/stdout`
  );
}
