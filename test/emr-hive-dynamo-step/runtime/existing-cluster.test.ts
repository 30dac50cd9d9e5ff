import { checkEvent, launchEvent, RUN, STEP_FOLDER, stopEvent, TARGET } from './events';
import { awsError, FakeAws, freshAwsForEachTest } from './fake-aws';
import type { EmrJob } from '../../../src/emr-hive-dynamo-step/contract';
import { handler } from '../../../src/emr-hive-dynamo-step/runtime/emr-hive-dynamo.lambda';
import type { JobStatus } from '../../../src/etl-step/contract';

// EmrCompute.existingCluster(): whatever happens to a load, the step neither starts a cluster nor ends the user's.

let aws: FakeAws;

freshAwsForEachTest(fake => {
  aws = fake;
});

beforeEach(async () => {
  // stands for the user's: a cluster with a step of somebody else
  aws.stage('elsewhere');
  await handler({ ...launchEvent('SELECT 1;'), runId: 'elsewhere' });
  aws.become(aws.clusters[0], 'WAITING', {}, 'COMPLETED');
});

afterEach(() => {
  expect(aws.count('RunJobFlow')).toBe(1);
  expect(aws.count('TerminateJobFlows')).toBe(0);
});

const LOGS = 's3://logs/emr/';
const event = (attempt = 2, relaunch = 0) => ({
  ...launchEvent('SELECT 1;', attempt, relaunch),
  arguments: { script: 'SELECT 1;', table: TARGET, workers: 1, existing: { clusterId: 'j-1', logs: LOGS } },
});
const launch = async (...parts: Parameters<typeof event>) => (await handler(event(...parts))) as JobStatus<EmrJob>;
const check = async (status: JobStatus<EmrJob>) => handler(checkEvent(event(), status));

test('a load that fails says why, by the log of the cluster', async () => {
  const status = await launch();
  aws.putLog('emr/j-1/steps/s-j-1-2/stderr.gz', 'java.lang.IllegalStateException: something new\nFAILED: Error');
  aws.become(aws.clusters[0], 'WAITING', {}, 'FAILED');
  jest.advanceTimersByTime(600_000);
  await expect(check(status)).rejects.toMatchObject({
    name: 'Etl.LoadFailed',
    message: expect.stringMatching(/something new.*logs: s3:\/\/logs\/emr\/j-1\//s),
  });
});

test('somebody ends the cluster under the load: the user reads what it takes', async () => {
  const status = await launch();
  aws.become(
    aws.clusters[0],
    'TERMINATED',
    { Code: 'USER_REQUEST', Message: 'Terminated by user request' },
    'CANCELLED',
  );
  await expect(check(status)).rejects.toMatchObject({
    name: 'Etl.Configuration',
    message: expect.stringMatching(/Terminated by user request.*`EmrCompute.existingCluster` one that is there/s),
  });
});

test('the cluster dies under the load: the next launch needs one that is there', async () => {
  const status = await launch();
  aws.become(
    aws.clusters[0],
    'TERMINATED_WITH_ERRORS',
    { Code: 'INSTANCE_FAILURE', Message: 'master lost' },
    'CANCELLED',
  );
  await expect(check(status)).rejects.toMatchObject({ name: 'Etl.Capacity' });
  await expect(launch(2, 1)).rejects.toMatchObject({
    name: 'Etl.Configuration',
    message: expect.stringMatching(/refused AddJobFlowSteps of j-1/),
  });
});

test('a stop cancels the step of the run and leaves the others', async () => {
  await launch();
  aws.become(aws.clusters[0], 'RUNNING', {}, 'RUNNING');
  expect(await handler(stopEvent(2))).toMatchObject({ status: 'stopping' });
  expect(aws.clusters[0].steps.map(({ Status }) => Status!.State)).toEqual(['CANCEL_PENDING', 'COMPLETED']);
  aws.stepBecomes(aws.clusters[0], 'CANCELLED');
  expect(await handler(stopEvent(2))).toEqual({ status: 'ended' });
});

test('a launch whose answer was lost finds its step by name', async () => {
  aws.failAfter.set('AddJobFlowSteps', awsError('TimeoutError', undefined));
  await expect(launch()).rejects.toMatchObject({ name: 'Etl.Transient' });
  expect(await launch()).toMatchObject({ job: { clusterId: 'j-1', stepId: 's-j-1-2' } });
  expect(aws.clusters[0].addedSteps.map(({ Name }) => Name)).toEqual([`ToDynamo/${RUN}/2/0/0`]);
});

test('a load that is done gives its result, and the cluster goes on', async () => {
  const status = await launch();
  aws.putText(
    `${STEP_FOLDER}counts/000000_0`,
    '{"rowsRead":1,"rowsWritten":1,"rowsRejected":0,"duplicatesDropped":0,"bytesWritten":9}\n',
  );
  aws.become(aws.clusters[0], 'WAITING', {}, 'COMPLETED');
  expect(await check(status)).toMatchObject({ status: 'done', result: { rowsWritten: 1 } });
});
