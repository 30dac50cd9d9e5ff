import type { JobRun, ListJobRunsResponse, StartJobRunRequest } from '@aws-sdk/client-emr-serverless';
import {
  CancelJobRunCommand,
  GetJobRunCommand,
  ListJobRunsCommand,
  StartJobRunCommand,
} from '@aws-sdk/client-emr-serverless';
import { ask } from './emr-errors';
import { emrServerless } from '../../runtime/clients/emr-serverless';

// Every call of EMR Serverless that the function makes.

const CLOCK_SKEW_MILLISECONDS = 5 * 60_000;

/** May be repeated: the same token starts nothing twice. */
export async function startJobRun(runId: string, request: StartJobRunRequest): Promise<string> {
  const { jobRunId } = await ask(runId, 'StartJobRun', emrServerless().send(new StartJobRunCommand(request)));
  return jobRunId!;
}

export async function getJobRun(runId: string, applicationId: string, jobRunId: string): Promise<JobRun> {
  const { jobRun } = await ask(
    runId,
    `GetJobRun of ${jobRunId}`,
    emrServerless().send(new GetJobRunCommand({ applicationId, jobRunId })),
  );
  return jobRun!;
}

export async function cancelJobRun(runId: string, applicationId: string, jobRunId: string): Promise<void> {
  await ask(
    runId,
    `CancelJobRun of ${jobRunId}`,
    emrServerless().send(new CancelJobRunCommand({ applicationId, jobRunId })),
  );
}

/** The id of a job run by its name, in whatever state it is; undefined if EMR does not show one (yet). */
export async function findJobRunByName(
  runId: string,
  applicationId: string,
  name: string,
  askedAt: string,
): Promise<string | undefined> {
  let nextToken: string | undefined;
  do {
    const page: ListJobRunsResponse = await ask(
      runId,
      `ListJobRuns of ${applicationId}`,
      emrServerless().send(
        new ListJobRunsCommand({
          applicationId,
          createdAtAfter: new Date(Date.parse(askedAt) - CLOCK_SKEW_MILLISECONDS),
          nextToken,
        }),
      ),
    );
    const found = page.jobRuns?.find(jobRun => jobRun.name === name);
    if (found) return found.id;
    nextToken = page.nextToken;
  } while (nextToken);
  return undefined;
}
