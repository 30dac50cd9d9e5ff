import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { JobStatus, LaunchEvent } from '../../etl-step/contract';
import { inputFolder, STEP_ENV, waitSeconds } from '../../etl-step/contract';
import { ensureStillRunning } from '../../etl-step/runtime/execution';
import { findResult } from '../../etl-step/runtime/step-result';
import { s3 } from '../../runtime/clients/s3';
import { requireEnv } from '../../runtime/environment';
import { ConfigurationError } from '../../runtime/errors';
import type { EmrHiveDynamoArguments, EmrJob } from '../contract';
import type { Prepared } from './compute';
import { computeOf } from './compute';
import { isForgotten } from './emr-calls';
import { isRefusal } from './emr-errors';
import type { LaunchRecord, Load } from './launch-records';
import { claimLaunch, isOf, loadOf, readLaunches, updateLaunch } from './launch-records';
import type { Launcher } from './script';
import { writeScript } from './script';

/** Starts the load of this attempt and relaunch, unless it is done already. A repeated launch starts nothing twice. */
export async function launch(event: LaunchEvent<EmrHiveDynamoArguments>): Promise<JobStatus<EmrJob>> {
  const result = await findResult(requireEnv(STEP_ENV.workBucket), event.runId, requireEnv(STEP_ENV.stepId));
  if (result) return { status: 'done', result }; // by another attempt
  return startOrFind(event);
}

/**
 * The load of this attempt and relaunch: the one that was started before, or a new one. While it is not known whether a
 * call has started it, the job has no cluster yet, and the next check asks here again.
 */
export async function startOrFind(event: Launcher): Promise<JobStatus<EmrJob>> {
  const compute = computeOf(event.arguments);
  const launches = await readLaunches(event.runId);
  const mine = launches.filter(isOf(event));
  const last = mine.at(-1);
  if (last && loadOf(last)) return running(last);
  if (last?.state === 'asked') {
    const load = await compute.find(event.runId, last);
    if (load) {
      const found: LaunchRecord = { ...last, ...load, state: 'running' };
      await updateLaunch(event.runId, found);
      return running(found);
    }
    if (!isForgotten(last.askedAt)) return running(last);
  }

  await ensureInput(event.runId);
  await writeScript(event);
  const { attempt, relaunch } = event;
  const prepared = await compute.prepare(
    event,
    launches.filter(other => other.attempt === attempt && other.relaunch < relaunch),
  );
  const askedAt = new Date().toISOString();
  if (!prepared) return running({ askedAt: event.action === 'check' ? event.job.askedAt : askedAt });
  const record: LaunchRecord = { attempt, relaunch, call: mine.length, askedAt, state: 'asked', ...prepared.place };
  if (!(await claimLaunch(event.runId, record))) return running(record); // somebody else is asking at this moment
  return running(await start(event, record, prepared));
}

async function start(
  { runId, executionArn }: Launcher,
  record: LaunchRecord,
  prepared: Prepared,
): Promise<LaunchRecord> {
  let load: Load;
  let asked = false;
  try {
    // the record first: a stop that does not see it comes before this question, and the answer is no
    await ensureStillRunning(executionArn);
    asked = true;
    load = await prepared.start(record);
  } catch (error) {
    if (!asked || isRefusal(error)) await updateLaunch(runId, { ...record, state: 'refused' });
    throw error;
  }
  const started: LaunchRecord = { ...record, ...load, state: 'running' };
  await updateLaunch(runId, started);
  return started;
}

function running(launched: LaunchRecord | { readonly askedAt: string }): JobStatus<EmrJob> {
  const { askedAt } = launched;
  const load = 'state' in launched ? loadOf(launched) : undefined;
  return {
    status: 'running',
    waitSeconds: waitSeconds((Date.now() - Date.parse(askedAt)) / 1000),
    job: { ...load, askedAt },
  };
}

/** Hive takes a folder that is missing for an empty one, and such a load would succeed with no rows. */
async function ensureInput(runId: string): Promise<void> {
  const bucket = requireEnv(STEP_ENV.workBucket);
  const { Contents = [] } = await s3().send(
    new ListObjectsV2Command({ Bucket: bucket, Prefix: inputFolder(runId), MaxKeys: 1 }),
  );
  if (Contents.length > 0) return;
  throw new ConfigurationError(
    `Run ${runId}: s3://${bucket}/${inputFolder(runId)} is empty, though staging has put files there. Something ` +
      'deletes objects ' +
      'below runs/ while runs still need them: look at the lifecycle rules.',
  );
}
