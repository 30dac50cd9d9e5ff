import {
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import type { CheckEvent, JobStatus, LaunchEvent, StopEvent } from '../../../src/etl-step/contract';
import { CONTRACT_VERSION } from '../../../src/etl-step/contract';
import { stillRunning, type Job, type JobCompute } from '../../../src/etl-step/runtime/job-compute';
import { jobHandler } from '../../../src/etl-step/runtime/job-handler';
import { launchName, type LaunchRecord } from '../../../src/etl-step/runtime/launch-records';
import { CapacityError, ConfigurationError, DataError } from '../../../src/runtime/errors';

const RUN = '20261123T120000Z-0123456789abcdef';
const FOLDER = `runs/${RUN}/ToTarget/`;
const FORGOTTEN_MILLISECONDS = 100_000;

interface Machine {
  readonly machine: string;
}

interface MachineLaunch extends LaunchRecord, Partial<Machine> {
  readonly place?: string;
}

/** A service that starts machines by name, in memory. */
class Machines {
  readonly states = new Map<string, 'running' | 'ending' | 'ended'>();
  readonly asked: string[] = [];
  /** The names that it does not show (yet). */
  readonly hidden = new Set<string>();
  readonly searches: string[] = [];
  readonly before: number[][] = [];
  /** Thrown by the next start: before it acts, or after it. */
  failBefore?: Error;
  failAfter?: Error;
  beforeStart?: () => void;
  isPrepared = true;

  readonly compute: JobCompute<object, Machine, MachineLaunch> = {
    startsOnce: true,
    forgottenAfterMilliseconds: FORGOTTEN_MILLISECONDS,
    locate: ({ machine }) => (machine === undefined ? undefined : { machine }),
    find: async (runId, record) => {
      const machine = launchName(runId, record);
      this.searches.push(machine);
      return this.states.has(machine) && !this.hidden.has(machine) ? { machine } : undefined;
    },
    prepare: async ({ runId }, before) => {
      this.before.push(before.map(({ relaunch }) => relaunch));
      if (!this.isPrepared) return undefined;
      return { place: { place: 'here' }, start: async record => this.start(launchName(runId, record)) };
    },
    judge: async ({ job }): Promise<JobStatus<Job>> => stillRunning(job),
    end: async (_runId, { machine }) => {
      if (this.states.get(machine) === 'ended') return true;
      this.states.set(machine, 'ending');
      return false;
    },
  };

  constructor(readonly startsOnce: boolean) {}

  /** Names of the machines in a state. */
  are(wanted: string): string[] {
    return [...this.states].filter(([, state]) => state === wanted).map(([name]) => name);
  }

  private async start(name: string): Promise<Machine> {
    this.asked.push(name);
    this.beforeStart?.();
    const { failBefore, failAfter } = this;
    this.failBefore = undefined;
    this.failAfter = undefined;
    if (failBefore) throw failBefore;
    if (this.states.has(name) && !this.startsOnce) throw new Error(`${name} is started twice`);
    if (!this.states.has(name)) this.states.set(name, 'running');
    if (failAfter) throw failAfter;
    return { machine: name };
  }
}

const s3 = mockClient(S3Client);
const sfn = mockClient(SFNClient);
const objects = new Map<string, string>();

function fakeAws(): void {
  objects.clear();
  s3.reset();
  sfn.reset();
  s3.on(GetObjectCommand).callsFake(({ Key }) => {
    const text = objects.get(Key);
    if (text === undefined) throw new NoSuchKey({ message: Key, $metadata: { httpStatusCode: 404 } });
    return { Body: { transformToString: async () => text } };
  });
  s3.on(PutObjectCommand).callsFake(({ Key, Body, IfNoneMatch }) => {
    if (IfNoneMatch && objects.has(Key)) {
      throw new S3ServiceException({ name: 'Exists', $fault: 'client', $metadata: { httpStatusCode: 412 } });
    }
    objects.set(Key, Body);
    return {};
  });
  s3.on(ListObjectsV2Command).callsFake(({ Prefix }) => ({
    Contents: [...objects.keys()].filter(key => key.startsWith(Prefix)).map(Key => ({ Key })),
  }));
  sfn.on(DescribeExecutionCommand).resolves({ status: 'RUNNING' });
}

const event: LaunchEvent<object> = {
  contract: CONTRACT_VERSION,
  action: 'launch',
  runId: RUN,
  attempt: 1,
  relaunch: 0,
  executionArn: 'arn:execution',
  arguments: {},
};

const refused = (name: string) => Object.assign(new Error('no'), { name, $metadata: { httpStatusCode: 400 } });
const lost = () => Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
const record = (launch = '1-0-0') => JSON.parse(objects.get(`${FOLDER}launches/${launch}.json`) ?? 'null');
const name = (launch = '1/0/0') => `ToTarget/${RUN}/${launch}`;

beforeEach(() => {
  jest.useFakeTimers({ now: new Date('2026-11-23T12:00:00Z'), doNotFake: ['nextTick', 'setImmediate'] });
  process.env.STEP_ID = 'ToTarget';
  process.env.WORK_BUCKET = 'work';
  fakeAws();
});
afterEach(() => jest.useRealTimers());

describe.each([
  ['starts nothing twice for one name', true],
  ['has to be asked what it has started', false],
])('with a service that %s', (_, startsOnce) => {
  let machines: Machines;
  let handler: ReturnType<typeof jobHandler<object, Machine, MachineLaunch>>;
  const common = { contract: CONTRACT_VERSION, runId: RUN, executionArn: 'arn:execution', arguments: {} };
  const launchEvent = (attempt: number, relaunch: number): LaunchEvent<object> => ({
    ...common,
    action: 'launch',
    attempt,
    relaunch,
  });
  const launch = async (attempt = 1, relaunch = 0) =>
    (await handler(launchEvent(attempt, relaunch))) as { job: Job & Partial<Machine>; waitSeconds: number };
  const check = async (job: Job & Partial<Machine>, attempt = 1, relaunch = 0) => {
    const checkEvent: CheckEvent<Job & Partial<Machine>, object> = {
      ...common,
      action: 'check',
      attempt,
      relaunch,
      job,
    };
    return (await handler(checkEvent)) as { job: Job & Partial<Machine>; waitSeconds: number };
  };
  const stop = async (attempt = 1) => {
    const stopEvent: StopEvent = { contract: CONTRACT_VERSION, action: 'stop', runId: RUN, attempt };
    return handler(stopEvent);
  };
  const ENDED = { status: 'ended' };
  const STOPPING = { status: 'stopping', waitSeconds: 7 };

  beforeEach(() => {
    machines = new Machines(startsOnce);
    const compute = { ...machines.compute, startsOnce };
    handler = jobHandler({ computeOf: () => compute, computeOfRecord: () => compute, stopWaitSeconds: 7 });
  });

  describe('a launch', () => {
    test('starts one machine, whose name no other launch has, and records where it is', async () => {
      expect(await launch()).toEqual({
        status: 'running',
        waitSeconds: 5,
        job: { machine: name(), askedAt: '2026-11-23T12:00:00.000Z' },
      });
      await launch(1, 1);
      await launch(2);
      expect(machines.asked).toEqual([name(), name('1/1/0'), name('2/0/0')]);
      expect(record()).toEqual({
        attempt: 1,
        relaunch: 0,
        call: 0,
        askedAt: '2026-11-23T12:00:00.000Z',
        state: 'running',
        place: 'here',
        machine: name(),
      });
    });

    test('has nothing to do once the step is done', async () => {
      const result = { rowsRead: 1, rowsWritten: 1, rowsRejected: 0, duplicatesDropped: 0, seconds: 1 };
      objects.set(`${FOLDER}result.json`, JSON.stringify(result));
      expect(await launch(2)).toEqual({ status: 'done', result });
      expect(machines.asked).toEqual([]);
    });

    test('is written down before it asks whether its execution runs, which it asks before it starts anything', async () => {
      sfn.on(DescribeExecutionCommand, { executionArn: 'arn:execution' }).callsFake(() => {
        expect(record()).toMatchObject({ state: 'asked', place: 'here' });
        expect(machines.asked).toEqual([]);
        return { status: 'RUNNING' };
      });
      await launch();
      expect(sfn.commandCalls(DescribeExecutionCommand)).toHaveLength(1);
    });

    test('starts nothing for an execution that has ended, and leaves nothing to wait for', async () => {
      sfn.on(DescribeExecutionCommand).resolves({ status: 'ABORTED' });
      await expect(launch()).rejects.toMatchObject({ name: 'Etl.Stopped' });
      expect(machines.asked).toEqual([]);
      expect(record()).toMatchObject({ state: 'refused' });
      expect(await stop()).toEqual(ENDED);
    });

    test('is told of the launches of its attempt that came before', async () => {
      await launch(1, 0);
      await launch(1, 1);
      await launch(2, 0);
      await launch(2, 1);
      await launch(1, 2);
      expect(machines.before).toEqual([[], [0], [], [0], [0, 1]]);
    });

    test('waits, without a record, while what it runs on is being started', async () => {
      machines.isPrepared = false;
      const { job } = await launch();
      expect(job).toEqual({ askedAt: '2026-11-23T12:00:00.000Z' });
      expect(objects.size).toBe(0);
      jest.advanceTimersByTime(200_000);
      expect(await check(job)).toMatchObject({ waitSeconds: 10, job });
      machines.isPrepared = true;
      expect(await check(job)).toMatchObject({ job: { machine: name() } });
    });
  });

  describe('a repeated launch', () => {
    test('answers as before', async () => {
      const first = await launch();
      jest.advanceTimersByTime(60_000);
      expect((await launch()).job).toEqual(first.job);
      expect(machines.asked).toHaveLength(1);
    });

    test('at the same moment starts nothing twice', async () => {
      const [one, other] = await Promise.all([launch(), launch()]);
      expect([...machines.states.keys()]).toEqual([name()]);
      const { job } = await check(one.job.machine ? other.job : one.job);
      expect(job.machine).toBe(name());
    });

    test('after an answer that got lost takes over what was started', async () => {
      machines.failAfter = lost();
      await expect(launch()).rejects.toMatchObject({ name: 'Etl.Transient' });
      expect(record()).toMatchObject({ state: 'asked' });
      jest.advanceTimersByTime(10_000);
      expect(await launch()).toMatchObject({ job: { machine: name() } });
      expect(record()).toMatchObject({ state: 'running', machine: name() });
      expect([...machines.states.keys()]).toEqual([name()]);
      expect(machines.asked).toHaveLength(startsOnce ? 2 : 1);
    });

    test('for an execution that has ended meanwhile leaves open whether the first call has started something', async () => {
      machines.failAfter = lost();
      await expect(launch()).rejects.toThrow('socket hang up');
      sfn.on(DescribeExecutionCommand).resolves({ status: 'ABORTED' });
      if (startsOnce) await expect(launch()).rejects.toMatchObject({ name: 'Etl.Stopped' });
      expect(await stop()).toEqual(STOPPING);
      expect(machines.are('ending')).toEqual([name()]);
    });
  });

  describe.each([
    ['by the service', refused('ValidationException')],
    ['for want of room', new CapacityError('none')],
    ['because something must be changed', new ConfigurationError('this')],
  ])('a launch that is refused %s', (_reason, error) => {
    test('leaves nothing to stop, and the next one is another', async () => {
      machines.failBefore = error;
      await expect(launch()).rejects.toBe(error);
      expect(record()).toMatchObject({ state: 'refused' });
      expect(await stop()).toEqual(ENDED);
      expect(await launch()).toMatchObject({ job: { machine: name('1/0/1') } });
      expect(record('1-0-1')).toMatchObject({ call: 1, state: 'running' });
    });
  });

  describe('a check', () => {
    test('is judged by its job, with pauses that grow', async () => {
      const { job } = await launch();
      jest.advanceTimersByTime(1_000_000);
      expect(await check(job)).toEqual({ status: 'running', waitSeconds: 50, job });
    });

    test('ends what earlier attempts and relaunches have running, whoever knows of it, and never later ones', async () => {
      await launch(1, 0);
      machines.failAfter = lost();
      await expect(launch(1, 1)).rejects.toThrow('socket hang up');
      const { job } = await launch(2, 1);
      await launch(2, 0);
      await launch(2, 2);
      await launch(3, 0);
      await check(job, 2, 1);
      expect(machines.are('ending').sort()).toEqual([name('1/0/0'), name('1/1/0'), name('2/0/0')]);
    });

    test('leaves its own alone, also if its record does not say any more where it is', async () => {
      const { job } = await launch();
      const { machine, ...rest } = record();
      for (const state of ['asked', 'refused', 'running']) {
        objects.set(`${FOLDER}launches/1-0-0.json`, JSON.stringify({ ...rest, state }));
        await check(job);
      }
      expect(machines.are('running')).toEqual([machine]);
    });

    test('ends another machine of its own launch', async () => {
      const { job } = await launch();
      objects.set(`${FOLDER}launches/1-0-1.json`, JSON.stringify({ ...record(), call: 1, machine: 'other' }));
      machines.states.set('other', 'running');
      await check(job);
      expect(machines.are('ending')).toEqual(['other']);
      expect(machines.are('running')).toEqual([job.machine]);
    });
  });

  describe('a stop', () => {
    test('of a run that launched nothing is done', async () => {
      expect(await stop()).toEqual(ENDED);
    });

    test('ends what its attempt and earlier ones have running, leaves later ones alone, and is done when all have ended', async () => {
      await launch(1, 0);
      await launch(1, 1);
      await launch(2, 0);
      await launch(3, 0);
      expect(await stop(2)).toEqual(STOPPING);
      expect(machines.are('ending')).toEqual([name('1/0/0'), name('1/1/0'), name('2/0/0')]);
      machines.states.set(name('1/0/0'), 'ended');
      machines.states.set(name('2/0/0'), 'ended');
      expect(await stop(2)).toEqual(STOPPING);
      machines.states.set(name('1/1/0'), 'ended');
      expect(await stop(2)).toEqual(ENDED);
      expect(machines.are('running')).toEqual([name('3/0/0')]);
      expect(record('1-1-0')).toMatchObject({ state: 'ended', machine: name('1/1/0') });
    });

    test('does not look again at what has ended', async () => {
      await launch();
      machines.states.set(name(), 'ended');
      expect(await stop()).toEqual(ENDED);
      machines.states.set(name(), 'running');
      expect(await stop()).toEqual(ENDED);
    });

    test('finds what a launch has started without living to write it down, however late it shows', async () => {
      machines.failAfter = lost();
      machines.hidden.add(name());
      await expect(launch()).rejects.toThrow('socket hang up');
      expect(await stop()).toEqual(STOPPING);
      expect(machines.are('running')).toEqual([name()]);
      machines.hidden.clear();
      jest.advanceTimersByTime(FORGOTTEN_MILLISECONDS + 1);
      expect(await stop()).toEqual(STOPPING);
      expect(machines.are('ending')).toEqual([name()]);
      machines.states.set(name(), 'ended');
      expect(await stop()).toEqual(ENDED);
    });

    test('forgets a call that nothing came of, after a while', async () => {
      machines.failBefore = lost();
      await expect(launch()).rejects.toThrow('socket hang up');
      jest.advanceTimersByTime(FORGOTTEN_MILLISECONDS);
      expect(await stop()).toEqual(STOPPING);
      jest.advanceTimersByTime(1);
      expect(await stop()).toEqual(ENDED);
    });
  });

  describe('what passes by itself is tried again', () => {
    test.each([
      ['S3', () => s3.on(ListObjectsV2Command).rejects(refused('SlowDown'))],
      ['Step Functions', () => sfn.on(DescribeExecutionCommand).rejects(refused('ThrottlingException'))],
      ['the service', () => (machines.failBefore = lost())],
    ])('of %s', async (_service, fail) => {
      fail();
      await expect(launch()).rejects.toMatchObject({
        name: 'Etl.Transient',
        message: expect.stringContaining(`Run ${RUN}, launch: `),
      });
    });

    test('also by a stop', async () => {
      s3.on(ListObjectsV2Command).rejects(lost());
      await expect(stop()).rejects.toMatchObject({ name: 'Etl.Transient', message: expect.stringContaining('stop') });
    });

    test('and nothing else: errors with a class keep it, and others are as they are', async () => {
      const errors = [new DataError('bad', ['f']), new RangeError('a defect'), refused('AccessDenied')];
      for (const [relaunch, error] of errors.entries()) {
        machines.failBefore = error;
        await expect(launch(1, relaunch)).rejects.toBe(error);
      }
    });
  });

  test('a teardown ends what the step keeps, if it keeps anything', async () => {
    const teardown = { contract: CONTRACT_VERSION, action: 'teardown' } as const;
    expect(await handler(teardown)).toEqual(ENDED);
    const compute = machines.compute;
    const keeping = jobHandler({
      computeOf: () => compute,
      computeOfRecord: () => compute,
      stopWaitSeconds: 7,
      teardown: async () => ({ status: 'stopping', waitSeconds: 9 }),
    });
    expect(await keeping(teardown)).toEqual({ status: 'stopping', waitSeconds: 9 });
  });
});

describe('with a service that starts nothing twice for one name', () => {
  const machines = () => new Machines(true);
  const setUp = (service: Machines) =>
    jobHandler({ computeOf: () => service.compute, computeOfRecord: () => service.compute, stopWaitSeconds: 7 });
  const stopEvent: StopEvent = { contract: CONTRACT_VERSION, action: 'stop', runId: RUN, attempt: 1 };

  test('a repeated call that is refused says nothing of the first one: stop goes on looking', async () => {
    const service = machines();
    const handler = setUp(service);
    service.failAfter = lost();
    await expect(handler(event)).rejects.toThrow('socket hang up');
    service.failBefore = new CapacityError('none');
    await expect(handler(event)).rejects.toMatchObject({ name: 'Etl.Capacity' });
    expect(record()).toMatchObject({ state: 'asked' });
    expect(await handler(stopEvent)).toMatchObject({ status: 'stopping' });
    expect(service.are('ending')).toEqual([name()]);
  });

  test('a repeated call is as young as itself: stop waits until it, too, can be forgotten', async () => {
    const service = machines();
    const handler = setUp(service);
    service.failBefore = lost();
    await expect(handler(event)).rejects.toThrow('socket hang up');
    jest.advanceTimersByTime(FORGOTTEN_MILLISECONDS);
    service.failBefore = lost();
    await expect(handler(event)).rejects.toThrow('socket hang up');
    jest.advanceTimersByTime(FORGOTTEN_MILLISECONDS);
    expect(await handler(stopEvent)).toMatchObject({ status: 'stopping' });
  });

  test('a refusal that comes after another call has started something does not hide it from stop', async () => {
    const service = machines();
    const handler = setUp(service);
    service.beforeStart = () => {
      service.beforeStart = undefined;
      service.states.set(name(), 'running'); // by a repeated launch
    };
    service.failBefore = new CapacityError('none');
    await expect(handler(event)).rejects.toMatchObject({ name: 'Etl.Capacity' });
    expect(await handler(stopEvent)).toMatchObject({ status: 'stopping' });
    expect(service.are('ending')).toEqual([name()]);
  });
});

describe('with a service that has to be asked what it has started', () => {
  test('a call whose answer is not known is waited for, and made again only when it can be forgotten', async () => {
    const service = new Machines(false);
    const compute = { ...service.compute, startsOnce: false };
    const handler = jobHandler({ computeOf: () => compute, computeOfRecord: () => compute, stopWaitSeconds: 7 });
    service.failBefore = lost();
    await expect(handler(event)).rejects.toThrow('socket hang up');
    const { job } = (await handler(event)) as { job: Job };
    expect(job).toEqual({ askedAt: '2026-11-23T12:00:00.000Z' });
    jest.advanceTimersByTime(FORGOTTEN_MILLISECONDS);
    expect(await handler({ ...event, action: 'check', job })).toMatchObject({ job });
    expect(service.asked).toHaveLength(1);
    jest.advanceTimersByTime(1);
    expect(await handler({ ...event, action: 'check', job })).toMatchObject({ job: { machine: name('1/0/1') } });
  });
});
