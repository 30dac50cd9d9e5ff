import { createHash } from 'crypto';
import type { JobRunState, StartJobRunRequest } from '@aws-sdk/client-emr-serverless';
import { LISTING_LAG_MILLISECONDS } from './emr-calls';
import type { Load, LoadLaunch } from './load';
import { locateLoad } from './load';
import { STEP_ENV } from '../../etl-step/contract';
import { launchName } from '../../etl-step/runtime/launch-records';
import { requireEnv } from '../../runtime/environment';
import { logger } from '../../runtime/logger';
import { scriptKey, SERVERLESS_TASK, serverlessLogs, serverlessScratch } from '../contract';
import type { LoadCompute } from './load-compute';
import type { Launcher } from './script';
import { cancelJobRun, findJobRunByName, getJobRun, startJobRun } from './serverless-calls';

const ENDED: ReadonlySet<JobRunState | undefined> = new Set<JobRunState>(['SUCCESS', 'FAILED', 'CANCELLED']);

/** A load that is a job run of EMR Serverless: the record's cluster is the application, its step is the job run. */
export const serverlessJob: LoadCompute = {
  startsOnce: false, // its token serves the SDK's own retries: a job run is found by its name
  forgottenAfterMilliseconds: LISTING_LAG_MILLISECONDS,
  locate: locateLoad,

  async prepare(event) {
    return {
      place: { clusterId: event.arguments.serverless!.applicationId, addsStep: true, isServerless: true },
      start: async record => start(event, record),
    };
  },

  async find(runId, { clusterId, askedAt, ...record }) {
    const jobRunId = await findJobRunByName(runId, clusterId!, launchName(runId, record), askedAt);
    return jobRunId === undefined ? undefined : { clusterId: clusterId!, stepId: jobRunId };
  },

  async look(runId, { clusterId, stepId }) {
    const jobRun = await getJobRun(runId, clusterId, stepId!);
    return { jobRun, over: ENDED.has(jobRun.state) };
  },

  async end(runId, record) {
    const { jobRun, over } = await this.look(runId, record);
    if (!over && jobRun!.state !== 'CANCELLING') await cancelJobRun(runId, record.clusterId, record.stepId!);
    return over;
  },
};

async function start(event: Launcher, record: LoadLaunch): Promise<Load> {
  const request = jobRunRequest(event, record);
  const jobRunId = await startJobRun(event.runId, request);
  logger.info('job run started', {
    runId: event.runId,
    applicationId: request.applicationId,
    jobRunId,
    name: request.name,
  });
  return { clusterId: request.applicationId!, stepId: jobRunId };
}

/** The whole StartJobRun request. */
function jobRunRequest(event: Launcher, record: LoadLaunch): StartJobRunRequest {
  const bucket = requireEnv(STEP_ENV.workBucket);
  const stepId = requireEnv(STEP_ENV.stepId);
  const { applicationId, roleArn, timeoutMinutes } = event.arguments.serverless!;
  const name = launchName(event.runId, record);
  const settings = {
    'hive.exec.scratchdir': `s3://${bucket}/${serverlessScratch(event.runId, stepId)}`,
    'hive.metastore.warehouse.dir': `s3://${bucket}/${serverlessScratch(event.runId, stepId)}warehouse`,
    // a metastore in the driver's memory: the script's tables end with the session, and the Glue Data Catalog, the
    // default, is left out
    'hive.metastore.client.factory.class': 'org.apache.hadoop.hive.ql.metadata.SessionHiveMetaStoreClientFactory',
    'javax.jdo.option.ConnectionDriverName': 'org.apache.derby.jdbc.EmbeddedDriver',
    'javax.jdo.option.ConnectionURL': 'jdbc:derby:memory:metastore;create=true',
    'datanucleus.schema.autoCreateAll': 'true',
    'hive.metastore.schema.verification': 'false',
    'hive.tez.cpu.vcores': String(SERVERLESS_TASK.vcpus),
    'hive.tez.container.size': String(SERVERLESS_TASK.memoryMiB),
  };
  return {
    applicationId,
    clientToken: createHash('sha256').update(name).digest('hex'), // 1 to 64 characters
    name,
    executionRoleArn: roleArn,
    executionTimeoutMinutes: timeoutMinutes, // the net beneath stop
    jobDriver: { hive: { query: `s3://${bucket}/${scriptKey(event, stepId)}` } },
    configurationOverrides: {
      applicationConfiguration: [{ classification: 'hive-site', properties: settings }],
      monitoringConfiguration: {
        s3MonitoringConfiguration: { logUri: `s3://${bucket}/${serverlessLogs(event.runId, stepId)}` },
        // else AWS keeps a copy of the logs, beside the bucket's
        managedPersistenceMonitoringConfiguration: { enabled: false },
      },
    },
  };
}
