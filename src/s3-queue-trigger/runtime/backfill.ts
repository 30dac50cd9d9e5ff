import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import pMap from 'p-map';
import { enter, recordEntries, type ArrivalSettings, type Entry } from './arrivals';
import { s3 } from '../../runtime/clients/s3';
import { logger } from '../../runtime/logger';
import { isWanted } from '../contract';

// The SDK opens as many connections to a service at once.
const PARALLEL_OBJECTS = 50;
const MOST_PROBLEMS_SHOWN = 20;

export interface BackfillOptions {
  readonly bucket: string;
  /** Only keys that begin so. */
  readonly prefix?: string;
  /** The key that the call before ended with. */
  readonly next?: string;
  /** False when too little time is left for another page of 1,000 objects. */
  readonly mayContinue: () => boolean;
}

/** Objects by what became of them. */
export interface BackfillAnswer {
  readonly entered: number;
  /** Of a size that the trigger does not take. */
  readonly rejected: number;
  readonly knownBefore: number;
  /** Keys that the trigger does not take, and objects that were deleted meanwhile. */
  readonly leftOut: number;
  readonly failed: number;
  /** Some of those that failed: the same call, made again, tries them again. */
  readonly problems: string[];
  readonly next?: string;
}

/**
 * Enters the present version of each object that lies in the landing bucket, just as its event would: known ones stay
 * as they are, so that it may be repeated, and overlap with events. It goes by key, so that a call can go on where the
 * one before ended, however much later.
 */
export async function backfill(settings: ArrivalSettings, options: BackfillOptions): Promise<BackfillAnswer> {
  const counts = { entered: 0, rejected: 0, knownBefore: 0, leftOut: 0, failed: 0 };
  const counted = { arrived: 'entered', rejected: 'rejected', known: 'knownBefore', gone: 'leftOut' } as const;
  const entries: Entry[] = [];
  const problems: string[] = [];
  let next = options.next;
  do {
    const { Contents = [], IsTruncated } = await s3().send(
      new ListObjectsV2Command({
        Bucket: options.bucket,
        Prefix: narrower(settings.prefix, options.prefix ?? ''),
        StartAfter: next,
      }),
    );
    await pMap(
      Contents,
      async ({ Key: key = '', LastModified: time = new Date() }) => {
        if (!isWanted(key, settings.prefix, settings.suffixes) || !key.startsWith(options.prefix ?? '')) {
          counts.leftOut++;
          return;
        }
        try {
          const entry = await enter({ bucket: options.bucket, key, time }, settings);
          entries.push(entry);
          counts[counted[entry]]++;
        } catch (error) {
          logger.error('An object could not be entered', { error, key });
          counts.failed++;
          if (problems.length < MOST_PROBLEMS_SHOWN) problems.push(String(error));
        }
      },
      { concurrency: PARALLEL_OBJECTS },
    );
    next = IsTruncated ? Contents.at(-1)!.Key : undefined;
  } while (next !== undefined && options.mayContinue());
  recordEntries(entries);
  return { ...counts, problems, ...(next !== undefined && { next }) };
}

/**
 * Of two prefixes the longer one: where neither is the beginning of the other no key has both, and isWanted finds that
 * out.
 */
function narrower(one: string, other: string): string {
  return one.length > other.length ? one : other;
}
