import type { LaunchRecord } from './launch-records';
import type { CheckEvent, JobStatus, LaunchEvent } from '../contract';
import { waitSeconds } from '../contract';

/** What the next check is given, with what finds the compute again once that is known. */
export interface Job {
  /** ISO 8601: when the compute was asked for. */
  readonly askedAt: string;
}

/** A call that may start compute: a launch, or the check after one whose answer is not known. */
export type Launcher<Arguments> = LaunchEvent<Arguments> | CheckEvent<Job, Arguments>;

/** Compute that was started: `Found` is where it is. Needs no more than the record of its launch. */
export interface StartedCompute<Found, Launch extends LaunchRecord> {
  /**
   * The service does not start twice what is asked for with one record, so a call whose answer is not known is made
   * again at once.
   */
  readonly startsOnce: boolean;

  /**
   * What the service does not show so long after it was asked for does not exist: its lists have caught up, and whoever
   * asked has ended.
   */
  readonly forgottenAfterMilliseconds: number;

  /** Where a record, or the job that the state machine hands on, says that the compute is; undefined if it does not. */
  locate(known: Partial<Found>): Found | undefined;

  /** What the call of a record has started; undefined if the service does not show it (yet). */
  find(runId: string, record: Launch): Promise<Found | undefined>;

  /** Ends what a call has started; true once nothing of it is left. May be called any number of times, by anybody. */
  end(runId: string, record: Launch & Found): Promise<boolean>;
}

/** What a job runs on. */
export interface JobCompute<Arguments, Found, Launch extends LaunchRecord> extends StartedCompute<Found, Launch> {
  /**
   * Everything that can be done before the record is written; undefined while what the job runs on is being started.
   * @param before the launches of this attempt that found no capacity
   */
  prepare(event: Launcher<Arguments>, before: Launch[]): Promise<PreparedJob<Found, Launch> | undefined>;

  /**
   * How the job stands.
   * @throws EtlError of its class, if it has failed
   */
  judge(event: CheckEvent<Job & Found, Arguments>): Promise<JobStatus<Job>>;
}

export interface PreparedJob<Found, Launch extends LaunchRecord> {
  /** What the record must say of the compute before the call. */
  readonly place: Partial<Launch>;
  /** The one call that starts the compute. */
  start(record: Launch): Promise<Found>;
}

/** Answer for a job that goes on; without `seconds` the pauses grow with its age. */
export function stillRunning<Known extends Job>(job: Known, seconds?: number): JobStatus<Known> {
  const age = (Date.now() - Date.parse(job.askedAt)) / 1000;
  return { status: 'running', waitSeconds: seconds ?? waitSeconds(age), job };
}
