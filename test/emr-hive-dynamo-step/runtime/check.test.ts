import { checkEvent, launchEvent, RUN, STEP_FOLDER } from './events';
import { awsError, FakeAws, freshAwsForEachTest } from './fake-aws';
import type { EmrJob } from '../../../src/emr-hive-dynamo-step/contract';
import { handler } from '../../../src/emr-hive-dynamo-step/runtime/emr-hive-dynamo.lambda';
import type { JobStatus } from '../../../src/etl-step/contract';

let aws: FakeAws;

freshAwsForEachTest(fake => {
  aws = fake;
});

const LOG = `${STEP_FOLDER}logs/j-1/steps/s-j-1/stderr.gz`;

const start = async (attempt = 1, relaunch = 0) => {
  const event = launchEvent('SELECT 1;', attempt, relaunch);
  const check = checkEvent(event, (await handler(event)) as JobStatus<EmrJob>);
  return { check: async () => handler(check), cluster: aws.clusters.at(-1)! };
};

function count(rowsRead: number, rowsWritten: number, rowsRejected: number, duplicatesDropped: number): void {
  aws.putText(
    `${STEP_FOLDER}counts/read/000000_0`,
    `${JSON.stringify({ rowsRead, rowsRejected, rowsWritten, duplicatesDropped, bytesWritten: 100 * rowsWritten })}\n`,
  );
  aws.putText(`${STEP_FOLDER}counts/read/`, '');
  aws.putText(`${STEP_FOLDER}counts/.hive-staging_1/000000_0`, '{"rowsRead":99}\n');
}

/** As a load with a transform does. */
function countTransformed(rowsTransformed: number): void {
  aws.putText(`${STEP_FOLDER}counts/read/000000_0`, '{"rowsRead":10,"rowsRejected":1}\n');
  aws.putText(
    `${STEP_FOLDER}counts/transformed/000000_0`,
    `{"rowsTransformed":${rowsTransformed},"transformedRowsRejected":2,"rowsWritten":3,"duplicatesDropped":1,"bytesWritten":300}\n`,
  );
}

test('while Hive runs the job says how far it is, as soon as EMR copies the log', async () => {
  const { check, cluster } = await start();
  aws.become(cluster, 'RUNNING', {}, 'RUNNING');
  aws.putLog(
    LOG,
    'Launching Job 1 out of 2\nStage-1 map = 100%,  reduce = 9%, Cumulative CPU 3.1 sec\nLaunching Job 2 out of ' +
      '2\nStage-3 map = 34%,  reduce = 0%\n',
  );
  const fresh = await check();
  expect(fresh).toMatchObject({ status: 'running' });
  expect(fresh).not.toHaveProperty('job.progress');
  jest.advanceTimersByTime(400_000);
  expect(await check()).toMatchObject({
    status: 'running',
    job: { clusterId: 'j-1', progress: 'job 2 of 2: map 34 %, reduce 0 %' },
  });
  aws.objects.delete(LOG);
  expect(await check()).toMatchObject({ status: 'running' });
});

test('while the step runs the pauses grow', async () => {
  const { check, cluster } = await start();
  expect(await check()).toMatchObject({ status: 'running', waitSeconds: 5, job: { clusterId: 'j-1' } });
  aws.become(cluster, 'RUNNING', {}, 'RUNNING');
  jest.advanceTimersByTime(1_000_000);
  expect(await check()).toMatchObject({ status: 'running', waitSeconds: 50 });
});

test('a moment after its launch a cluster has no step yet', async () => {
  const { check, cluster } = await start();
  cluster.steps = [];
  expect(await check()).toMatchObject({ status: 'running' });
});

describe('a step that has completed', () => {
  test('gives what Hive has counted, written once', async () => {
    const { check, cluster } = await start();
    count(10, 6, 1, 3);
    jest.advanceTimersByTime(400_000);
    aws.become(cluster, 'TERMINATING', { Code: 'ALL_STEPS_COMPLETED' }, 'COMPLETED');
    const result = {
      rowsRead: 10,
      rowsWritten: 6,
      rowsRejected: 1,
      duplicatesDropped: 3,
      bytesWritten: 600,
      seconds: 400,
      rejectedRows: `s3://work/${STEP_FOLDER}rejected/`,
    };
    expect(await check()).toEqual({ status: 'done', result });
    expect(aws.json(`${STEP_FOLDER}result.json`)).toEqual(result);
    count(11, 7, 1, 3);
    expect(await check()).toEqual({ status: 'done', result });
  });

  test('is judged by its own state, whatever became of the cluster', async () => {
    const { check, cluster } = await start();
    count(1, 1, 0, 0);
    aws.become(cluster, 'TERMINATED_WITH_ERRORS', { Code: 'INSTANCE_FAILURE' }, 'COMPLETED');
    expect(await check()).toEqual({
      status: 'done',
      result: { rowsRead: 1, rowsWritten: 1, rowsRejected: 0, duplicatesDropped: 0, bytesWritten: 100, seconds: 0 },
    });
  });

  test('tells what its transform has filtered, and counts what was rejected before and after it', async () => {
    const { check, cluster } = await start();
    countTransformed(6);
    aws.become(cluster, 'TERMINATING', {}, 'COMPLETED');
    expect(await check()).toMatchObject({
      status: 'done',
      result: {
        rowsRead: 10,
        rowsWritten: 3,
        rowsRejected: 3,
        duplicatesDropped: 1,
        rowsFiltered: 3,
        bytesWritten: 300,
      },
    });
  });

  test('fails if its transform has made more rows than there were', async () => {
    const { check, cluster } = await start();
    countTransformed(10);
    aws.become(cluster, 'TERMINATING', {}, 'COMPLETED');
    await expect(check()).rejects.toThrow(
      expect.objectContaining({
        name: 'Etl.Configuration',
        message: expect.stringContaining('no more rows than it reads, got 10 of 9'),
      }),
    );
  });

  test('fails if rows are lost', async () => {
    const { check, cluster } = await start();
    count(10, 6, 1, 2);
    aws.become(cluster, 'TERMINATING', {}, 'COMPLETED');
    await expect(check()).rejects.toThrow(expect.objectContaining({ name: 'Etl.RowsLost' }));
    expect(aws.json(`${STEP_FOLDER}result.json`)).toBeUndefined();
  });

  test.each([
    [
      'is missing',
      () => aws.putText(`${STEP_FOLDER}counts/read/000000_0`, '{"rowsRead":10}\n'),
      'no rowsRejected, rowsWritten, duplicatesDropped, bytesWritten',
    ],
    [
      'is there twice',
      () => aws.putText(`${STEP_FOLDER}counts/read/000001_0`, '{"rowsWritten":6}\n'),
      'rowsWritten twice',
    ],
    [
      'of a transform is missing',
      () => aws.putText(`${STEP_FOLDER}counts/transformed/000000_0`, '{"rowsTransformed":6}\n'),
      'no transformedRowsRejected',
    ],
  ])('fails if a count %s', async (_, change, message) => {
    const { check, cluster } = await start();
    count(10, 6, 1, 3);
    change();
    aws.become(cluster, 'TERMINATING', {}, 'COMPLETED');
    await expect(check()).rejects.toThrow(
      expect.objectContaining({ name: 'Etl.LoadFailed', message: expect.stringContaining(message) }),
    );
  });
});

describe('a load that has failed', () => {
  test('is judged when its cluster has ended: only then are reason and logs complete', async () => {
    const { check, cluster } = await start();
    aws.become(cluster, 'TERMINATING', { Code: 'STEP_FAILURE' }, 'FAILED');
    expect(await check()).toMatchObject({ status: 'running' });
    aws.become(cluster, 'TERMINATED_WITH_ERRORS', { Code: 'STEP_FAILURE' }, 'FAILED');
    aws.putLog(LOG, 'FAILED: Execution Error, return code 2\n');
    await expect(check()).rejects.toThrow(expect.objectContaining({ name: 'Etl.LoadFailed' }));
  });

  describe('for no reason that is known', () => {
    const failed = async () => {
      const started = await start();
      aws.become(started.cluster, 'RUNNING', {}, 'RUNNING');
      aws.become(started.cluster, 'TERMINATED_WITH_ERRORS', { Code: 'STEP_FAILURE' }, 'FAILED');
      return started;
    };
    const WAITING = { status: 'running', waitSeconds: 60, job: expect.objectContaining({ clusterId: 'j-1' }) };

    test('is judged once EMR has copied the log, which takes it up to five minutes', async () => {
      const { check } = await failed();
      expect(await check()).toEqual(WAITING);
      jest.advanceTimersByTime(60_000);
      aws.putLog(LOG, 'Error: java.io.IOException: No space left on device\n');
      await expect(check()).rejects.toMatchObject({ name: 'Etl.Configuration' });
    });

    test('is not judged by a log of the time before it failed', async () => {
      const { check, cluster } = await start();
      aws.become(cluster, 'RUNNING', {}, 'RUNNING');
      aws.putLog(LOG, 'Stage-1 map = 4%,  reduce = 0%\n');
      jest.advanceTimersByTime(60_000);
      aws.become(cluster, 'TERMINATED_WITH_ERRORS', { Code: 'STEP_FAILURE' }, 'FAILED');
      expect(await check()).toEqual(WAITING);
      aws.putLog(LOG, 'Stage-1 map = 9%,  reduce = 0%\nKilled\n');
      await expect(check()).rejects.toMatchObject({
        name: 'Etl.LoadFailed',
        message: expect.stringContaining('Killed'),
      });
    });

    test('is judged without a log in the end', async () => {
      const { check } = await failed();
      jest.advanceTimersByTime(359_000);
      expect(await check()).toEqual(WAITING);
      jest.advanceTimersByTime(2_000);
      await expect(check()).rejects.toMatchObject({ name: 'Etl.LoadFailed' });
    });
  });

  test('by a cause far above the last line quotes both, and no row', async () => {
    const { check, cluster } = await start();
    aws.putLog(
      LOG,
      'Caused by: org.apache.hadoop.hdfs.BlockMissingException: Could not obtain block: ' +
        `BP-1\n${'noise\n'.repeat(5_000)}` +
        'Hive Runtime Error while processing row {"customer":"Ada"}\nFAILED: Execution Error, return code 2\n',
    );
    aws.become(cluster, 'TERMINATED_WITH_ERRORS', { Code: 'STEP_FAILURE' }, 'FAILED');
    const error = await check().catch(reason => reason);
    expect(error.name).toBe('Etl.Capacity');
    expect(error.message).toMatch(/Could not obtain block: BP-1 … [^]*return code 2/);
    expect(error.message).not.toContain('Ada');
    expect(error.message.length).toBeLessThan(4_000);
  });

  test('tells the last words of Hive', async () => {
    const { check, cluster } = await start();
    aws.putLog(LOG, `${'noise\n'.repeat(1_000)}FAILED: SemanticException [Error 10001]: Table not found\n`);
    aws.become(cluster, 'TERMINATED_WITH_ERRORS', { Code: 'STEP_FAILURE' }, 'FAILED');
    await expect(check()).rejects.toThrow(
      expect.objectContaining({
        name: 'Etl.Configuration',
        message: expect.stringMatching(
          new RegExp(`^Run ${RUN}: .*Table not found.*s3://work/${STEP_FOLDER}logs/j-1/`, 's'),
        ),
      }),
    );
  });

  test('for want of capacity asks for another cluster', async () => {
    const { check, cluster } = await start();
    aws.become(cluster, 'TERMINATED_WITH_ERRORS', { Code: 'INSTANCE_FLEET_TIMEOUT', Message: 'no capacity' });
    await expect(check()).rejects.toThrow(
      expect.objectContaining({ name: 'Etl.Capacity', message: expect.stringContaining('no capacity') }),
    );
  });
});

test.each(['ListSteps', 'DescribeCluster'])('%s throttled: the check is tried again', async operation => {
  const { check } = await start();
  aws.failBefore.set(operation, awsError('ThrottlingException', 400));
  await expect(check()).rejects.toThrow(expect.objectContaining({ name: 'Etl.Transient' }));
  expect(await check()).toMatchObject({ status: 'running' });
});

test('permissions that are missing are named', async () => {
  const { check } = await start();
  aws.failBefore.set('ListSteps', awsError('AccessDeniedException', 400));
  await expect(check()).rejects.toThrow(
    expect.objectContaining({ name: 'Etl.Configuration', message: expect.stringContaining('ListSteps of j-1') }),
  );
});

test('a second cluster of one launch, which EMR showed too late, is ended', async () => {
  aws.failAfter.set('RunJobFlow', awsError('TimeoutError', undefined));
  const event = launchEvent('SELECT 1;');
  await expect(handler(event)).rejects.toThrow('EMR did not do RunJobFlow');
  const waiting = (await handler(event)) as JobStatus<EmrJob>;
  jest.advanceTimersByTime(301_000);
  const started = (await handler(checkEvent(event, waiting))) as JobStatus<EmrJob>;
  expect(started).toMatchObject({ job: { clusterId: 'j-2' } });
  aws.clusters[0].listed = true;
  await handler(checkEvent(event, started));
  expect(aws.clusters.map(({ status }) => status!.State)).toEqual(['TERMINATING', 'STARTING']);
});

describe('clusters of other attempts and relaunches', () => {
  test('are ended, once, before the load is judged', async () => {
    const first = await start(1, 0);
    const { check, cluster } = await start(2, 0);
    aws.become(first.cluster, 'RUNNING', {}, 'RUNNING');
    await check();
    expect(first.cluster.status!.State).toBe('TERMINATING');
    expect(cluster.status!.State).toBe('STARTING');
    aws.become(first.cluster, 'TERMINATED', { Code: 'USER_REQUEST' });
    await check();
    expect(aws.json(`${STEP_FOLDER}launches/1-0-0.json`)).toMatchObject({ state: 'ended', clusterId: 'j-1' });
    const calls = aws.calls.length;
    await check();
    expect(aws.calls.slice(calls)).not.toContain('TerminateJobFlows');
    expect(aws.calls.slice(calls).filter(name => name === 'DescribeCluster')).toHaveLength(1); // of its own
  });

  test('are left alone if they came later: the check is the one that comes late', async () => {
    const first = await start(1, 0);
    const relaunched = await start(1, 1);
    const second = await start(2, 0);
    await first.check();
    expect(relaunched.cluster.status!.State).toBe('STARTING');
    expect(second.cluster.status!.State).toBe('STARTING');
    expect(aws.calls).not.toContain('TerminateJobFlows');
  });

  test('are found by name if nobody recorded their id', async () => {
    aws.failAfter.set('RunJobFlow', awsError('TimeoutError', undefined));
    await expect(start(1, 0)).rejects.toThrow('EMR did not do RunJobFlow');
    const { check } = await start(2, 0);
    aws.clusters[0].listed = true;
    await check();
    expect(aws.clusters[0].status!.State).toBe('TERMINATING');
  });
});
