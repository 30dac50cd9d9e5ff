import type { DatasetDefinition } from '../dataset/contract';
import { runFolder, type RunAttempt, type StagedSummary } from '../etl-step/contract';
import type { RunFiles } from '../file-ledger/contract';

// What staging leaves in the work bucket for the steps and for the ledger.

/** One staged copy: an object of the run's input folder. */
export interface StagedFile {
  /** The file's id in the ledger. */
  readonly id: string;
  /** Key of the copy, in the work bucket. */
  readonly key: string;
  /** Size of the copy. */
  readonly bytes: number;
  /** By the object's first bytes, not by its name. */
  readonly gzip: boolean;
}

/** A file that cannot be loaded: set aside, the others go on. */
export interface RejectedFile {
  /** The file's id in the ledger. */
  readonly id: string;
  /** Reason of the rejection. */
  readonly reason: string;
}

/** The files of a run: a JSON document in the work bucket. */
export interface StagedFiles {
  /** Files to load. */
  readonly files: StagedFile[];
  /** Files that were set aside before. */
  readonly rejected: RejectedFile[];
}

// ---- between the state machine and the staging function

/** Environment of the staging function. */
export const STAGE_FILES_ENV = { workBucket: 'WORK_BUCKET' } as const;

export interface StageFilesEvent extends RunAttempt {
  readonly contract: number;
  readonly files: RunFiles;
  readonly dataset: DatasetDefinition;
  /** The first chunk that is not known to be done: 0, then what the call before answered. */
  readonly nextChunk: number;
}

/** The function works until its time is up and is then called again. */
export type StageFilesStatus =
  | { readonly status: 'running'; readonly nextChunk: number }
  | { readonly status: 'done'; readonly summary: StagedSummary };

/**
 * Most files that are staged together: what became of them is written once, so that nothing done is lost and no payload
 * grows.
 */
export const FILES_PER_CHUNK = 100;

/** JSON of StagedFiles: what became of the files of one chunk. */
export const stagedChunkKey = (runId: string, chunk: number): string =>
  `${runFolder(runId)}staging/chunk-${String(chunk).padStart(5, '0')}.json`;

/** JSON that remembers the multipart upload of the file at this place of the run's list. */
export const multipartStateKey = (runId: string, index: number): string =>
  `${runFolder(runId)}staging/upload-${String(index).padStart(5, '0')}.json`;
