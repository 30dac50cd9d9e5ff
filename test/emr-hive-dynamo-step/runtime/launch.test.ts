import { checkEvent, CLUSTER, cluster, launchEvent, RUN, STAGED_FILE, STEP_FOLDER } from './events';
import { awsError, FakeAws, freshAwsForEachTest } from './fake-aws';
import type { EmrJob } from '../../../src/emr-hive-dynamo-step/contract';
import { handler } from '../../../src/emr-hive-dynamo-step/runtime/emr-hive-dynamo.lambda';
import type { JobStatus } from '../../../src/etl-step/contract';

const SCRIPT = "SELECT * FROM t_<run> LOCATION '<input folder>';";
const CLUSTER_NAME = `ToDynamo/${RUN}/1/0/0`;
let aws: FakeAws;

freshAwsForEachTest(fake => {
  aws = fake;
});

const launch = async (attempt = 1, relaunch = 0, request = CLUSTER) =>
  (await handler(launchEvent(SCRIPT, attempt, relaunch, request))) as JobStatus<EmrJob>;

describe('the first launch', () => {
  test('starts one cluster, named after the run', async () => {
    expect(await launch()).toEqual({
      status: 'running',
      waitSeconds: 5,
      job: { clusterId: 'j-1', askedAt: '2026-11-23T12:00:00.000Z' },
    });
    expect(aws.clusters).toHaveLength(1);
    expect(aws.clusters[0].request).toMatchObject({
      Name: CLUSTER_NAME,
      ReleaseLabel: 'emr-7.13.0',
      Applications: [{ Name: 'Hive' }],
      LogUri: `s3://work/${STEP_FOLDER}logs/`,
      ServiceRole: 'Service',
      JobFlowRole: 'Profile',
      SecurityConfiguration: 'Encrypted',
      Tags: [{ Key: 'team', Value: 'orders' }],
      Instances: {
        Ec2SubnetIds: ['subnet-a', 'subnet-b', 'subnet-c'],
        EmrManagedMasterSecurityGroup: 'sg-primary',
        EmrManagedSlaveSecurityGroup: 'sg-core',
        ServiceAccessSecurityGroup: 'sg-service',
        KeepJobFlowAliveWhenNoSteps: false,
      },
      Steps: [
        {
          ActionOnFailure: 'TERMINATE_CLUSTER',
          HadoopJarStep: {
            Jar: 'command-runner.jar',
            Args: ['hive-script', '--run-hive-script', '--args', '-f', `s3://work/${STEP_FOLDER}scripts/1-0.hql`],
          },
        },
      ],
    });
    expect(aws.objects.get(`${STEP_FOLDER}scripts/1-0.hql`)!.toString()).toContain(
      `LOCATION 's3://work/runs/${RUN}/input/'`,
    );
    expect(aws.json(`${STEP_FOLDER}launches/1-0-0.json`)).toMatchObject({ state: 'running', clusterId: 'j-1' });
  });

  test('starts nothing if the staged files are gone: Hive would load no rows and succeed', async () => {
    aws.objects.delete(STAGED_FILE);
    await expect(launch()).rejects.toMatchObject({
      name: 'Etl.Configuration',
      message: expect.stringContaining(`s3://work/runs/${RUN}/input/ is empty`),
    });
    expect(aws.clusters).toEqual([]);
  });

  test('asks for what the template says, and adds only what the run knows', async () => {
    const request = cluster({ maxCapacityUnits: 10 });
    await launch(1, 0, request);
    const { Name: _name, LogUri: _logs, Steps: _steps, ...rest } = aws.clusters[0].request;
    expect(rest).toEqual(request);
  });

  test('writes its logs where the template says', async () => {
    await launch(1, 0, { ...CLUSTER, LogUri: 's3://logs/emr/' });
    expect(aws.clusters[0].request.LogUri).toBe('s3://logs/emr/');
  });

  test('starts nothing if another attempt has finished the load', async () => {
    const result = { rowsRead: 1, rowsWritten: 1, rowsRejected: 0, duplicatesDropped: 0, seconds: 9 };
    aws.putText(`${STEP_FOLDER}result.json`, JSON.stringify(result));
    expect(await launch(2)).toEqual({ status: 'done', result });
    expect(aws.clusters).toEqual([]);
  });

  test('starts nothing for an execution that has ended', async () => {
    aws.executionStatus = 'ABORTED';
    await expect(launch()).rejects.toThrow(expect.objectContaining({ name: 'Etl.Stopped' }));
    expect(aws.clusters).toEqual([]);
    // there is nothing to stop
    expect(aws.json(`${STEP_FOLDER}launches/1-0-0.json`)).toMatchObject({ state: 'refused' });
  });

  test('is written down before it asks whether its execution runs: a stop that comes between finds it, and waits', async () => {
    aws.failBefore.set('DescribeExecution', new Error('stands still here'));
    let found: unknown;
    aws.beforeFailure = () => {
      found = aws.json(`${STEP_FOLDER}launches/1-0-0.json`);
    };
    await expect(launch()).rejects.toThrow('stands still here');
    expect(found).toMatchObject({ state: 'asked' });
  });
});

describe('a repeated launch starts nothing twice', () => {
  test('after it was answered', async () => {
    const first = await launch();
    jest.advanceTimersByTime(60_000);
    expect(await launch()).toMatchObject({ job: (first as { job: EmrJob }).job });
    expect(aws.clusters).toHaveLength(1);
  });

  test('after a crash between RunJobFlow and its record: it finds the cluster by its name, behind many others', async () => {
    aws.failAfter.set('RunJobFlow', awsError('TimeoutError', undefined));
    await expect(launch()).rejects.toThrow(expect.objectContaining({ name: 'Etl.Transient' }));
    expect(aws.json(`${STEP_FOLDER}launches/1-0-0.json`)).toMatchObject({ state: 'asked' });
    aws.clusters[0].listed = true;
    aws.strangers = 120;
    expect(await launch()).toMatchObject({ status: 'running', job: { clusterId: 'j-1' } });
    expect(aws.json(`${STEP_FOLDER}launches/1-0-0.json`)).toMatchObject({ state: 'running', clusterId: 'j-1' });
    expect(aws.count('RunJobFlow')).toBe(1);
  });

  test('with a cluster whose name only begins like its own', async () => {
    aws.failAfter.set('RunJobFlow', awsError('TimeoutError', undefined));
    await expect(launch()).rejects.toThrow('EMR did not do RunJobFlow');
    const [own] = aws.clusters;
    aws.clusters.unshift({
      ...own,
      id: 'j-other',
      listed: true,
      request: { ...own.request, Name: `${own.request.Name}0` },
    });
    expect(await launch()).toMatchObject({ status: 'running', job: { askedAt: expect.any(String) } });
    expect(aws.json(`${STEP_FOLDER}launches/1-0-0.json`)).not.toHaveProperty('clusterId');
    own.listed = true;
    expect(await launch()).toMatchObject({ status: 'running', job: { clusterId: 'j-1' } });
  });

  test('after a failure inside EMR, which may have started a cluster', async () => {
    aws.failAfter.set('RunJobFlow', awsError('InternalServerException', 500));
    await expect(launch()).rejects.toThrow(expect.objectContaining({ name: 'Etl.Transient' }));
    aws.clusters[0].listed = true;
    expect(await launch()).toMatchObject({ job: { clusterId: 'j-1' } });
    expect(aws.count('RunJobFlow')).toBe(1);
  });

  test('while ListClusters lags behind: the check waits for the cluster to appear', async () => {
    aws.failAfter.set('RunJobFlow', awsError('TimeoutError', undefined));
    await expect(launch()).rejects.toThrow('EMR did not do RunJobFlow');
    const waiting = await launch();
    expect(waiting).toEqual({ status: 'running', waitSeconds: 5, job: { askedAt: '2026-11-23T12:00:00.000Z' } });
    jest.advanceTimersByTime(200_000);
    const still = (await handler(checkEvent(launchEvent(SCRIPT), waiting))) as JobStatus<EmrJob>;
    expect(still).toMatchObject({ status: 'running', job: { askedAt: '2026-11-23T12:00:00.000Z' } });
    aws.clusters[0].listed = true;
    expect(await handler(checkEvent(launchEvent(SCRIPT), still))).toMatchObject({
      status: 'running',
      job: { clusterId: 'j-1' },
    });
    expect(aws.count('RunJobFlow')).toBe(1);
  });

  test('after a crash between the record and RunJobFlow: it asks again, but only once the call cannot appear any more', async () => {
    aws.failBefore.set('RunJobFlow', awsError('TimeoutError', undefined));
    await expect(launch()).rejects.toThrow('EMR did not do RunJobFlow');
    const waiting = await launch();
    expect(aws.count('RunJobFlow')).toBe(1);
    jest.advanceTimersByTime(301_000);
    expect(await handler(checkEvent(launchEvent(SCRIPT), waiting))).toMatchObject({
      status: 'running',
      job: { clusterId: 'j-1' },
    });
    expect(aws.clusters.map(({ request }) => request.Name)).toEqual([`ToDynamo/${RUN}/1/0/1`]);
    expect(aws.json(`${STEP_FOLDER}launches/1-0-1.json`)).toMatchObject({ state: 'running', clusterId: 'j-1' });
  });

  test('when two ask at the same moment', async () => {
    await Promise.all([launch(), launch()]);
    expect(aws.clusters).toHaveLength(1);
  });
});

describe('a refused launch', () => {
  test('throttled: tried again at once', async () => {
    aws.failBefore.set('RunJobFlow', awsError('ThrottlingException', 400));
    await expect(launch()).rejects.toThrow(
      expect.objectContaining({ name: 'Etl.Transient', message: expect.stringContaining(RUN) }),
    );
    expect(await launch()).toMatchObject({ job: { clusterId: 'j-1' } });
    expect(aws.keys(`${STEP_FOLDER}launches/`)).toHaveLength(2);
  });

  test('invalid: says what EMR said', async () => {
    aws.failBefore.set('RunJobFlow', awsError('ValidationException', 400));
    await expect(launch()).rejects.toThrow(
      expect.objectContaining({
        name: 'Etl.Configuration',
        message: expect.stringContaining('EMR refused RunJobFlow: ValidationException: ValidationException for a test'),
      }),
    );
    expect(aws.json(`${STEP_FOLDER}launches/1-0-0.json`)).toMatchObject({ state: 'refused' });
  });
});

test('a launch that a quota refuses names the quota', async () => {
  aws.failBefore.set(
    'RunJobFlow',
    Object.assign(awsError('ValidationException', 400), { message: 'VcpuLimitExceeded: more than allowed' }),
  );
  await expect(launch()).rejects.toMatchObject({
    name: 'Etl.Configuration',
    message: expect.stringContaining('L-1216C47A'),
  });
});

describe('a relaunch after missing capacity', () => {
  test('avoids the zones that were tried and buys no Spot', async () => {
    const request = cluster({ maxCapacityUnits: 10 });
    await launch(1, 0, request);
    await launch(1, 1, request);
    await launch(1, 2, request);
    expect(aws.clusters.map(({ request: { Instances } }) => Instances!.Ec2SubnetIds)).toEqual([
      ['subnet-a', 'subnet-b', 'subnet-c'],
      ['subnet-b', 'subnet-c'],
      ['subnet-c'],
    ]);
    const { Instances, ManagedScalingPolicy, Name } = aws.clusters[1].request;
    expect(Name).toBe(`ToDynamo/${RUN}/1/1/0`);
    const [, core, task] = Instances!.InstanceFleets!;
    expect(core).toEqual(CLUSTER.Instances.InstanceFleets[1]);
    expect(task.TargetOnDemandCapacity).toBe(3);
    expect(task.TargetSpotCapacity).toBeUndefined();
    expect(task.LaunchSpecifications).toEqual({ OnDemandSpecification: { AllocationStrategy: 'lowest-price' } });
    expect(ManagedScalingPolicy!.ComputeLimits).toMatchObject({
      MaximumOnDemandCapacityUnits: 10,
      MaximumCoreCapacityUnits: 1,
    });
  });

  test('uses all subnets again if every one was tried', async () => {
    const request = cluster({ subnetIds: ['subnet-a'] });
    await launch(1, 0, request);
    await launch(1, 1, request);
    expect(aws.clusters[1].request.Instances!.Ec2SubnetIds).toEqual(['subnet-a']);
  });

  test('forgets what another attempt has tried', async () => {
    await launch(1, 0);
    await launch(1, 1);
    await launch(2, 0);
    await launch(2, 2);
    expect(aws.clusters.slice(2).map(({ request }) => request.Instances!.Ec2SubnetIds)).toEqual([
      CLUSTER.Instances.Ec2SubnetIds,
      ['subnet-b', 'subnet-c'],
    ]);
  });
});

test('what S3 cannot answer for a moment is tried again', async () => {
  aws.failBefore.set('ListObjectsV2', awsError('SlowDown', 503));
  await expect(launch()).rejects.toThrow(expect.objectContaining({ name: 'Etl.Transient' }));
});
