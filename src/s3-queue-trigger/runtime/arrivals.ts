import { HeadObjectCommand, S3ServiceException, type HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import type { FileFilter } from './file-filter';
import { objectsCreated, realVersion, type ObjectCreated } from './s3-events';
import type { FileItem } from '../../file-ledger/contract';
import { arrive } from '../../file-ledger/runtime/arrive';
import { fileExpiry } from '../../file-ledger/runtime/expiry';
import { newFileItem, rejectedFileItem, type Arrival } from '../../file-ledger/runtime/file-item';
import { sendEvents } from '../../file-ledger/runtime/send-events';
import { rejectionEvent } from '../../file-ledger/runtime/settlement-events';
import { s3 } from '../../runtime/clients/s3';
import { logger } from '../../runtime/logger';
import { record } from '../../runtime/metrics';
import { isWanted, sizeProblem } from '../contract';

export interface ArrivalSettings extends FileFilter {
  readonly table: string;
  readonly retentionSeconds: number;
}

/** What became of an object: it waits, its size is not allowed, it was known before, or it is not there any more. */
export type Entry = 'arrived' | 'rejected' | 'known' | 'gone';

/** Enters the files that a message announces. May be repeated: a file that is known changes nothing. */
export async function receive(message: string, settings: ArrivalSettings): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const object of objectsCreated(message)) {
    if (!isWanted(object.key, settings.prefix, settings.suffixes)) {
      logger.info('Left out: not a key that the trigger takes', { bucket: object.bucket, key: object.key });
      continue;
    }
    entries.push(await enter(object, settings));
  }
  return entries;
}

/** Enters an object as a file that waits, unless it is known already. */
export async function enter(object: ObjectCreated, settings: ArrivalSettings): Promise<Entry> {
  const arrival = await lookUp(object);
  if (!arrival) return 'gone';
  const problem = sizeProblem(arrival.size, settings.minFileSize, settings.maxFileSize);
  const file =
    problem === undefined ? newFileItem(arrival) : rejectedFileItem(arrival, problem, fileExpiry(settings, new Date()));
  if (problem !== undefined) await tellOfRejection(file, problem);
  const isNew = await arrive(settings, file);
  logger.info(isNew ? (problem ?? 'Arrived') : 'Announced again', {
    fileId: file.id,
    bucket: file.bucket,
    key: file.key,
    versionId: file.versionId,
  });
  if (!isNew) return 'known';
  return problem === undefined ? 'arrived' : 'rejected';
}

/**
 * Before the file is entered, so that a crash between the two loses nothing. EventBridge keeps no file from being
 * entered.
 */
async function tellOfRejection(file: FileItem, reason: string): Promise<void> {
  await sendEvents([rejectionEvent(file, reason)]).catch((error: unknown) =>
    logger.error('A file is rejected, but its event was not sent', { fileId: file.id, error: error as Error }),
  );
}

/** Counts new files; those that are announced again have been counted before. */
export function recordEntries(entries: Entry[]): void {
  const count = (entry: Entry) => entries.filter(other => other === entry).length || undefined;
  const rejected = count('rejected');
  record('trigger', { FilesArrived: (count('arrived') ?? 0) + (rejected ?? 0) || undefined, FilesRejected: rejected });
}

/**
 * Asks S3 for exactly the version that the event is about, or for the present one if it names none; undefined if it is
 * gone: replaced by a later upload (whose own event brings the newer object) or deleted (there is nothing left to
 * load).
 *
 * A refusal is not taken for "gone": the functions may list the bucket, and then S3 answers 404 for what is missing.
 * The message fails, comes again and ends in the dead-letter queue, from where it can be sent back once the permission
 * is there.
 */
export async function lookUp(object: ObjectCreated): Promise<Arrival | undefined> {
  const { bucket, key, versionId, etag } = object;
  let head: HeadObjectCommandOutput;
  try {
    head = await s3().send(
      new HeadObjectCommand({
        Bucket: bucket,
        Key: key,
        VersionId: versionId,
        IfMatch: versionId || !etag ? undefined : `"${etag}"`,
      }),
    );
  } catch (error) {
    const gone = goneBecause(error);
    if (!gone) throw new Error(`S3 does not show ${describe(object)}: ${explain(error)}`, { cause: error });
    logger.info(`Left out: ${gone}`, { bucket, key, versionId, etag });
    return undefined;
  }
  return {
    bucket,
    key,
    versionId: realVersion(head.VersionId) ?? versionId,
    etag: head.ETag!.replaceAll('"', ''),
    lastModified: head.LastModified!,
    size: head.ContentLength!,
    contentType: head.ContentType,
    metadata: head.Metadata,
    eventTime: object.time,
    sequencer: object.sequencer,
  };
}

function goneBecause(error: unknown): string | undefined {
  switch (statusOf(error)) {
    case 404:
      return 'the object was deleted';
    case 405:
      return 'the version is a delete marker';
    case 412:
      return 'a later upload has replaced the object';
    default:
      return undefined;
  }
}

function explain(error: unknown): string {
  if (statusOf(error) !== 403) return String(error);
  return (
    'access denied (403). The trigger allows its function to read and list the bucket: look for a bucket policy, a ' +
    'key policy or a boundary that forbids it.'
  );
}

function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}

function describe({ bucket, key, versionId }: ObjectCreated): string {
  return `s3://${bucket}/${key}${versionId ? ` (version ${versionId})` : ''}`;
}
