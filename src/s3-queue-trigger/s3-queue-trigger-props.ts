import { Duration, type RemovalPolicy, Size } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { EventDelivery } from './event-delivery';
import type { EtlFunctionOptions } from '../function-options';

/** Time for a backlog to become one large run; for most loads, starting compute takes longer. */
export const DEFAULT_BATCHING_WINDOW = Duration.seconds(60);

/** Claimed in about 5 seconds, named in lists of about 4 MB that a function reads at once. */
export const DEFAULT_MAX_FILES = 10_000;

/**
 * What the steps load with their defaults within their time, at worst: gzip files (512 MiB hold about 2.1 GB of text)
 * of rows of 100 bytes into a new DynamoDB table on demand. A load uses half of its 4,000 write units a second, so 21
 * million rows take 3.0 hours of EmrHiveDynamoStep's 4, and its cluster starts in 8 minutes; its disks hold 100 GB.
 * Plain files take a quarter of that. Redshift takes such a run in minutes. See docs/capacity.md.
 */
export const DEFAULT_MAX_BYTES = Size.mebibytes(512);

/** Runs follow each other: newer files never overtake older ones, and there is one cluster at a time. */
export const DEFAULT_MAX_EXECUTIONS = 1;

/** Enough for what passes by itself; what fails three times wants a person. */
export const DEFAULT_MAX_ATTEMPTS = 3;

/** Properties of an S3QueueTrigger. */
export interface S3QueueTriggerProps extends EtlFunctionOptions {
  /** The bucket in which files arrive. The trigger only reads it. */
  readonly bucket: IBucket;

  /**
   * Only keys that begin with this text are files to load.
   *
   * @default - every key, except those that end with `/` (folder markers, which are never files)
   */
  readonly prefix?: string;

  /**
   * Only keys that end with one of these texts are files to load, for instance `.csv` and `.csv.gz`. Upper and lower
   * case differ.
   *
   * @default - every key
   */
  readonly suffixes?: string[];

  /**
   * Smallest file that is loaded. A smaller one is REJECTED as it arrives, with its size as the reason.
   *
   * @default - any size: staging rejects files that are empty though they must have a header
   */
  readonly minFileSize?: Size;

  /**
   * Largest file that is loaded, as it is stored. A larger one is REJECTED as it arrives, with its size as the reason:
   * it keeps no other file waiting.
   *
   * @default - any size
   */
  readonly maxFileSize?: Size;

  /**
   * Way of the bucket's events to the queue.
   *
   * @default EventDelivery.S3_NOTIFICATION - costs nothing
   */
  readonly delivery?: EventDelivery;

  /**
   * Time that events are collected before their files are entered and a run begins: whole seconds, 0 to 300.
   *
   * @default Duration.seconds(60) - files that arrive together travel together
   */
  readonly batchingWindow?: Duration;

  /**
   * Most files that one execution gets, 1 to 50,000. Whatever waits when an execution may start goes with it, up to
   * this number.
   *
   * @default 10000 - claimed in about 5 seconds, and listed in about 4 MB
   */
  readonly maxFilesPerExecution?: number;

  /**
   * Most bytes that the files of one execution have together, as they are stored. A larger file travels alone.
   *
   * Raise it if your table or your steps take more: a run then shares one cluster start among more files.
   *
   * @default Size.mebibytes(512) - the default compute of both steps loads it within its time and disks, also if it is
   * gzip
   */
  readonly maxBytesPerExecution?: Size;

  /**
   * The shortest time between the beginnings of two runs: whole seconds, up to 7 days. A trickle of small files gathers
   * so long, instead of keeping a cluster up all day. A run that is full begins at once, and so does one that looks for
   * a bad file.
   *
   * @default - none: a run begins as soon as an execution may start
   */
  readonly minRunInterval?: Duration;

  /**
   * Most executions that run at once, 1 to 1,000. With more than one, a file may be loaded before one that arrived
   * earlier.
   *
   * @default 1 - runs follow each other in the order of arrival
   */
  readonly maxConcurrentExecutions?: number;

  /**
   * Attempts of a run in all, 1 to 10. Failures that would come again are not repeated: `Etl.Data`,
   * `Etl.Configuration`, time-outs, and executions that an operator aborts.
   *
   * @default 3 - enough for what passes by itself
   */
  readonly maxAttempts?: number;

  /**
   * The bucket in which runs keep their lists, copies of files and results, all below `runs/`. Yours should expire
   * `runs/` no earlier than after 90 days: so long Step Functions remembers executions.
   *
   * @default - a bucket of the trigger's own, encrypted, private, that expires `runs/` after 180 days
   */
  readonly workBucket?: IBucket;

  /**
   * The KMS key for the queues, the ledger and the work bucket.
   *
   * @default - keys that SQS, DynamoDB and S3 own
   */
  readonly encryptionKey?: IKey;

  /**
   * Fate of the ledger, the work bucket and the dead-letter queue when they leave the stack: RETAIN,
   * RETAIN_ON_UPDATE_OR_DELETE or DESTROY. With DESTROY the work bucket is emptied first, and the ledger is not
   * protected against deletion.
   *
   * @default RemovalPolicy.RETAIN - without the ledger, files that come again are loaded again
   */
  readonly removalPolicy?: RemovalPolicy;

  /**
   * Time that the ledger remembers files that are LOADED, REJECTED or FAILED: at least 30 days, longer than an event
   * can come back from the queue and the dead-letter queue. A file that it has forgotten is loaded again if it is
   * announced again, or by a backfill.
   *
   * @default - for ever; a million files, of 0.8 KB each, cost $0.20 a month
   */
  readonly ledgerRetention?: Duration;

  /**
   * Actions of the alarms, for instance a message to a topic. The alarms watch dead letters, the oldest waiting file (6
   * hours), failed runs, rejected files, pauses, sweeps that fail (3 in 5 minutes) and compute that does not end (30
   * minutes). The text of each alarm says what to do.
   *
   * @default - no alarms; seven cost $0.70 a month
   */
  readonly alarmActions?: cloudwatch.IAlarmAction[];
}
