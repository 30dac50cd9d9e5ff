// What becomes of a run when EMR fails: the state machine and the functions as they are deployed, on a local EMR that
// fails as EMR does. After each fault no cluster is alive, there never were two at one time, and the error says what to
// do.
import { setTimeout as pause } from 'timers/promises';
import { EmrHarness } from './emr-faults/emr-harness';
import type { CallFault, ClusterFault } from '../../local/emr';

jest.setTimeout(120_000); // a busy machine is no failure

let emr: EmrHarness;

beforeAll(async () => {
  emr = await EmrHarness.start();
});
afterAll(async () => emr?.stop());

beforeEach(() => emr.reset());
afterEach(() => {
  expect(emr.alive).toEqual([]);
  expect(emr.mostAlive).toBeLessThanOrEqual(1);
});

/** Answers with each of these once, then with nothing. */
function once<Answer>(...answers: Answer[]): () => Answer | undefined {
  return () => answers.shift();
}

const NO_SPOT_CAPACITY: ClusterFault = {
  during: 'STARTING',
  reason: {
    Code: 'INSTANCE_FLEET_TIMEOUT',
    Message: 'Provisioning of the core instance fleet timed out: no Spot capacity',
  },
};

const LOADED = { rowsRead: 1, rowsWritten: 1, rowsRejected: 0, duplicatesDropped: 0, bytesWritten: 20 };

const spotUnits = ({ request }: { request: { Instances?: { InstanceFleets?: { TargetSpotCapacity?: number }[] } } }) =>
  request.Instances!.InstanceFleets!.reduce((sum, fleet) => sum + (fleet.TargetSpotCapacity ?? 0), 0);

test('without faults a run loads with one cluster', async () => {
  expect(await emr.run()).toMatchObject({ status: 'SUCCEEDED', result: LOADED });
  expect(emr.clusters.size).toBe(1);
});

describe('what another cluster mends is mended by another cluster, all on-demand', () => {
  test.each<[string, ClusterFault | undefined, string | undefined]>([
    ['Spot capacity is missing', NO_SPOT_CAPACITY, undefined],
    [
      'the zone has no capacity',
      {
        during: 'STARTING',
        reason: { Code: 'INTERNAL_ERROR', Message: 'Insufficient capacity' },
        details: [
          {
            ErrorCode: 'INTERNAL_ERROR_EC2_INSUFFICIENT_CAPACITY_AZ',
            ErrorMessage: 'EC2 has no m7g.xlarge in us-east-1a',
          },
        ],
      },
      undefined,
    ],
    [
      'the primary instance is lost',
      { during: 'RUNNING', reason: { Code: 'INSTANCE_FAILURE', Message: 'The master node was terminated' } },
      undefined,
    ],
    ['an instance is lost and the step fails for it', undefined, 'Diagnostics: Container released on a *lost* node'],
    [
      'an instance is lost with the only copy of a block',
      undefined,
      'org.apache.hadoop.hdfs.BlockMissingException: Could not obtain block: BP-1:blk_1 file=/tmp/hive/000000_0',
    ],
  ])('%s', async (_, fault, output) => {
    emr.faults = { cluster: once(fault), step: once(output) };
    expect(await emr.run()).toMatchObject({ status: 'SUCCEEDED', result: LOADED });
    const [first, second, ...more] = [...emr.clusters.values()];
    expect(more).toEqual([]);
    expect(spotUnits(first)).toBeGreaterThan(0);
    expect(spotUnits(second)).toBe(0);
  });

  test('and given up when that does not mend it', async () => {
    emr.faults = { cluster: () => NO_SPOT_CAPACITY };
    expect(await emr.run()).toMatchObject({
      status: 'FAILED',
      error: 'Etl.Capacity',
      message: expect.stringContaining('no Spot capacity'),
    });
    expect(emr.clusters.size).toBe(3);
  });
});

describe('what nothing but a change mends is told, with the change', () => {
  test.each<[string, ClusterFault, RegExp]>([
    [
      'a quota is exceeded',
      {
        during: 'STARTING',
        reason: {
          Code: 'VALIDATION_ERROR',
          Message:
            'You have requested more vCPU capacity than your current vCPU limit of 32 allows for the instance ' +
            'bucket that the specified instance type belongs to.',
        },
      },
      /vCPU limit of 32.*Raise the EC2 quota "Running On-Demand Standard.*One cluster takes \d+ vCPUs/s,
    ],
    [
      'a bootstrap action fails',
      {
        during: 'BOOTSTRAPPING',
        reason: {
          Code: 'BOOTSTRAP_FAILURE',
          Message: 'On the master instance (i-0a), bootstrap action 1 returned a non-zero return code',
        },
      },
      /bootstrap action 1 returned.*route to S3/s,
    ],
    [
      'somebody ends the cluster between two checks',
      {
        during: 'RUNNING',
        reason: { Code: 'USER_REQUEST', Message: 'Terminated by user request' },
      },
      /Terminated by user request.*leave clusters with the tag of this step alone/s,
    ],
  ])('%s', async (_, fault, message) => {
    emr.faults = { cluster: () => fault };
    expect(await emr.run()).toMatchObject({
      status: 'FAILED',
      error: 'Etl.Configuration',
      message: expect.stringMatching(message),
    });
    expect(emr.clusters.size).toBe(1);
  });

  test.each([
    ['the disks are full', 'java.io.IOException: No space left on device', /No space left.*Raise `ebsVolumeSize`/s],
    [
      'Hive refuses the script',
      'FAILED: SemanticException [Error 10001]: Line 1:14 Table not found',
      /Table not found.*Hive did not accept the script/s,
    ],
  ])('%s', async (_, output, message) => {
    emr.faults = { step: once(output) };
    expect(await emr.run()).toMatchObject({
      status: 'FAILED',
      error: 'Etl.Configuration',
      message: expect.stringMatching(message),
    });
    expect(emr.clusters.size).toBe(1);
  });
});

test('a step that fails for a reason that nobody knows fails the run with the last words of Hive', async () => {
  emr.faults = {
    step: once(
      'java.lang.IllegalStateException: something new\nFAILED: Execution Error, return code 2 from MapRedTask',
    ),
  };
  const { error, message } = await emr.run();
  expect(error).toBe('Etl.LoadFailed');
  expect(message).toMatch(/something new.*logs: s3:\/\/.*\/stderr\.gz/s);
  expect(emr.clusters.size).toBe(1);
});

describe('calls', () => {
  test('when the answer to RunJobFlow is lost, the cluster is found again', async () => {
    const answers: Record<string, CallFault[]> = { RunJobFlow: ['answer lost'] };
    emr.faults = { call: operation => answers[operation]?.shift() };
    expect(await emr.run()).toMatchObject({ status: 'SUCCEEDED', result: LOADED });
    expect(emr.clusters.size).toBe(1);
  });

  test('each may be throttled more often than the SDK tries it', async () => {
    const asked = new Map<string, number>();
    emr.faults = {
      call: operation => {
        asked.set(operation, (asked.get(operation) ?? 0) + 1);
        return asked.get(operation)! <= 4 ? 'throttled' : undefined;
      },
    };
    expect(await emr.run()).toMatchObject({ status: 'SUCCEEDED', result: LOADED });
    expect(emr.clusters.size).toBe(1);
  });
});

describe('an operator stops the execution: no cluster stays, and the file says why it was not loaded', () => {
  beforeEach(() => {
    emr.hive = async () => {
      while (emr.alive.length > 0) await pause(20);
    }; // a load that only the end of its cluster ends
  });

  /** Uploads a file, and expects that it is settled once the execution has been stopped. */
  async function settledAfter(abort: () => Promise<void>): Promise<void> {
    const key = await emr.upload();
    await abort();
    const { files, live } = await emr.settled();
    expect(live).toEqual([]);
    expect(files.find(file => file.key === key)).toMatchObject({
      status: 'FAILED',
      reason: expect.stringContaining('stopped by an operator'),
    });
  }

  /** The first time that EMR is asked for this; it answers when the promise has been kept. */
  async function atCall(operation: string, act: () => Promise<void>): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const acts = [act];
      emr.faults.call = async name => {
        if (name === operation) await acts.pop()?.().then(resolve, reject);
        return undefined;
      };
    });
  }

  async function atChange(state: string): Promise<void> {
    await new Promise<void>(resolve => {
      emr.onChange = change => {
        if (change.state === state && change.stepId === undefined) resolve();
      };
    });
  }

  test('while it stages the files', async () => {
    await settledAfter(async () => {
      await emr.inState('Stage files');
      await emr.abort();
    });
  });

  test.each([
    ['launches', 'RunJobFlow'],
    ['checks the step', 'ListSteps'],
    ['checks the cluster', 'DescribeCluster'],
  ])('while it %s', async (_, operation) => {
    await settledAfter(() => atCall(operation, () => emr.abort()));
  });

  test('while it waits for the next check', async () => {
    await settledAfter(async () => {
      await atCall('DescribeCluster', async () => {});
      await pause(50); // of the hundred milliseconds that five seconds take here
      await emr.abort();
    });
  });

  test.each(['STARTING', 'BOOTSTRAPPING', 'RUNNING'])('while the cluster is %s', async state => {
    await settledAfter(async () => {
      await atChange(state);
      await emr.abort();
    });
  });

  test('while it waits for capacity', async () => {
    emr.faults.cluster = once(NO_SPOT_CAPACITY);
    await settledAfter(async () => {
      await atChange('TERMINATED_WITH_ERRORS');
      await pause(600); // the check finds that within a hundred milliseconds, and the minute after it takes 1,200
      await emr.abort();
    });
    expect(emr.clusters.size).toBe(1);
  });

  describe('while the state machine stops a load whose checks fail', () => {
    /** Once the state machine has asked EMR to end the cluster; EMR does when the promise has been kept. */
    async function atStop(act: () => Promise<void>): Promise<void> {
      await new Promise<void>((resolve, reject) => {
        const acts = [act];
        emr.faults.call = async name => {
          if (name === 'ListSteps') return 'failed';
          if (name === 'TerminateJobFlows') await acts.pop()?.().then(resolve, reject);
          return undefined;
        };
      });
    }

    test('and asks', async () => {
      await settledAfter(() => atStop(() => emr.abort()));
    });

    test('and waits for its end', async () => {
      await settledAfter(async () => {
        await atStop(async () => {});
        await pause(100); // of the 300 milliseconds that 15 seconds take here
        await emr.abort();
      });
    });
  });

  test('while TerminateJobFlows is throttled', async () => {
    let left = 6;
    emr.faults.call = operation => (operation === 'TerminateJobFlows' && left-- > 0 ? 'throttled' : undefined);
    await settledAfter(async () => {
      await atChange('RUNNING');
      await emr.abort();
    });
    expect(left).toBeLessThan(0);
  });
});
