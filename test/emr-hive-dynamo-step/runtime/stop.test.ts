import { launchEvent, STEP_FOLDER, stopEvent } from './events';
import { awsError, FakeAws, freshAwsForEachTest } from './fake-aws';
import { handler } from '../../../src/emr-hive-dynamo-step/runtime/emr-hive-dynamo.lambda';

let aws: FakeAws;

freshAwsForEachTest(fake => {
  aws = fake;
});

const ENDED = { status: 'ended' };
const STOPPING = { status: 'stopping', waitSeconds: 15 };
const stop = async (attempt = 2) => handler(stopEvent(attempt));
const launch = async (attempt = 1, relaunch = 0) => handler(launchEvent('SELECT 1;', attempt, relaunch));

test('a run that never launched has nothing to stop, and EMR is not asked', async () => {
  expect(await stop()).toEqual(ENDED);
  expect(aws.calls).toEqual(['ListObjectsV2']);
});

test('ends the clusters of its attempt and of earlier ones, and says so when they have ended', async () => {
  await launch(1, 0);
  await launch(1, 1);
  await launch(2, 0);
  expect(await stop()).toEqual(STOPPING);
  expect(aws.clusters.map(({ status }) => status!.State)).toEqual(['TERMINATING', 'TERMINATING', 'TERMINATING']);
  aws.become(aws.clusters[0], 'TERMINATED');
  aws.become(aws.clusters[1], 'TERMINATED_WITH_ERRORS');
  expect(await stop()).toEqual(STOPPING);
  aws.become(aws.clusters[2], 'TERMINATED');
  expect(await stop()).toEqual(ENDED);
  expect(aws.count('TerminateJobFlows')).toBe(3);
});

test('leaves the clusters of a later attempt alone: whoever asks may come late', async () => {
  await launch(1, 1);
  await launch(2, 0);
  expect(await stop(1)).toEqual(STOPPING);
  expect(aws.clusters.map(({ status }) => status!.State)).toEqual(['TERMINATING', 'STARTING']);
  aws.become(aws.clusters[0], 'TERMINATED');
  expect(await stop(1)).toEqual(ENDED);
  expect(aws.clusters[1].status!.State).toBe('STARTING');
});

test('asks EMR no more once a cluster is known to have ended', async () => {
  await launch();
  aws.become(aws.clusters[0], 'TERMINATED');
  expect(await stop()).toEqual(ENDED);
  const described = aws.count('DescribeCluster');
  expect(await stop()).toEqual(ENDED);
  expect(aws.count('DescribeCluster')).toBe(described);
});

test('a call whose answer is not known may still show a cluster: not ended before ListClusters would show it', async () => {
  aws.failAfter.set('RunJobFlow', awsError('TimeoutError', undefined));
  await expect(launch()).rejects.toThrow('EMR did not do RunJobFlow');
  expect(await stop()).toEqual(STOPPING);
  jest.advanceTimersByTime(200_000);
  expect(await stop()).toEqual(STOPPING);
  aws.clusters[0].listed = true;
  expect(await stop()).toEqual(STOPPING);
  expect(aws.clusters[0].status!.State).toBe('TERMINATING');
  jest.advanceTimersByTime(200_000);
  expect(await stop()).toEqual(STOPPING); // its record is old, but the cluster is there
  aws.become(aws.clusters[0], 'TERMINATED');
  expect(await stop()).toEqual(ENDED);
  expect(aws.json(`${STEP_FOLDER}launches/1-0-0.json`)).toMatchObject({ state: 'ended', clusterId: 'j-1' });
});

test('a call that made no cluster is forgotten after a while', async () => {
  aws.failBefore.set('RunJobFlow', awsError('TimeoutError', undefined));
  await expect(launch()).rejects.toThrow('EMR did not do RunJobFlow');
  expect(await stop()).toEqual(STOPPING);
  jest.advanceTimersByTime(301_000);
  expect(await stop()).toEqual(ENDED);
});

test('a call that EMR refused made no cluster', async () => {
  aws.failBefore.set('RunJobFlow', awsError('ValidationException', 400));
  await expect(launch()).rejects.toThrow('EMR refused RunJobFlow');
  expect(await stop()).toEqual(ENDED);
  expect(aws.count('ListClusters')).toBe(0);
});

test('throttled: asked again', async () => {
  await launch();
  aws.failBefore.set('TerminateJobFlows', awsError('ThrottlingException', 400));
  await expect(stop()).rejects.toThrow(expect.objectContaining({ name: 'Etl.Transient' }));
  expect(await stop()).toEqual(STOPPING);
});
