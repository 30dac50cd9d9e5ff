import type { StepSummary } from '@aws-sdk/client-emr';
import type { JobRun } from '@aws-sdk/client-emr-serverless';
import { readCounts } from './counts';
import type { Load } from './load';
import type { CheckEvent, JobStatus, StepResult } from '../../etl-step/contract';
import { ERROR, rejectedRowsFolder, STEP_ENV } from '../../etl-step/contract';
import { stillRunning } from '../../etl-step/runtime/job-compute';
import { writeResultOnce } from '../../etl-step/runtime/step-result';
import { requireEnv } from '../../runtime/environment';
import { logger } from '../../runtime/logger';
import type { EmrHiveDynamoArguments, EmrJob } from '../contract';
import { logsFolder, serverlessLogs } from '../contract';
import { classify } from './classify';
import { classifyJobRun } from './classify-job-run';
import type { LoadState } from './load-compute';
import type { StepOutput } from './step-log';
import { isComplete, LOG_DELAY_MILLISECONDS, progress, readStepLog } from './step-log';

type Check = CheckEvent<EmrJob & Load, EmrHiveDynamoArguments>;

/** Pause before a log is looked for again that EMR has not written yet. */
const LOG_WAIT_SECONDS = 60;

/** Judges the load by the state of its own step: the cluster's state also tells of what happened after it. */
export async function judgeLoad(event: Check, state: LoadState): Promise<JobStatus<EmrJob>> {
  if (state.jobRun) return judgeJobRun(event, state.jobRun, state.over);
  if (state.step?.Status?.State === 'COMPLETED') {
    return { status: 'done', result: await finish(event, state.step.Status.Timeline?.EndDateTime) };
  }
  return state.over ? failOrWait(event, state) : goOn(event, state.step);
}

/** EMR Serverless has no log until a job run has ended, and then soon. */
async function judgeJobRun(event: Check, jobRun: JobRun, over: boolean): Promise<JobStatus<EmrJob>> {
  if (!over) return stillRunning(event.job);
  if (jobRun.state === 'SUCCESS') return { status: 'done', result: await finish(event, jobRun.endedAt) };
  const folder = serverlessLogs(event.runId, requireEnv(STEP_ENV.stepId));
  const logUri = `s3://${requireEnv(STEP_ENV.workBucket)}/${folder}applications/${jobRun.applicationId}/jobs/${jobRun.jobRunId}/HIVE_DRIVER/stderr.gz`;
  const log = await readStepLog(logUri);
  const error = classifyJobRun({ runId: event.runId, jobRun, log: log?.text, logUri });
  const isRecent = jobRun.endedAt !== undefined && Date.now() - jobRun.endedAt.getTime() < LOG_DELAY_MILLISECONDS;
  if (error.name !== ERROR.loadFailed || log || !isRecent) throw error;
  return stillRunning(event.job, LOG_WAIT_SECONDS);
}

async function goOn(event: Check, step: StepSummary | undefined): Promise<JobStatus<EmrJob>> {
  const {
    job: { progress: _before, ...job },
    runId,
  } = event;
  const began = step?.Status?.Timeline?.StartDateTime;
  const log = began && Date.now() - began.getTime() > LOG_DELAY_MILLISECONDS ? await readLog(event, step) : undefined;
  const far = log && progress(log.text);
  if (far) logger.info('load under way', { runId, clusterId: job.clusterId, progress: far });
  return stillRunning({ ...job, ...(far && { progress: far }) });
}

/** Generic texts decide only once the log is sure to be there: it comes minutes after the end, and it has the cause. */
async function failOrWait(event: Check, { cluster, step }: LoadState): Promise<JobStatus<EmrJob>> {
  const log = step && (await readLog(event, step));
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
  return stillRunning(event.job, LOG_WAIT_SECONDS);
}

async function readLog(event: Check, step: StepSummary): Promise<StepOutput | undefined> {
  const logs = logsUri(event);
  return logs === undefined ? undefined : readStepLog(`${logs}${event.job.clusterId}/steps/${step.Id}/stderr.gz`);
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
