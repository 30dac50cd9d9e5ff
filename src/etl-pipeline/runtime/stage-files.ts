import pMap from 'p-map';
import { type Chunk, chunksOf } from './chunks';
import { stageFile, type StagedOrRejected } from './stage-file';
import { stagedFilesKey, type StagedSummary } from '../../etl-step/contract';
import type { LedgerFile } from '../../file-ledger/contract';
import { ConfigurationError } from '../../runtime/errors';
import { logger } from '../../runtime/logger';
import { getJson, putJsonOnce } from '../../runtime/work-bucket';
import { stagedChunkKey, type StagedFiles, type StageFilesEvent, type StageFilesStatus } from '../contract';

/**
 * Files looked at and copied at a time: below the 50 connections of the SDK's client, and far below what S3 takes from
 * one caller.
 */
const CONCURRENT_FILES = 32;

/** A chunk is begun only while this much time is left: see CHUNK_BYTES. */
const LONGEST_CHUNK_MILLISECONDS = 10 * 60_000;

/**
 * A part of a large copy is begun only while this much time is left: it takes seconds, of the largest objects up to two
 * minutes.
 */
const LONGEST_PART_MILLISECONDS = 3 * 60_000;

export interface StageFilesOptions {
  readonly workBucket: string;
  readonly remainingMilliseconds: () => number;
}

/**
 * Copies the files of a run, each exact version, to the run's input folder and sets aside those that cannot be loaded.
 * Any call may be repeated at any time: it skips what is done, and does the rest again under the same names.
 * @throws ConfigurationError if no file may be read; TransientError if S3 refuses for a while
 */
export async function stageFiles(
  event: StageFilesEvent,
  { workBucket, remainingMilliseconds }: StageFilesOptions,
): Promise<StageFilesStatus> {
  const { runId } = event;
  logger.appendKeys({ runId, attempt: event.attempt });
  const before = await getJson<StagedFiles>(workBucket, stagedFilesKey(runId));
  if (before) return { status: 'done', summary: summaryOf(before) };

  const files = await filesOfRun(event);
  const chunks = chunksOf(files);
  const mayContinue = () => remainingMilliseconds() > LONGEST_PART_MILLISECONDS;
  for (let chunk = event.nextChunk; chunk < chunks.length; chunk++) {
    const timeIsUp = chunk > event.nextChunk && remainingMilliseconds() < LONGEST_CHUNK_MILLISECONDS;
    if (timeIsUp || !(await stageChunk(event, workBucket, chunks[chunk], chunk, mayContinue))) {
      logger.info('Staging goes on in another call', { chunk, chunks: chunks.length });
      return { status: 'running', nextChunk: chunk };
    }
  }

  const staged = await joinChunks(workBucket, runId, chunks.length);
  const written = await putJsonOnce(workBucket, stagedFilesKey(runId), staged);
  const summary = summaryOf(written ? staged : (await getJson<StagedFiles>(workBucket, stagedFilesKey(runId)))!);
  logger.info('Files are staged', { ...summary });
  return { status: 'done', summary };
}

async function filesOfRun({ runId, files: { bucket, key } }: StageFilesEvent): Promise<LedgerFile[]> {
  const files = await getJson<LedgerFile[]>(bucket, key);
  if (!files) {
    throw new ConfigurationError(
      `Run ${runId}: its list of files, s3://${bucket}/${key}, does not exist. Keep the folder runs/ while runs ` +
        'need it.',
    );
  }
  return files;
}

/** Whether all files of the chunk are staged or rejected; if not, the time was up. */
async function stageChunk(
  event: StageFilesEvent,
  workBucket: string,
  { first, files }: Chunk,
  chunk: number,
  mayContinue: () => boolean,
): Promise<boolean> {
  const { runId, dataset } = event;
  const key = stagedChunkKey(runId, chunk);
  if (await getJson(workBucket, key)) return true;

  const outcomes = await pMap(
    files,
    (file, index) => stageFile({ runId, file, index: first + index, workBucket, dataset, mayContinue }),
    { concurrency: CONCURRENT_FILES },
  );
  if (outcomes.some(({ staged, rejected }) => !staged && !rejected)) return false;

  // denied to all of the first files: a mistake in permissions, nothing is recorded; denied to some while others are
  // read: a matter of those files
  if (chunk === 0 && outcomes.every(outcome => outcome.accessDenied)) {
    throw new ConfigurationError(
      `Run ${runId}: none of the files may be read, for instance ${describeDenied(files[0], outcomes[0])}. ` +
        'Allow the role of the staging function s3:GetObject and s3:GetObjectVersion on the files, s3:ListBucket ' +
        'on their bucket and, if they are encrypted with ' +
        'a KMS key, kms:Decrypt on that key: in the policies of the bucket and of the key if they belong to ' +
        'another stack or account.',
    );
  }
  for (const { rejected } of outcomes) if (rejected) logger.warn('File is rejected', { ...rejected });
  await putJsonOnce(workBucket, key, collect(outcomes));
  return true;
}

async function joinChunks(workBucket: string, runId: string, chunks: number): Promise<StagedFiles> {
  const parts = await pMap(
    Array.from({ length: chunks }, (_, chunk) => stagedChunkKey(runId, chunk)),
    async key => {
      const part = await getJson<StagedFiles>(workBucket, key);
      if (!part) {
        throw new Error(
          `Run ${runId}: s3://${workBucket}/${key} was written and is gone. Nothing may delete below runs/ while ` +
            'the run goes on.',
        );
      }
      return part;
    },
    { concurrency: CONCURRENT_FILES },
  );
  return { files: parts.flatMap(part => part.files), rejected: parts.flatMap(part => part.rejected) };
}

function collect(outcomes: StagedOrRejected[]): StagedFiles {
  return {
    files: outcomes.flatMap(({ staged }) => staged ?? []),
    rejected: outcomes.flatMap(({ rejected }) => rejected ?? []),
  };
}

function summaryOf({ files, rejected }: StagedFiles): StagedSummary {
  return {
    files: files.length,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    rejectedFiles: rejected.length,
  };
}

function describeDenied(file: LedgerFile, { rejected }: StagedOrRejected): string {
  return `s3://${file.bucket}/${file.key} (${rejected!.reason})`;
}
