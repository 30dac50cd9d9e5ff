import { checkEvent, CLUSTER, launchEvent, RUN, STEP_FOLDER, stopEvent, TARGET } from './events';
import { awsError, FakeAws, freshAwsForEachTest } from './fake-aws';
import type { ClusterRequest, EmrHiveDynamoArguments, EmrJob } from '../../../src/emr-hive-dynamo-step/contract';
import { handler } from '../../../src/emr-hive-dynamo-step/runtime/emr-hive-dynamo.lambda';
import type { JobStatus } from '../../../src/etl-step/contract';

let aws: FakeAws;

freshAwsForEachTest(fake => {
  aws = fake;
});

const KEPT: ClusterRequest = {
  ...CLUSTER,
  LogUri: 's3://work/clusters/ToDynamo/logs/',
  Tags: [{ Key: 'cdk-etl-steps:step', Value: 'OrdersToDynamo' }],
  Instances: { ...CLUSTER.Instances, KeepJobFlowAliveWhenNoSteps: true },
  AutoTerminationPolicy: { IdleTimeout: 1800 },
};
const SLOT = 'clusters/ToDynamo/kept.json';
const HOUR = 3_600_000;

const more: Partial<EmrHiveDynamoArguments> = { kept: { maxAgeSeconds: 24 * 3_600 } };
const event = (attempt = 1, relaunch = 0, request = KEPT) => launchEvent('SELECT 1;', attempt, relaunch, request, more);
const launch = async (...parts: Parameters<typeof event>) => (await handler(event(...parts))) as JobStatus<EmrJob>;
const otherRun = async (relaunch = 0) =>
  (await handler({ ...event(1, relaunch), runId: 'other' })) as JobStatus<EmrJob>;
const check = async (status: JobStatus<EmrJob>, launched = event()) =>
  (await handler(checkEvent(launched, status))) as JobStatus<EmrJob>;
const stop = async () => handler(stopEvent());

describe('the first run', () => {
  test('starts a cluster without steps, which stays until it is idle, and adds its step', async () => {
    aws.stage('other');
    expect(await launch()).toMatchObject({ status: 'running', job: { clusterId: 'j-1', stepId: 's-j-1-1' } });
    const { Name, ...request } = aws.clusters[0].request;
    expect(Name).toMatch(/^OrdersToDynamo\//);
    expect(request).toEqual(KEPT);
    expect(aws.clusters[0].addedSteps).toEqual([
      {
        Name: `ToDynamo/${RUN}/1/0/0`,
        ActionOnFailure: 'CONTINUE', // a failing step ends neither the cluster nor the steps of others
        HadoopJarStep: {
          Jar: 'command-runner.jar',
          Args: ['hive-script', '--run-hive-script', '--args', '-f', `s3://work/${STEP_FOLDER}scripts/1-0.hql`],
        },
      },
    ]);
  });

  test('starts nothing for an execution that has ended', async () => {
    aws.executionStatus = 'ABORTED';
    await expect(launch()).rejects.toMatchObject({ name: 'Etl.Stopped' });
    expect(aws.clusters).toEqual([]);
    expect(aws.objects.has(SLOT)).toBe(false);
  });

  test('reads its log where the cluster writes it', async () => {
    const status = await launch();
    aws.become(aws.clusters[0], 'RUNNING', {}, 'RUNNING');
    aws.putLog('clusters/ToDynamo/logs/j-1/steps/s-j-1-1/stderr.gz', 'FAILED: SemanticException no such table\n');
    aws.stepBecomes(aws.clusters[0], 'FAILED');
    await expect(check(status)).rejects.toMatchObject({
      name: 'Etl.Configuration',
      message: expect.stringContaining('no such table'),
    });
  });
});

describe('the next run', () => {
  beforeEach(() => aws.stage('other'));

  test.each(['STARTING', 'BOOTSTRAPPING', 'RUNNING', 'WAITING'])('takes the cluster that is %s', async state => {
    await launch();
    aws.become(aws.clusters[0], state);
    expect(await otherRun()).toMatchObject({ job: { clusterId: 'j-1', stepId: 's-j-1-2' } });
    expect(aws.count('RunJobFlow')).toBe(1);
  });

  test.each(['TERMINATING', 'TERMINATED', 'TERMINATED_WITH_ERRORS'])('never takes one that is %s', async state => {
    await launch();
    aws.become(aws.clusters[0], state);
    expect(await otherRun()).toMatchObject({ job: { clusterId: 'j-2' } });
    expect(aws.count('TerminateJobFlows')).toBe(0);
  });

  test('takes the cluster after a step has failed there', async () => {
    await launch();
    aws.become(aws.clusters[0], 'WAITING', {}, 'FAILED');
    expect(await otherRun()).toMatchObject({ job: { clusterId: 'j-1' } });
  });

  test('takes no cluster over its maximum age, and ends it', async () => {
    await launch();
    aws.become(aws.clusters[0], 'WAITING', {}, 'COMPLETED');
    jest.advanceTimersByTime(24 * HOUR);
    expect(await otherRun()).toMatchObject({ job: { clusterId: 'j-2' } });
    expect(aws.clusters[0].status!.State).toBe('TERMINATING');
  });

  test('leaves an old cluster alone while a step of another run is there', async () => {
    await launch();
    aws.become(aws.clusters[0], 'RUNNING', {}, 'RUNNING');
    jest.advanceTimersByTime(24 * HOUR);
    expect(await otherRun()).toMatchObject({ job: { clusterId: 'j-2' } });
    expect(aws.clusters[0].status!.State).toBe('RUNNING');
  });

  test('takes no cluster that a deployment has redefined', async () => {
    await launch();
    aws.become(aws.clusters[0], 'WAITING', {}, 'COMPLETED');
    expect(await launch(2, 0, { ...KEPT, ReleaseLabel: 'emr-7.14.0' })).toMatchObject({ job: { clusterId: 'j-2' } });
  });

  test('takes the cluster in whatever order Step Functions hands on its definition', async () => {
    await launch();
    aws.become(aws.clusters[0], 'WAITING', {}, 'COMPLETED');
    const reversed = Object.fromEntries(Object.entries(KEPT).reverse()) as unknown as ClusterRequest;
    expect(await launch(2, 0, reversed)).toMatchObject({ job: { clusterId: 'j-1' } });
  });

  test('takes no cluster of another step, whatever the record says', async () => {
    await launch();
    aws.become(aws.clusters[0], 'WAITING', {}, 'COMPLETED');
    Object.assign(aws.clusters[0].request, { Tags: [{ Key: 'cdk-etl-steps:step', Value: 'Another' }] });
    expect(await otherRun()).toMatchObject({ job: { clusterId: 'j-2' } });
  });

  test('that is a relaunch takes no cluster with Spot instances, but one that is all on-demand', async () => {
    await launch();
    aws.become(aws.clusters[0], 'WAITING', {}, 'FAILED');
    expect(await launch(1, 1)).toMatchObject({ job: { clusterId: 'j-2' } });
    expect(aws.clusters[0].status!.State).toBe('TERMINATING');
    for (const fleet of aws.clusters[1].request.Instances!.InstanceFleets!) {
      expect(fleet.TargetSpotCapacity).toBeUndefined();
    }
    expect(await otherRun(1)).toMatchObject({ job: { clusterId: 'j-2' } });
    expect(await otherRun(0)).toMatchObject({ job: { clusterId: 'j-2' } });
  });
});

describe('of several that find no cluster', () => {
  test('one starts it, and the others wait for it', async () => {
    aws.stage('other');
    const [first, second] = await Promise.all([launch(), otherRun()]);
    expect(aws.count('RunJobFlow')).toBe(1);
    const [waiting, waitingEvent] =
      'clusterId' in (first as { job: EmrJob }).job ? [second, { ...event(), runId: 'other' }] : [first, event()];
    expect(waiting).toMatchObject({ status: 'running', job: { askedAt: expect.any(String) } });
    expect(await check(waiting, waitingEvent)).toMatchObject({ job: { clusterId: 'j-1' } });
    expect(aws.clusters[0].addedSteps).toHaveLength(2);
  });

  test('after a lost answer the cluster is found by its name', async () => {
    aws.failAfter.set('RunJobFlow', awsError('TimeoutError', undefined));
    await expect(launch()).rejects.toMatchObject({ name: 'Etl.Transient' });
    const waiting = await launch();
    expect(waiting).toMatchObject({ status: 'running', job: { askedAt: expect.any(String) } });
    expect(aws.count('RunJobFlow')).toBe(1);
    aws.clusters[0].listed = true;
    expect(await check(waiting)).toMatchObject({ job: { clusterId: 'j-1' } });
    expect(aws.json(SLOT)).toMatchObject({ clusterId: 'j-1' });
  });

  test('a call that has made no cluster is forgotten after a while', async () => {
    aws.failBefore.set('RunJobFlow', awsError('TimeoutError', undefined));
    await expect(launch()).rejects.toMatchObject({ name: 'Etl.Transient' });
    jest.advanceTimersByTime(301_000);
    expect(await launch()).toMatchObject({ job: { clusterId: 'j-1' } });
  });

  test('a refused call does not hold up the next one', async () => {
    aws.failBefore.set('RunJobFlow', awsError('ThrottlingException', 400));
    await expect(launch()).rejects.toMatchObject({ name: 'Etl.Transient' });
    expect(await launch()).toMatchObject({ job: { clusterId: 'j-1' } });
  });
});

describe('a step is added once', () => {
  test('by a repeated launch', async () => {
    const first = await launch();
    expect(await launch()).toEqual(first);
    expect(aws.count('AddJobFlowSteps')).toBe(1);
  });

  test('after a lost answer: it is found by its name', async () => {
    aws.failAfter.set('AddJobFlowSteps', awsError('TimeoutError', undefined));
    await expect(launch()).rejects.toMatchObject({ name: 'Etl.Transient' });
    expect(await launch()).toMatchObject({ job: { clusterId: 'j-1', stepId: 's-j-1-1' } });
    expect(aws.count('AddJobFlowSteps')).toBe(1);
  });

  test('and again only once the call cannot appear any more', async () => {
    aws.failBefore.set('AddJobFlowSteps', awsError('TimeoutError', undefined));
    await expect(launch()).rejects.toMatchObject({ name: 'Etl.Transient' });
    const waiting = await launch();
    expect(waiting).not.toHaveProperty('job.clusterId');
    jest.advanceTimersByTime(301_000);
    expect(await check(waiting)).toMatchObject({ job: { clusterId: 'j-1', stepId: 's-j-1-1' } });
  });

  test('to another cluster if this one has begun to end', async () => {
    await launch();
    aws.stage('other');
    aws.failBefore.set('AddJobFlowSteps', awsError('ValidationException', 400));
    const describing = aws.count('DescribeCluster');
    aws.become(aws.clusters[0], 'WAITING');
    await expect(otherRun()).rejects.toMatchObject({ name: 'Etl.Configuration' }); // refused though it takes steps
    expect(aws.count('DescribeCluster')).toBe(describing + 2);
    aws.beforeNext('AddJobFlowSteps', () => aws.become(aws.clusters[0], 'TERMINATING'));
    await expect(otherRun()).rejects.toMatchObject({
      name: 'Etl.Transient',
      message: expect.stringContaining('j-1 has begun to end'),
    });
    expect(await otherRun()).toMatchObject({ job: { clusterId: 'j-2' } });
  });
});

describe('a step', () => {
  test('that has completed gives its result, whatever becomes of the cluster', async () => {
    const status = await launch();
    aws.putText(
      `${STEP_FOLDER}counts/000000_0`,
      '{"rowsRead":1,"rowsWritten":1,"rowsRejected":0,"duplicatesDropped":0,"bytesWritten":9}\n',
    );
    aws.become(aws.clusters[0], 'WAITING', {}, 'COMPLETED');
    expect(await check(status)).toMatchObject({ status: 'done', result: { rowsWritten: 1 } });
    expect(aws.count('TerminateJobFlows')).toBe(0);
  });

  test('that fails is judged while the cluster goes on', async () => {
    const status = await launch();
    aws.putLog(
      'clusters/ToDynamo/logs/j-1/steps/s-j-1-1/stderr.gz',
      'No space left on device\nFAILED: Execution Error\n',
    );
    aws.become(aws.clusters[0], 'WAITING', {}, 'FAILED');
    await expect(check(status)).rejects.toMatchObject({
      name: 'Etl.Configuration',
      message: expect.stringContaining('ebsVolumeSize'),
    });
  });

  test('whose turn never came because the cluster has ended asks for another one', async () => {
    const status = await launch();
    aws.stepBecomes(aws.clusters[0], 'CANCELLED');
    aws.become(aws.clusters[0], 'TERMINATED', { Code: 'ALL_STEPS_COMPLETED', Message: 'Auto-terminated' });
    await expect(check(status)).rejects.toMatchObject({ name: 'Etl.Capacity' });
  });

  test('of an earlier attempt is cancelled by the check of a later one; the cluster goes on', async () => {
    await launch(1);
    aws.become(aws.clusters[0], 'RUNNING', {}, 'RUNNING');
    const second = await launch(2);
    await check(second, event(2));
    expect(aws.clusters[0].steps.map(({ Status }) => Status!.State)).toEqual(['PENDING', 'CANCEL_PENDING']);
    expect(aws.clusters[0].status!.State).toBe('RUNNING');
  });
});

describe('stop', () => {
  const STOPPING = { status: 'stopping', waitSeconds: 15 };

  test('cancels the step and leaves the cluster', async () => {
    await launch();
    aws.become(aws.clusters[0], 'RUNNING', {}, 'RUNNING');
    expect(await stop()).toEqual(STOPPING);
    expect(await stop()).toEqual(STOPPING);
    expect(aws.cancellations).toEqual(['SEND_INTERRUPT']); // at which Hive kills its jobs
    aws.stepBecomes(aws.clusters[0], 'CANCELLED');
    expect(await stop()).toEqual({ status: 'ended' });
    const calls = aws.calls.length;
    expect(await stop()).toEqual({ status: 'ended' });
    expect(aws.calls.slice(calls)).not.toContain('ListSteps');
    expect(aws.count('TerminateJobFlows')).toBe(0);
  });

  test('kills a step that does not heed the interrupt', async () => {
    await launch();
    aws.become(aws.clusters[0], 'RUNNING', {}, 'RUNNING');
    await stop();
    jest.advanceTimersByTime(181_000);
    expect(await stop()).toEqual(STOPPING);
    expect(aws.cancellations).toEqual(['SEND_INTERRUPT', 'TERMINATE_PROCESS']);
  });

  test('finds a step whose answer was lost', async () => {
    aws.failAfter.set('AddJobFlowSteps', awsError('TimeoutError', undefined));
    await expect(launch()).rejects.toMatchObject({ name: 'Etl.Transient' });
    expect(await stop()).toEqual(STOPPING);
    expect(await stop()).toEqual({ status: 'ended' });
  });

  test('waits until a call that nothing is known of cannot appear any more', async () => {
    aws.failBefore.set('AddJobFlowSteps', awsError('TimeoutError', undefined));
    await expect(launch()).rejects.toMatchObject({ name: 'Etl.Transient' });
    expect(await stop()).toEqual(STOPPING);
    jest.advanceTimersByTime(301_000);
    expect(await stop()).toEqual({ status: 'ended' });
  });

  test('of a load whose cluster has ended has nothing to do', async () => {
    await launch();
    aws.become(aws.clusters[0], 'TERMINATED', { Code: 'USER_REQUEST' });
    expect(await stop()).toEqual({ status: 'ended' });
    expect(aws.cancellations).toEqual([]);
  });
});

test("a cluster of the user's is used as it is, and never started nor ended", async () => {
  await launch(); // stands for the user's
  aws.become(aws.clusters[0], 'WAITING', {}, 'COMPLETED');
  const existing = {
    ...launchEvent('SELECT 1;', 2),
    arguments: { script: 'SELECT 1;', table: TARGET, workers: 1, existing: { clusterId: 'j-1' } },
  };
  const status = (await handler(existing)) as JobStatus<EmrJob>;
  expect(status).toMatchObject({ job: { clusterId: 'j-1', stepId: 's-j-1-2' } });
  expect(aws.clusters).toHaveLength(1);
  await handler(stopEvent(2));
  expect(aws.count('TerminateJobFlows')).toBe(0);
  aws.become(aws.clusters[0], 'TERMINATED', { Code: 'USER_REQUEST' });
  const again = { ...existing, attempt: 3 };
  await expect(handler(again)).rejects.toMatchObject({ name: 'Etl.Configuration' });
});

test('the first run after months takes a new cluster without asking EMR about the old one', async () => {
  await launch();
  jest.advanceTimersByTime(46 * 24 * HOUR);
  aws.clusters.splice(0);
  expect(await launch(2)).toMatchObject({ job: { clusterId: 'j-1' } });
  expect(aws.count('RunJobFlow')).toBe(2);
});
