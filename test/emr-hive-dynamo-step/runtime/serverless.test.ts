import {
  CancelJobRunCommand,
  EMRServerlessClient,
  GetJobRunCommand,
  type JobRun,
  ListJobRunsCommand,
  StartJobRunCommand,
} from '@aws-sdk/client-emr-serverless';
import { mockClient } from 'aws-sdk-client-mock';
import { checkEvent, launchEvent, RUN, STEP_FOLDER, stopEvent } from './events';
import { awsError, FakeAws, freshAwsForEachTest } from './fake-aws';
import { EmrHiveDynamoArguments, EmrJob } from '../../../src/emr-hive-dynamo-step/contract';
import { handler } from '../../../src/emr-hive-dynamo-step/runtime/emr-hive-dynamo.lambda';
import type { JobStatus } from '../../../src/etl-step/contract';

let aws: FakeAws;
freshAwsForEachTest(fake => {
  aws = fake;
});

const serverless: Partial<EmrHiveDynamoArguments> = {
  cluster: undefined,
  serverless: {
    applicationId: '00f1app',
    roleArn: 'arn:aws:iam::111122223333:role/Job',
    tasks: 7,
    timeoutMinutes: 240,
  },
};
const LOG = `${STEP_FOLDER}logs/applications/00f1app/jobs/r1/HIVE_DRIVER/stderr.gz`;

const client = mockClient(EMRServerlessClient);
let jobRuns: JobRun[];
let listed: boolean;

/** Job runs as EMR Serverless keeps them: a token starts one of them only. Any other call fails the test. */
beforeEach(() => {
  jobRuns = [];
  listed = true;
  const tokens = new Map<string, JobRun>();
  client.reset();
  client.onAnyCommand().callsFake(input => {
    throw new Error(`unexpected call: ${JSON.stringify(input)}`);
  });
  client.on(StartJobRunCommand).callsFake(({ clientToken, applicationId, name }) => {
    if (!tokens.has(clientToken)) {
      jobRuns.push({
        jobRunId: `r${jobRuns.length + 1}`,
        applicationId,
        name,
        state: 'SUBMITTED',
        stateDetails: '',
      } as JobRun);
      tokens.set(clientToken, jobRuns.at(-1)!);
    }
    return { jobRunId: tokens.get(clientToken)!.jobRunId };
  });
  client
    .on(GetJobRunCommand)
    .callsFake(({ jobRunId }) => ({ jobRun: jobRuns.find(jobRun => jobRun.jobRunId === jobRunId) }));
  client
    .on(ListJobRunsCommand)
    .callsFake(() => ({ jobRuns: listed ? jobRuns.map(({ jobRunId, name }) => ({ id: jobRunId, name })) : [] }));
  client.on(CancelJobRunCommand).callsFake(({ jobRunId }) => become(jobRunId, { state: 'CANCELLING' }));
});
afterAll(() => client.restore());

const become = (jobRunId: string, change: Partial<JobRun>) => {
  Object.assign(
    jobRuns.find(jobRun => jobRun.jobRunId === jobRunId)!,
    change,
  );
};
const count = (command: Parameters<typeof client.commandCalls>[0]) => client.commandCalls(command).length;
const event = (attempt = 1, relaunch = 0) => launchEvent('SELECT 1;', attempt, relaunch, undefined, serverless);
const launch = async (attempt = 1) => (await handler(event(attempt))) as JobStatus<EmrJob>;
const check = async (status: JobStatus<EmrJob>, attempt = 1) =>
  (await handler(checkEvent(event(attempt), status))) as JobStatus<EmrJob>;
const stop = async () => handler(stopEvent());

describe('a launch', () => {
  test('starts a job run with the script, its own role, a time limit, and a folder of the run for everything that it writes', async () => {
    expect(await launch()).toMatchObject({ status: 'running', job: { clusterId: '00f1app', stepId: 'r1' } });
    const { configurationOverrides, clientToken, ...request } =
      client.commandCalls(StartJobRunCommand)[0].args[0].input;
    expect(request).toEqual({
      applicationId: '00f1app',
      name: `ToDynamo/${RUN}/1/0/0`,
      executionRoleArn: 'arn:aws:iam::111122223333:role/Job',
      executionTimeoutMinutes: 240,
      jobDriver: { hive: { query: `s3://work/${STEP_FOLDER}scripts/1-0.hql` } },
    });
    expect(clientToken).toMatch(/^[0-9a-f]{64}$/);
    expect(aws.objects.has(`${STEP_FOLDER}scripts/1-0.hql`)).toBe(true);
    const [{ classification, properties }] = configurationOverrides!.applicationConfiguration!;
    expect(classification).toBe('hive-site');
    expect(properties).toMatchObject({
      'hive.exec.scratchdir': `s3://work/${STEP_FOLDER}scratch/`,
      'javax.jdo.option.ConnectionURL': expect.stringMatching(/^jdbc:derby:memory:/),
    });
    expect(configurationOverrides!.monitoringConfiguration).toEqual({
      s3MonitoringConfiguration: { logUri: `s3://work/${STEP_FOLDER}logs/` },
      managedPersistenceMonitoringConfiguration: { enabled: false },
    });
    expect(aws.calls).not.toContain('RunJobFlow');
  });

  test('that is repeated starts nothing twice, also if the answer of the first one got lost', async () => {
    client.on(StartJobRunCommand).callsFakeOnce(({ applicationId, name }) => {
      jobRuns.push({ jobRunId: 'r1', applicationId, name, state: 'SUBMITTED', stateDetails: '' } as JobRun);
      throw awsError('TimeoutError', undefined);
    });
    await expect(launch()).rejects.toMatchObject({ name: 'Etl.Transient' });
    expect(await launch()).toMatchObject({ job: { stepId: 'r1' } });
    expect(await launch()).toMatchObject({ job: { stepId: 'r1' } });
    expect(jobRuns).toHaveLength(1);
  });

  test('has a token of its own for each attempt', async () => {
    await launch(1);
    await launch(2);
    expect(jobRuns).toHaveLength(2);
  });

  test('starts nothing for an execution that has ended', async () => {
    aws.executionStatus = 'ABORTED';
    await expect(launch()).rejects.toMatchObject({ name: 'Etl.Stopped' });
    expect(jobRuns).toEqual([]);
  });

  test('that is refused is told', async () => {
    client.on(StartJobRunCommand).rejects(awsError('ValidationException', 400));
    await expect(launch()).rejects.toMatchObject({
      name: 'Etl.Configuration',
      message: expect.stringContaining('refused StartJobRun'),
    });
  });
});

describe('a check', () => {
  test.each(['SUBMITTED', 'PENDING', 'SCHEDULED', 'RUNNING', 'QUEUED', 'CANCELLING'] as const)(
    'goes on while the job run is %s',
    async state => {
      const status = await launch();
      become('r1', { state });
      expect(await check(status)).toMatchObject({ status: 'running', job: { stepId: 'r1' } });
    },
  );

  test('is done with the counts of a job run that succeeded', async () => {
    const status = await launch();
    become('r1', { state: 'SUCCESS', endedAt: new Date(Date.now() + 90_000) });
    aws.putText(
      `${STEP_FOLDER}counts/read/000000_0`,
      '{"rowsRead":3,"rowsWritten":2,"rowsRejected":1,"duplicatesDropped":0,"bytesWritten":90}\n',
    );
    expect(await check(status)).toMatchObject({
      status: 'done',
      result: { rowsRead: 3, rowsWritten: 2, rowsRejected: 1, seconds: 90 },
    });
  });

  test.each<[string, Partial<JobRun>, string | undefined, string, string]>([
    ['was cancelled', { state: 'CANCELLED' }, undefined, 'Etl.Configuration', 'cancelled the load'],
    [
      'may not write the table',
      { state: 'FAILED', stateDetails: 'Job execution failed' },
      'User: x is not authorized to perform: dynamodb:BatchWriteItem',
      'Etl.Configuration',
      'role',
    ],
    [
      'ran out of memory',
      { state: 'FAILED', stateDetails: 'Job execution failed' },
      'java.lang.OutOfMemoryError: Java heap space',
      'Etl.Data',
      'enormous lines',
    ],
    [
      'needs more than the ceiling',
      { state: 'FAILED', stateDetails: 'Cannot allocate workers: exceeds the maximum capacity of the application' },
      undefined,
      'Etl.Configuration',
      'maxVcpus',
    ],
    [
      'exceeds the quota',
      { state: 'FAILED', stateDetails: 'Exceeded service quota for vCPUs' },
      undefined,
      'Etl.Configuration',
      'L-D05C8A75',
    ],
    [
      'found no capacity',
      { state: 'FAILED', stateDetails: 'Insufficient capacity in the zone' },
      undefined,
      'Etl.Capacity',
      'Insufficient',
    ],
    [
      'failed for what nobody knows',
      { state: 'FAILED', stateDetails: 'Job execution failed' },
      'something else',
      'Etl.LoadFailed',
      'something else',
    ],
  ])('fails for a job run that %s', async (_, change, log, name, text) => {
    const status = await launch();
    become('r1', { ...change, endedAt: new Date() });
    if (log) aws.putLog(LOG, log);
    await expect(check(status)).rejects.toMatchObject({ name, message: expect.stringContaining(text) });
    await expect(check(status)).rejects.toMatchObject({ message: expect.stringContaining(`s3://work/${LOG}`) });
  });

  test('waits for the log before it says that nobody knows, but not for ever', async () => {
    const status = await launch();
    become('r1', { state: 'FAILED', stateDetails: 'Job execution failed', endedAt: new Date() });
    expect(await check(status)).toMatchObject({ status: 'running', waitSeconds: 60 });
    jest.advanceTimersByTime(7 * 60_000);
    await expect(check(status)).rejects.toMatchObject({ name: 'Etl.LoadFailed' });
  });

  test('cancels what an earlier attempt has left', async () => {
    await launch(1);
    await check(await launch(2), 2);
    expect(jobRuns.map(({ state }) => state)).toEqual(['CANCELLING', 'SUBMITTED']);
  });
});

describe('a stop', () => {
  test('cancels the job run, once, and says when it has ended', async () => {
    await launch();
    expect(await stop()).toMatchObject({ status: 'stopping' });
    expect(await stop()).toMatchObject({ status: 'stopping' });
    expect(count(CancelJobRunCommand)).toBe(1);
    become('r1', { state: 'CANCELLED' });
    expect(await stop()).toEqual({ status: 'ended' });
    expect(await stop()).toEqual({ status: 'ended' });
    expect(aws.json(`${STEP_FOLDER}launches/1-0-0.json`)).toMatchObject({ state: 'ended', stepId: 'r1' });
  });

  test('finds the job run of a call whose answer got lost', async () => {
    client.on(StartJobRunCommand).callsFakeOnce(({ applicationId, name }) => {
      jobRuns.push({ jobRunId: 'r1', applicationId, name, state: 'SUBMITTED', stateDetails: '' } as JobRun);
      throw awsError('TimeoutError', undefined);
    });
    await launch().catch(() => undefined);
    listed = false;
    expect(await stop()).toMatchObject({ status: 'stopping' });
    listed = true;
    expect(await stop()).toMatchObject({ status: 'stopping' });
    expect(jobRuns[0].state).toBe('CANCELLING');
  });

  test('forgets a call that started nothing after a while', async () => {
    client.on(StartJobRunCommand).rejectsOnce(awsError('TimeoutError', undefined));
    await launch().catch(() => undefined);
    expect(await stop()).toMatchObject({ status: 'stopping' });
    jest.advanceTimersByTime(301_000);
    expect(await stop()).toEqual({ status: 'ended' });
  });
});
