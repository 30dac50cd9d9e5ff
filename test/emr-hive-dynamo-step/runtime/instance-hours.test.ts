import type { Instance } from '@aws-sdk/client-emr';
import { CLUSTER, launchEvent, RUN, stopEvent } from './events';
import { awsError, FakeAws, freshAwsForEachTest } from './fake-aws';
import type { ClusterRequest } from '../../../src/emr-hive-dynamo-step/contract';
import { handler } from '../../../src/emr-hive-dynamo-step/runtime/emr-hive-dynamo.lambda';
import { METRIC_SOURCE } from '../../../src/metrics/contract';

let aws: FakeAws;
let lines: any[];

freshAwsForEachTest(fake => {
  aws = fake;
});

beforeEach(() => {
  process.env[METRIC_SOURCE.step.env] = 'Stack-Step';
  lines = [];
  jest.spyOn(process.stdout, 'write').mockImplementation(line => lines.push(JSON.parse(String(line))) > 0);
});

afterEach(() => {
  delete process.env[METRIC_SOURCE.step.env];
  jest.restoreAllMocks();
});

const HOUR = 3_600_000;
const START = Date.parse('2026-11-23T12:00:00Z');
const recorded = () => lines.map(({ InstanceHours }) => InstanceHours);

/** Hours after the test's start. */
function instance(from: number, to?: number): Instance {
  return {
    Status: {
      Timeline: {
        CreationDateTime: new Date(START + from * HOUR),
        ...(to !== undefined && { EndDateTime: new Date(START + to * HOUR) }),
      },
    },
  };
}

describe('of a cluster that ends with its run', () => {
  const launch = async (attempt = 1) => handler(launchEvent('SELECT 1;', attempt));

  test('the hours of every instance are recorded when it has ended, once', async () => {
    await launch();
    aws.clusters[0].instances.push(instance(0, 2), instance(0, 2), instance(0, 0.5), instance(0.5, 2));
    expect(await handler(stopEvent())).toMatchObject({ status: 'stopping' });
    expect(recorded()).toEqual([]);
    aws.become(aws.clusters[0], 'TERMINATED');
    await handler(stopEvent());
    await handler(stopEvent());
    expect(lines).toEqual([expect.objectContaining({ Step: 'Stack-Step', InstanceHours: 6 })]);
    expect(lines[0]._aws.CloudWatchMetrics[0].Metrics).toEqual([{ Name: 'InstanceHours', Unit: 'None' }]);
  });

  test('two calls that see the end at the same time record it once', async () => {
    await launch();
    aws.clusters[0].instances.push(instance(0, 1));
    aws.become(aws.clusters[0], 'TERMINATED');
    await Promise.all([handler(stopEvent()), handler(stopEvent())]);
    expect(recorded()).toEqual([1]);
  });

  test('each attempt adds its own', async () => {
    await launch(1);
    await launch(2);
    aws.clusters[0].instances.push(instance(0, 1));
    aws.clusters[1].instances.push(instance(0, 3));
    for (const cluster of aws.clusters) aws.become(cluster, 'TERMINATED_WITH_ERRORS');
    await handler(stopEvent(2));
    expect(recorded().sort()).toEqual([1, 3]);
  });

  test('an instance that never started costs nothing', async () => {
    await launch();
    aws.clusters[0].instances.push({ Status: { State: 'TERMINATED' } }, instance(0, 1));
    aws.become(aws.clusters[0], 'TERMINATED_WITH_ERRORS');
    await handler(stopEvent());
    expect(recorded()).toEqual([1]);
  });

  test('a throttled call is tried again', async () => {
    await launch();
    aws.clusters[0].instances.push(instance(0, 1));
    aws.become(aws.clusters[0], 'TERMINATED');
    aws.failBefore.set('ListInstances', awsError('ThrottlingException', 400));
    await expect(handler(stopEvent())).rejects.toMatchObject({ name: 'Etl.Transient' });
    expect(await handler(stopEvent())).toEqual({ status: 'ended' });
    expect(recorded()).toEqual([1]);
  });

  test('the run ends though EMR refuses to list the instances', async () => {
    await launch();
    aws.become(aws.clusters[0], 'TERMINATED');
    aws.failBefore.set('ListInstances', awsError('AccessDeniedException', 400));
    expect(await handler(stopEvent())).toEqual({ status: 'ended' });
    expect(recorded()).toEqual([]);
  });
});

describe('of a kept cluster', () => {
  const KEPT: ClusterRequest = { ...CLUSTER, Tags: [{ Key: 'cdk-etl-steps:step', Value: 'OrdersToDynamo' }] };
  const launch = async (runId = RUN) =>
    handler({ ...launchEvent('SELECT 1;', 1, 0, KEPT, { kept: { maxAgeSeconds: 24 * 3_600 } }), runId });

  beforeEach(() => aws.stage('other'));

  test('the hours are recorded by the run that finds it ended', async () => {
    await launch();
    aws.clusters[0].instances.push(instance(0, 2), instance(0, 2));
    await handler(stopEvent());
    expect(recorded()).toEqual([]);
    aws.become(aws.clusters[0], 'TERMINATED');
    jest.advanceTimersByTime(20 * HOUR);
    await Promise.all([launch('other'), launch('other')]);
    await launch('other');
    expect(recorded()).toEqual([4]);
  });

  test('the hours so far are recorded when it is too old for the next run', async () => {
    await launch();
    aws.clusters[0].instances.push(instance(0));
    aws.become(aws.clusters[0], 'WAITING', {}, 'COMPLETED');
    jest.advanceTimersByTime(24 * HOUR);
    await launch('other');
    expect(recorded()).toEqual([24]);
  });

  test('nothing is recorded while runs take it', async () => {
    await launch();
    aws.clusters[0].instances.push(instance(0));
    aws.become(aws.clusters[0], 'WAITING', {}, 'COMPLETED');
    await launch('other');
    expect(recorded()).toEqual([]);
  });
});
