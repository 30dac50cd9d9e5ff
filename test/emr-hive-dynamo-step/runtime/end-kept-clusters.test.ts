import { CLUSTER, launchEvent } from './events';
import { awsError, FakeAws, freshAwsForEachTest } from './fake-aws';
import { handler } from '../../../src/emr-hive-dynamo-step/runtime/emr-hive-dynamo.lambda';

let aws: FakeAws;

freshAwsForEachTest(fake => {
  aws = fake;
});

const REQUEST = { ...CLUSTER, Tags: [{ Key: 'cdk-etl-steps:step', Value: 'OrdersToDynamo' }] };
const ENDED = { status: 'ended' };
const STOPPING = { status: 'stopping', waitSeconds: 15 };

const launch = async (maxAgeSeconds = 3_600) =>
  handler(launchEvent('SELECT 1;', 1, 0, REQUEST, { kept: { maxAgeSeconds } }));
const teardown = async () => handler({ contract: 1, action: 'teardown' });

test('a step that has never kept a cluster has none to end, and EMR is not asked', async () => {
  expect(await teardown()).toEqual(ENDED);
  expect(aws.calls).toEqual(['GetObject']);
});

test('the cluster that waits for the next run is ended, once, and it is said when it has ended', async () => {
  await launch();
  aws.become(aws.clusters[0], 'WAITING');
  expect(await teardown()).toEqual(STOPPING);
  expect(await teardown()).toEqual(STOPPING);
  expect(aws.clusters[0].status!.State).toBe('TERMINATING');
  expect(aws.count('TerminateJobFlows')).toBe(1);
  aws.become(aws.clusters[0], 'TERMINATED');
  expect(await teardown()).toEqual(ENDED);
});

test('the cluster is also found if EMR does not list it yet', async () => {
  await launch();
  aws.clusters[0].listed = false;
  expect(await teardown()).toEqual(STOPPING);
  expect(aws.clusters[0].status!.State).toBe('TERMINATING');
});

test('a cluster that another one has replaced is ended, too; those of others are not, on however many pages', async () => {
  aws.strangers = 120;
  await launch();
  jest.setSystemTime(Date.now() + 3_601_000);
  await handler({ ...launchEvent('SELECT 1;', 2, 0, REQUEST, { kept: { maxAgeSeconds: 3_600 } }) });
  expect(aws.clusters).toHaveLength(2);
  for (const cluster of aws.clusters) {
    cluster.listed = true;
    aws.become(cluster, 'WAITING');
  }
  aws.clusters.push({
    ...aws.clusters[0],
    id: 'j-other',
    request: { ...aws.clusters[0].request, Name: 'OrdersToDynamo2/x' },
  });
  expect(await teardown()).toEqual(STOPPING);
  expect(aws.clusters.map(({ status }) => status!.State)).toEqual(['TERMINATING', 'TERMINATING', 'WAITING']);
});

test('a call of RunJobFlow of which no answer has come is waited for', async () => {
  aws.failAfter.set('RunJobFlow', awsError('InternalServerException', 500));
  await launch().catch(() => undefined);
  aws.clusters[0].listed = false;
  expect(await teardown()).toEqual(STOPPING);
  aws.clusters[0].listed = true;
  expect(await teardown()).toEqual(STOPPING);
  aws.become(aws.clusters[0], 'TERMINATED');
  jest.setSystemTime(Date.now() + 301_000);
  expect(await teardown()).toEqual(ENDED);
});

test('EMR is not asked about a cluster that it may have forgotten', async () => {
  await launch();
  jest.setSystemTime(Date.now() + 46 * 24 * 3_600_000);
  aws.clusters.splice(0);
  expect(await teardown()).toEqual(ENDED);
  expect(aws.count('DescribeCluster')).toBe(0);
});

test('what EMR refuses is told', async () => {
  await launch();
  aws.failBefore.set('TerminateJobFlows', awsError('AccessDeniedException', 400));
  await expect(teardown()).rejects.toThrow(
    /the pipeline is deleted.*refused TerminateJobFlows of j-1: AccessDeniedException/,
  );
});
