import { gunzipSync } from 'zlib';
import { GetObjectCommand, NoSuchKey } from '@aws-sdk/client-s3';
import { s3 } from '../../runtime/clients/s3';

/**
 * EMR copies the logs of a cluster to S3 every five minutes, and once more when it ends.
 * https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-debugging.html
 */
export const LOG_DELAY_MILLISECONDS = 6 * 60_000;

/** The end of a log that is looked at: a failed task's diagnostics come some screens before Hive's last line. */
const LOG_CHARACTERS = 64 * 1024;
const QUOTED_CHARACTERS = 1_500;
const QUOTED_LINE_CHARACTERS = 500;

/** Hive's own message quotes the row; rows belong into no log or execution history of ours. */
const ROWS = /(Hive Runtime Error while processing (?:row|writable|key|vector batch))\b.*/g;

/** What Hive has printed, its end. */
export interface StepOutput {
  readonly text: string;
  /** When EMR has copied it to S3. */
  readonly copiedAt?: Date;
}

/**
 * @param uri of the log in S3, gzipped. Undefined if EMR has kept no log yet, or none at all because the step never
 * began.
 */
export async function readStepLog(uri: string): Promise<StepOutput | undefined> {
  const { host: Bucket, pathname } = new URL(uri);
  try {
    const { Body, LastModified } = await s3().send(
      new GetObjectCommand({ Bucket, Key: decodeURIComponent(pathname.slice(1)) }),
    );
    const output = gunzipSync(await Body!.transformToByteArray()).toString('utf8');
    return { text: output.slice(-LOG_CHARACTERS).replace(ROWS, '$1 (left out)').trim(), copiedAt: LastModified };
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}

/**
 * Whether the log has the end of a step that failed: it was copied after that, or has the line that Hive ends a failure
 * with.
 */
export const isComplete = ({ text, copiedAt }: StepOutput, ended: Date): boolean =>
  /^FAILED: /m.test(text) || (copiedAt !== undefined && copiedAt >= ended);

/** The end of a log for a message, with the line before it that tells the cause. */
export function quote(log: string, cause?: RegExp): string {
  const end = log.slice(-QUOTED_CHARACTERS).trim();
  const line =
    cause &&
    log
      .split('\n')
      .find(candidate => cause.test(candidate))
      ?.trim()
      .slice(0, QUOTED_LINE_CHARACTERS);
  return line === undefined || end.includes(line) ? end : `${line} … ${end}`;
}

/** How far Hive is, by its own words: "job 1 of 2: map 34 %, reduce 0 %". */
export function progress(log: string): string | undefined {
  const [, map, reduce] =
    log
      .match(/Stage-\d+ map = \d+%,\s+reduce = \d+%/g)
      ?.at(-1)
      ?.match(/map = (\d+)%,\s+reduce = (\d+)%/) ?? [];
  if (map === undefined) return undefined;
  const [, job, jobs] =
    log
      .match(/Launching Job \d+ out of \d+/g)
      ?.at(-1)
      ?.match(/(\d+) out of (\d+)/) ?? [];
  return `${job === undefined ? '' : `job ${job} of ${jobs}: `}map ${map} %, reduce ${reduce} %`;
}
