import { createHash } from 'crypto';
import { FILE_STATUS, NO_RUN, WAITING_SHARDS, type FileItem, type LedgerFile } from '../contract';

/** One object as HeadObject describes it, and the event that announced it. */
export interface Arrival {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
  readonly etag: string;
  readonly lastModified: Date;
  readonly size: number;
  readonly contentType?: string;
  readonly metadata?: Record<string, string>;
  readonly eventTime: Date;
  readonly sequencer?: string;
}

// S3's sequencers have 16 to 18 hexadecimal digits so far, and compare as strings once they are equally long.
const SEQUENCER_DIGITS = 32;

/**
 * The identity of an object version: the same whoever looks at it and whenever, so that an event that comes again finds
 * its item. Without a version the time tells two uploads of the same bytes apart.
 */
export function fileId(object: Pick<Arrival, 'bucket' | 'key' | 'versionId' | 'etag' | 'lastModified'>): string {
  const version = object.versionId ? [object.versionId] : [object.etag, object.lastModified.toISOString()];
  return createHash('sha256')
    .update(JSON.stringify([object.bucket, object.key, ...version]))
    .digest('hex');
}

/** The partition of the waiting files' index in which a file waits, every time that it waits. */
export function waitingShard(id: string): number {
  return parseInt(id.slice(0, 2), 16) % WAITING_SHARDS;
}

/** The item of a file that has just arrived. */
export function newFileItem(arrival: Arrival): FileItem {
  const id = fileId(arrival);
  // the sequencer decides between versions of one key that come within the resolution of the event's time
  const order = [
    arrival.eventTime.toISOString(),
    ...(arrival.sequencer ? [arrival.sequencer.padEnd(SEQUENCER_DIGITS, '0')] : []),
    id,
  ];
  return {
    id,
    bucket: arrival.bucket,
    key: arrival.key,
    versionId: arrival.versionId,
    etag: arrival.etag,
    size: arrival.size,
    contentType: arrival.contentType,
    metadata: arrival.metadata && Object.keys(arrival.metadata).length > 0 ? arrival.metadata : undefined,
    status: FILE_STATUS.pending,
    runId: NO_RUN,
    limit: 0,
    waiting: waitingShard(id),
    arrived: order.join('#'),
    since: new Date().toISOString(),
  };
}

/** The item of a file that is set aside as it arrives: it is known, and an operator may put it back. */
export function rejectedFileItem(arrival: Arrival, reason: string, expires: number | undefined): FileItem {
  const { waiting, since, ...item } = newFileItem(arrival);
  return { ...item, status: FILE_STATUS.rejected, reason, expires };
}

/** What plans and lists of files say of a file. */
export function ledgerFile({ id, bucket, key, versionId, etag, size }: LedgerFile): LedgerFile {
  return { id, bucket, key, versionId, etag, size };
}
