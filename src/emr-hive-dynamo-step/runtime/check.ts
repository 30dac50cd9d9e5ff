import type { StepSummary } from '@aws-sdk/client-emr';
import type { JobRun } from '@aws-sdk/client-emr-serverless';
import type { CheckEvent, JobStatus, StepResult } from '../../etl-step/contract';
import { ERROR, rejectedRowsFolder, STEP_ENV, waitSeconds } from '../../etl-step/contract';
import { isBefore } from '../../etl-step/runtime/launch-order';
import { writeResultOnce } from '../../etl-step/runtime/step-result';
import { requireEnv } from '../../runtime/environment';
import { logger } from '../../runtime/logger';
import type { EmrHiveDynamoArguments, EmrJob } from '../contract';
import { logsFolder, serverlessLogs } from '../contract';
import { classify } from './classify';
import { classifyJobRun } from './classify-job-run';
import type { LoadState } from './compute';
import { computeOf, startedBy } from './compute';
import { readCounts } from './counts';
import { startOrFind } from './launch';
import type { Load } from './launch-records';
import { isOf, readLaunches } from './launch-records';
import type { StepOutput } from './step-log';
import { isComplete, LOG_DELAY_MILLISECONDS, progress, readStepLog } from './step-log';

type Check = CheckEvent<EmrJob, EmrHiveDynamoArguments>;

/** Pause before a log is looked for again that EMR has not written yet. */
const LOG_WAIT_SECONDS = 60;

/** Judges the load by the state of its own step: the cluster's state also tells of what happened after it. */
export async function check(event: Check): Promise<JobStatus<EmrJob>> {
  const { clusterId, stepId } = event.job;
  if (clusterId === undefined) return startOrFind(event);
  const load: Load = { clusterId, ...(stepId !== undefined && { stepId }) };
  await endLeftovers(event, load);

  const state = await computeOf(event.arguments).look(event.runId, load);
  if (state.jobRun) return judgeJobRun(event, state.jobRun, state.over);
  if (state.step?.Status?.State === 'COMPLETED') {
    return { status: 'done', result: await finish(event, state.step.Status.Timeline?.EndDateTime) };
  }
  return state.over ? failOrWait(event, clusterId, state) : goOn(event, clusterId, state.step);
}

/**
 * Ends what earlier attempts and relaunches have started, and other calls of this launch: their writes would mix with
 * this one's. Never what later ones have: this check itself may be the one that comes late.
 */
async function endLeftovers(event: Check, { clusterId, stepId }: Load): Promise<void> {
  const others = (await readLaunches(event.runId)).filter(
    record =>
      isBefore(record, event) || (isOf(event)(record) && !(record.clusterId === clusterId && record.stepId === stepId)),
  );
  await Promise.all(others.map(async record => startedBy(record).end(event.runId, record)));
}

/** EMR Serverless has no log until a job run has ended, and then soon. */
async function judgeJobRun(event: Check, jobRun: JobRun, over: boolean): Promise<JobStatus<EmrJob>> {
  if (!over) {
    return {
      status: 'running',
      waitSeconds: waitSeconds((Date.now() - Date.parse(event.job.askedAt)) / 1000),
      job: event.job,
    };
  }
  if (jobRun.state === 'SUCCESS') return { status: 'done', result: await finish(event, jobRun.endedAt) };
  const folder = serverlessLogs(event.runId, requireEnv(STEP_ENV.stepId));
  const logUri = `s3://${requireEnv(STEP_ENV.workBucket)}/${folder}applications/${jobRun.applicationId}/jobs/${jobRun.jobRunId}/HIVE_DRIVER/stderr.gz`;
  const log = await readStepLog(logUri);
  const error = classifyJobRun({ runId: event.runId, jobRun, log: log?.text, logUri });
  const isRecent = jobRun.endedAt !== undefined && Date.now() - jobRun.endedAt.getTime() < LOG_DELAY_MILLISECONDS;
  if (error.name !== ERROR.loadFailed || log || !isRecent) throw error;
  return { status: 'running', waitSeconds: LOG_WAIT_SECONDS, job: event.job };
}

async function goOn(event: Check, clusterId: string, step: StepSummary | undefined): Promise<JobStatus<EmrJob>> {
  const {
    job: { progress: _before, ...job },
    runId,
  } = event;
  const began = step?.Status?.Timeline?.StartDateTime;
  const log =
    began && Date.now() - began.getTime() > LOG_DELAY_MILLISECONDS ? await readLog(event, clusterId, step) : undefined;
  const far = log && progress(log.text);
  if (far) logger.info('load under way', { runId, clusterId, progress: far });
  return {
    status: 'running',
    waitSeconds: waitSeconds((Date.now() - Date.parse(job.askedAt)) / 1000),
    job: { ...job, ...(far && { progress: far }) },
  };
}

/** Generic texts decide only once the log is sure to be there: it comes minutes after the end, and it has the cause. */
async function failOrWait(event: Check, clusterId: string, { cluster, step }: LoadState): Promise<JobStatus<EmrJob>> {
  const log = step && (await readLog(event, clusterId, step));
  const {
    runId,
    arguments: { cluster: request, kept },
  } = event;
  const error = classify({
    runId,
    cluster: cluster!,
    step,
    log: log?.text,
    logs: logsUri(event),
    request,
    kept: kept !== undefined,
  });
  const ended = step?.Status?.Timeline?.EndDateTime ?? cluster!.Status?.Timeline?.EndDateTime;
  const isRecent = ended !== undefined && Date.now() - ended.getTime() < LOG_DELAY_MILLISECONDS;
  const mayComeYet = logsUri(event) !== undefined && isRecent && !(log && isComplete(log, ended));
  if (error.name !== ERROR.loadFailed || !step || !mayComeYet) throw error;
  return { status: 'running', waitSeconds: LOG_WAIT_SECONDS, job: event.job };
}

async function readLog(event: Check, clusterId: string, step: StepSummary): Promise<StepOutput | undefined> {
  const logs = logsUri(event);
  return logs === undefined ? undefined : readStepLog(`${logs}${clusterId}/steps/${step.Id}/stderr.gz`);
}

/** Undefined if the cluster is the user's, and its logs are nobody's business. */
function logsUri({ runId, arguments: { cluster, existing } }: Check): string | undefined {
  if (existing) return existing.logs;
  return cluster?.LogUri ?? `s3://${requireEnv(STEP_ENV.workBucket)}/${logsFolder(runId, requireEnv(STEP_ENV.stepId))}`;
}

async function finish(event: Check, endedAt = new Date()): Promise<StepResult> {
  const bucket = requireEnv(STEP_ENV.workBucket);
  const stepId = requireEnv(STEP_ENV.stepId);
  const seconds = Math.round((endedAt.getTime() - Date.parse(event.job.askedAt)) / 1000);
  const counts = await readCounts(bucket, event.runId, stepId);
  return writeResultOnce(bucket, event.runId, stepId, {
    ...counts,
    seconds,
    ...(counts.rowsRejected > 0 && { rejectedRows: `s3://${bucket}/${rejectedRowsFolder(event.runId, stepId)}` }),
  });
}
