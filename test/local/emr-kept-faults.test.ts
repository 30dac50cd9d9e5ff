// What becomes of the cluster that runs share (`idleTimeout`), and of the runs, when EMR or an operator comes between:
// the state machine and the functions as they are deployed, on a local EMR that fails as EMR does. There never are two
// clusters at one time.
import { setTimeout as pause } from 'timers/promises';
import { Duration } from 'aws-cdk-lib';
import { EmrHarness } from './emr-faults/emr-harness';
import type { CallFault, ClusterFault } from '../../local/emr';

jest.setTimeout(180_000); // a busy machine is no failure

let emr: EmrHarness;

beforeAll(async () => {
  // on the local EMR, 600 times as fast, half a minute
  emr = await EmrHarness.start({ idleTimeout: Duration.hours(5) });
});
afterAll(async () => emr?.stop());

beforeEach(() => emr.reset());
afterEach(async () => {
  expect(emr.mostAlive).toBe(1);
  await emr.endClusters();
});

const LOADED = { rowsRead: 1, rowsWritten: 1, rowsRejected: 0, duplicatesDropped: 0, bytesWritten: 20 };

const clusters = () => [...emr.clusters.values()];
const stepsOf = (index: number) => [...clusters()[index].steps.values()];

async function expectLoaded(): Promise<void> {
  expect(await emr.run()).toMatchObject({ status: 'SUCCEEDED', result: LOADED });
}

/** Strikes the first cluster only. */
function firstCluster(fault: ClusterFault): () => ClusterFault | undefined {
  const faults = [fault];
  return () => faults.shift();
}

const LOST: ClusterFault['reason'] = { Code: 'INSTANCE_FAILURE', Message: 'The master node was terminated' };

test('one run after the other loads on one cluster, which stays for the next', async () => {
  await expectLoaded();
  await expectLoaded();
  expect(stepsOf(0)).toEqual(['COMPLETED', 'COMPLETED']);
  expect(emr.alive).toHaveLength(1);
});

test('runs that begin at the same time share the one cluster that one of them starts', async () => {
  await Promise.all([expectLoaded(), expectLoaded(), expectLoaded()]);
  expect(stepsOf(0)).toEqual(['COMPLETED', 'COMPLETED', 'COMPLETED']);
  expect(clusters()).toHaveLength(1);
});

test('a cluster that dies while it is idle is replaced by the next run', async () => {
  emr.faults = { cluster: firstCluster({ during: 'WAITING', reason: LOST }) };
  await expectLoaded();
  await expectLoaded();
  expect(clusters().map(({ steps }) => steps.size)).toEqual([1, 1]);
  expect(emr.alive).toEqual([clusters()[1]]);
});

test('a cluster that is ending is never taken', async () => {
  await expectLoaded();
  const ending = new Promise<void>(resolve => {
    emr.onChange = ({ state }) => {
      if (state === 'TERMINATING') resolve();
    };
  });
  const ended = emr.endClusters();
  await ending;
  await expectLoaded();
  await ended;
  expect(clusters().map(({ steps }) => steps.size)).toEqual([1, 1]);
});

test('a cluster that begins to end right before it gets the step is replaced', async () => {
  await expectLoaded();
  const ends = [() => emr.endClusters()];
  emr.faults.call = async name => {
    if (name === 'AddJobFlowSteps') await ends.pop()?.();
    return undefined;
  };
  await expectLoaded();
  expect(clusters().map(({ steps }) => steps.size)).toEqual([1, 1]);
});

test('a cluster that dies under the load is replaced by one that is all on-demand, which the next run takes', async () => {
  emr.faults = { cluster: firstCluster({ during: 'RUNNING', reason: LOST }) };
  await expectLoaded();
  await expectLoaded();
  expect(stepsOf(0)).toEqual(['CANCELLED']);
  expect(stepsOf(1)).toEqual(['COMPLETED', 'COMPLETED']);
  for (const { TargetSpotCapacity } of clusters()[1].request.Instances!.InstanceFleets!) {
    expect(TargetSpotCapacity).toBeUndefined();
  }
});

test('a load that fails says why, and leaves the cluster to the next run', async () => {
  const outputs = ['java.lang.IllegalStateException: something new\nFAILED: Execution Error'];
  emr.faults = { step: () => outputs.shift() };
  expect(await emr.run()).toMatchObject({
    status: 'FAILED',
    error: 'Etl.LoadFailed',
    message: expect.stringMatching(/something new.*logs: s3:\/\/.*\/clusters\/ToDynamo\/logs\/.*\/stderr\.gz/s),
  });
  await expectLoaded();
  expect(stepsOf(0)).toEqual(['FAILED', 'COMPLETED']);
});

test('somebody ends the cluster under the load: the run says so, and starts no other', async () => {
  emr.faults = {
    cluster: () => ({ during: 'RUNNING', reason: { Code: 'USER_REQUEST', Message: 'Terminated by user request' } }),
  };
  expect(await emr.run()).toMatchObject({
    status: 'FAILED',
    error: 'Etl.Configuration',
    message: expect.stringMatching(/Terminated by user request.*leave clusters with the tag of this step alone/s),
  });
  expect(clusters()).toHaveLength(1);
  expect(emr.alive).toEqual([]);
});

test.each(['RunJobFlow', 'AddJobFlowSteps'])(
  'when the answer to %s is lost, cluster and step are found again',
  async operation => {
    const answers: Record<string, CallFault[]> = { [operation]: ['answer lost'] };
    emr.faults = { call: name => answers[name]?.shift() };
    await expectLoaded();
    expect(clusters()).toHaveLength(1);
    expect(stepsOf(0)).toEqual(['COMPLETED']);
  },
);

test('an operator stops the execution: its step is cancelled, and the cluster stays for the next run', async () => {
  const stopped = { now: false };
  emr.hive = async () => {
    while (!stopped.now) await pause(20);
  };
  const running = new Promise<void>(resolve => {
    emr.onChange = ({ stepId, state }) => {
      if (stepId !== undefined && state === 'RUNNING') resolve();
      if (state === 'CANCEL_PENDING') stopped.now = true; // an interrupt ends Hive
    };
  });
  const key = await emr.upload();
  await running;
  await emr.abort();
  const { files, live } = await emr.settled();
  expect(live).toEqual([]);
  expect(files.find(file => file.key === key)).toMatchObject({
    status: 'FAILED',
    reason: expect.stringContaining('stopped by an operator'),
  });
  emr.hive = async () => {};
  await expectLoaded();
  expect(stepsOf(0)).toEqual(['CANCELLED', 'COMPLETED']);
});
