import { isDeepStrictEqual } from 'util';
import { asTransient, isRefusal } from './aws-errors';
import { ensureStillRunning } from './execution';
import type { Job, JobCompute, Launcher, PreparedJob, StartedCompute } from './job-compute';
import { stillRunning } from './job-compute';
import { isBefore, isSameLaunch } from './launch-order';
import type { LaunchRecord } from './launch-records';
import { claimLaunch, readLaunches, updateLaunch } from './launch-records';
import { findResult } from './step-result';
import { requireEnv } from '../../runtime/environment';
import type { CheckEvent, JobStatus, LaunchEvent, StepEvent, StopEvent, StopStatus, TeardownEvent } from '../contract';
import { STEP_ENV } from '../contract';

/** All that differs from step to step. */
export interface JobStep<Arguments, Found, Launch extends LaunchRecord> {
  /** Pause before a stop is asked for again. */
  readonly stopWaitSeconds: number;

  computeOf(options: Arguments): JobCompute<Arguments, Found, Launch>;

  /** For those who know no more than the record of a launch. */
  computeOfRecord(record: Launch): StartedCompute<Found, Launch>;

  /** Ends what is kept from one run to the next. */
  teardown?(): Promise<StopStatus>;
}

export type JobEvent<Arguments, Found> = StepEvent<Job & Partial<Found>, Arguments> | TeardownEvent;

/** The function behind a step's states. Each action may be repeated, come late, and break off at any line. */
export function jobHandler<Arguments, Found extends object, Launch extends LaunchRecord & Partial<Found>>(
  step: JobStep<Arguments, Found, Launch>,
): (event: JobEvent<Arguments, Found>) => Promise<JobStatus<Job> | StopStatus> {
  const actions = new JobActions(step);
  return async event => {
    try {
      return await actions.act(event);
    } catch (error) {
      throw asTransient('runId' in event ? `Run ${event.runId}, ${event.action}` : event.action, error) ?? error;
    }
  };
}

class JobActions<Arguments, Found extends object, Launch extends LaunchRecord & Partial<Found>> {
  constructor(private readonly step: JobStep<Arguments, Found, Launch>) {}

  public async act(event: JobEvent<Arguments, Found>): Promise<JobStatus<Job> | StopStatus> {
    switch (event.action) {
      case 'launch':
        return this.launch(event);
      case 'check':
        return this.check(event);
      case 'stop':
        return this.stop(event);
      case 'teardown':
        return this.step.teardown?.() ?? { status: 'ended' };
    }
  }

  private async launch(event: LaunchEvent<Arguments>): Promise<JobStatus<Job>> {
    const result = await findResult(requireEnv(STEP_ENV.workBucket), event.runId, requireEnv(STEP_ENV.stepId));
    if (result) return { status: 'done', result }; // by another attempt
    return this.startOrFind(event);
  }

  private async check(event: CheckEvent<Job & Partial<Found>, Arguments>): Promise<JobStatus<Job>> {
    const compute = this.step.computeOf(event.arguments);
    const found = compute.locate(event.job);
    if (!found) return this.startOrFind(event);
    await this.endLeftovers(event, found);
    return compute.judge({ ...event, job: { ...event.job, ...found } });
  }

  /**
   * Ends what the run's attempts up to the one that has ended have started, never what later ones have: this call
   * itself may be the one that comes late. Nothing was ever asked for without a record, so attempts without records
   * have nothing.
   */
  private async stop({ runId, attempt }: StopEvent): Promise<StopStatus> {
    const launches = (await readLaunches<Launch>(runId)).filter(launch => launch.attempt <= attempt);
    const ended = await Promise.all(launches.map(async launch => this.end(runId, launch)));
    return ended.every(Boolean) ? { status: 'ended' } : { status: 'stopping', waitSeconds: this.step.stopWaitSeconds };
  }

  /**
   * The compute of this attempt and relaunch: what was started before, or something new. While it is not known whether
   * a call has started it, the job does not say where it is, and the next check asks here again.
   */
  private async startOrFind(event: Launcher<Arguments>): Promise<JobStatus<Job>> {
    const { runId, attempt, relaunch } = event;
    const compute = this.step.computeOf(event.arguments);
    const launches = await readLaunches<Launch>(runId);
    const mine = launches.filter(launch => isSameLaunch(launch, event));
    const last = mine.at(-1);
    if (last && compute.locate(last)) return this.running(last);
    const unanswered = last?.state === 'asked' ? last : undefined;
    if (unanswered && !compute.startsOnce) {
      const found = await compute.find(runId, unanswered);
      if (found) return this.running(await this.started(runId, unanswered, found));
      if (!isForgotten(compute, unanswered)) return this.running(unanswered);
    }

    const before = launches.filter(other => other.attempt === attempt && other.relaunch < relaunch);
    const prepared = await compute.prepare(event, before);
    const askedAt = new Date().toISOString();
    if (!prepared) return stillRunning({ askedAt: event.action === 'check' ? event.job.askedAt : askedAt });
    const next = { attempt, relaunch, call: mine.length, askedAt, state: 'asked', ...prepared.place } as Launch;
    const again = compute.startsOnce && unanswered ? { ...unanswered, askedAt } : undefined;
    if (!again && (await claimLaunch(runId, next))) return this.running(await this.start(event, next, prepared));
    // somebody else is asking, or has asked and had no answer
    return this.running(compute.startsOnce ? await this.repeat(event, again ?? next, prepared) : next);
  }

  private async start(
    event: Launcher<Arguments>,
    record: Launch,
    prepared: PreparedJob<Found, Launch>,
  ): Promise<Launch> {
    let found: Found;
    let asked = false;
    try {
      // the record first: a stop that does not see it comes before this question, and the answer is no
      await ensureStillRunning(event.executionArn);
      asked = true;
      found = await prepared.start(record);
    } catch (error) {
      if (!asked || isRefusal(error)) await updateLaunch(event.runId, { ...record, state: 'refused' });
      throw error;
    }
    return this.started(event.runId, record, found);
  }

  /** Asks again for what a call before may have started: that this one is refused says nothing of that one. */
  private async repeat(
    event: Launcher<Arguments>,
    record: Launch,
    prepared: PreparedJob<Found, Launch>,
  ): Promise<Launch> {
    await updateLaunch(event.runId, record);
    await ensureStillRunning(event.executionArn);
    return this.started(event.runId, record, await prepared.start(record));
  }

  private async started(runId: string, record: Launch, found: Found): Promise<Launch> {
    const started: Launch = { ...record, ...found, state: 'running' };
    await updateLaunch(runId, started);
    return started;
  }

  private running(record: Launch): JobStatus<Job> {
    return stillRunning({ ...this.step.computeOfRecord(record).locate(record), askedAt: record.askedAt });
  }

  /**
   * Ends what earlier attempts and relaunches have started, and other calls of this launch: their writes would mix with
   * this one's. Never what later ones have: this check itself may be the one that comes late.
   */
  private async endLeftovers(event: CheckEvent<Job, Arguments>, found: Found): Promise<void> {
    const launches = await readLaunches<Launch>(event.runId);
    const others = launches.filter(launch => isBefore(launch, event) || isSameLaunch(launch, event));
    await Promise.all(others.map(async launch => this.end(event.runId, launch, found)));
  }

  /**
   * Ends whatever a call has started; true once nothing of it is left.
   * @param own is left alone
   */
  private async end(runId: string, record: Launch, own?: Found): Promise<boolean> {
    const compute = this.step.computeOfRecord(record);
    const isRefused = record.state === 'refused';
    // where calls are repeated, another one may have started what this one was refused
    if (record.state === 'ended' || (isRefused && !compute.startsOnce)) return true;
    const found = compute.locate(record) ?? (await compute.find(runId, record));
    if (found && own && isDeepStrictEqual(found, own)) return false;
    const isOver = found
      ? await compute.end(runId, { ...record, ...found })
      : isRefused || isForgotten(compute, record);
    if (isOver) await updateLaunch(runId, { ...record, ...found, state: 'ended' });
    return isOver;
  }
}

/** Whether a call that nothing is known of has surely started nothing. */
function isForgotten<Found, Launch extends LaunchRecord>(
  compute: StartedCompute<Found, Launch>,
  record: Launch,
): boolean {
  return Date.now() - Date.parse(record.askedAt) > compute.forgottenAfterMilliseconds;
}
