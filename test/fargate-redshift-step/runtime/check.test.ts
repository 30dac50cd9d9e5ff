import { DescribeTasksCommand, StopTaskCommand, Task } from '@aws-sdk/client-ecs';
import {
  ARGUMENTS,
  ecs,
  EXECUTION,
  objects,
  resetAws,
  RUN_ID,
  STEP_FOLDER,
  taskExited,
  taskIs,
  tasks,
} from './aws-mocks';
import { CheckEvent, CONTRACT_VERSION, JobStatus, StepResult } from '../../../src/etl-step/contract';
import { FargateJob, FargateRedshiftArguments } from '../../../src/fargate-redshift-step/contract';
import { handler } from '../../../src/fargate-redshift-step/runtime/fargate-redshift.lambda';

const RESULT: StepResult = { rowsRead: 3, rowsWritten: 2, rowsRejected: 1, duplicatesDropped: 0, seconds: 4 };
const NOW = Date.parse('2026-11-01T12:00:00Z');

type Check = CheckEvent<FargateJob, FargateRedshiftArguments>;

/** A check of what was launched just before. */
async function launched(more: { attempt?: number; relaunch?: number } = {}): Promise<Check> {
  const event = {
    contract: CONTRACT_VERSION,
    runId: RUN_ID,
    attempt: 1,
    relaunch: 0,
    executionArn: EXECUTION,
    arguments: ARGUMENTS,
    ...more,
  };
  const { job } = (await handler({ ...event, action: 'launch' })) as JobStatus<FargateJob> & { job: FargateJob };
  return { ...event, action: 'check', job };
}

const later = (seconds: number) => jest.setSystemTime(NOW + seconds * 1000);
const stopped = () => ecs.commandCalls(StopTaskCommand).map(call => call.args[0].input.task);

beforeEach(() => {
  jest.useFakeTimers({ now: NOW, doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  resetAws();
});
afterEach(() => jest.useRealTimers());

test('a task that has not ended is waited for, longer and longer', async () => {
  const event = await launched();
  expect(await handler(event)).toEqual({ status: 'running', waitSeconds: 5, job: event.job });
  later(1200);
  taskIs(event.job.taskArn, { lastStatus: 'DEPROVISIONING', desiredStatus: 'STOPPED' });
  expect(await handler(event)).toEqual({ status: 'running', waitSeconds: 60, job: event.job });
});

test('a task that ECS does not show yet is waited for', async () => {
  const event = await launched();
  tasks.clear();
  later(30);
  await expect(handler(event)).resolves.toMatchObject({ status: 'running' });
});

test('a task that ECS no longer shows is lost', async () => {
  const event = await launched();
  tasks.clear();
  later(600);
  await expect(handler(event)).rejects.toMatchObject({
    name: 'Etl.LoadFailed',
    message: expect.stringContaining(event.job.taskArn),
  });
});

test('exit code 0 with a result is success', async () => {
  const event = await launched();
  taskExited(event.job.taskArn, 0);
  objects.set(`${STEP_FOLDER}result.json`, RESULT);
  expect(await handler(event)).toEqual({ status: 'done', result: RESULT });
});

test('exit code 0 without a result breaks the contract of images', async () => {
  const event = await launched();
  taskExited(event.job.taskArn, 0);
  await expect(handler(event)).rejects.toMatchObject({
    name: 'Etl.Configuration',
    message: expect.stringContaining('resultKey'),
  });
});

test('a result does not hide that the task was stopped from outside', async () => {
  const event = await launched();
  taskExited(event.job.taskArn, 0);
  taskIs(event.job.taskArn, { stopCode: 'UserInitiated' });
  objects.set(`${STEP_FOLDER}result.json`, RESULT);
  await expect(handler(event)).rejects.toMatchObject({ name: 'Etl.LoadFailed' });
});

test.each([
  [10, 'Etl.LoadFailed'],
  [12, 'Etl.Configuration'],
])('exit code %d is %s, in the words of the loader', async (exitCode, name) => {
  const event = await launched();
  taskExited(event.job.taskArn, exitCode);
  objects.set(`${STEP_FOLDER}tasks/1-0/failure.json`, { error: 'Etl.Any', message: 'the reason' });
  await expect(handler(event)).rejects.toMatchObject({ name, message: 'the reason' });
});

test('exit code 11 accuses the files that the loader names', async () => {
  const event = await launched();
  taskExited(event.job.taskArn, 11);
  objects.set(`${STEP_FOLDER}tasks/1-0/failure.json`, { error: 'Etl.Data', message: 'bad gzip', files: ['f1'] });
  await expect(handler(event)).rejects.toMatchObject({
    name: 'Etl.Data',
    message: '{"message":"bad gzip","files":["f1"]}',
  });
});

test("the failure of another launch is not this one's", async () => {
  await launched();
  objects.set(`${STEP_FOLDER}tasks/1-0/failure.json`, { error: 'Etl.Data', message: 'of the first', files: ['f1'] });
  const event = await launched({ attempt: 2 });
  taskExited(event.job.taskArn, 11);
  await expect(handler(event)).rejects.toMatchObject({ name: 'Etl.Data', message: expect.not.stringContaining('f1') });
});

test.each<[string, Partial<Task>]>([
  ['killed without a reason', { containers: [{ name: 'loader', exitCode: 137 }] }],
  [
    'out of memory',
    { containers: [{ name: 'loader', exitCode: 1, reason: 'OutOfMemoryError: Container killed due to memory usage' }] },
  ],
])('%s: memory ran out, for one file or for all, so the ledger looks for it', async (_, change) => {
  const event = await launched();
  taskExited(event.job.taskArn, 137);
  taskIs(event.job.taskArn, change);
  await expect(handler(event)).rejects.toMatchObject({
    name: 'Etl.Data',
    message: expect.stringMatching(
      /^Run .*1024 MiB.*one file has enormous lines.*too small for the run.*memoryLimitMiB/,
    ),
  });
});

test('being killed because somebody stopped the task says nothing of memory', async () => {
  const event = await launched();
  taskExited(event.job.taskArn, 137);
  taskIs(event.job.taskArn, { stopCode: 'UserInitiated' });
  await expect(handler(event)).rejects.toMatchObject({
    name: 'Etl.LoadFailed',
    message: expect.not.stringContaining('memoryLimitMiB'),
  });
});

test('a crash is told with its exit code and the place of its log', async () => {
  const event = await launched();
  taskExited(event.job.taskArn, 1);
  await expect(handler(event)).rejects.toMatchObject({
    name: 'Etl.LoadFailed',
    message: expect.stringMatching(
      new RegExp(`Run ${RUN_ID}:.*exit code 1;.*Log: loader-logs, stream task/loader/1\\.`),
    ),
  });
});

test.each<[string, Partial<Task>, string]>([
  [
    'the image is not found',
    { stopCode: 'TaskFailedToStart', stoppedReason: 'CannotPullContainerError: manifest unknown' },
    'Etl.Configuration',
  ],
  [
    'the registry was asked too often',
    { stopCode: 'TaskFailedToStart', stoppedReason: 'CannotPullContainerError: toomanyrequests' },
    'Etl.Capacity',
  ],
  [
    'the registry cannot be reached',
    {
      stopCode: 'TaskFailedToStart',
      stoppedReason: 'ResourceInitializationError: unable to pull secrets or registry auth: i/o timeout',
    },
    'Etl.Configuration',
  ],
  [
    'the image is for other machines',
    {
      stopCode: 'TaskFailedToStart',
      containers: [{ name: 'loader', reason: 'CannotStartContainerError: exec format error' }],
    },
    'Etl.Configuration',
  ],
  [
    'there is no room',
    { stopCode: 'TaskFailedToStart', stoppedReason: 'Capacity is unavailable at this time.' },
    'Etl.Capacity',
  ],
  [
    'no network interface came',
    { stopCode: 'TaskFailedToStart', stoppedReason: 'Timeout waiting for network interface provisioning to complete.' },
    'Etl.Capacity',
  ],
  [
    'Spot took it back',
    { stopCode: 'SpotInterruption', containers: [{ name: 'loader', exitCode: 143 }] },
    'Etl.Capacity',
  ],
  ['its machine is retired', { stopCode: 'TerminationNotice' }, 'Etl.Capacity'],
  ['nobody knows', { stopCode: 'TaskFailedToStart', stoppedReason: 'Task failed to start' }, 'Etl.LoadFailed'],
])('a task that ended because %s', async (_, change, name) => {
  const event = await launched();
  taskIs(event.job.taskArn, { lastStatus: 'STOPPED', desiredStatus: 'STOPPED', ...change });
  await expect(handler(event)).rejects.toMatchObject({ name, message: expect.stringContaining(RUN_ID) });
});

test.each<[string, Partial<Task>, RegExp]>([
  [
    'another processor',
    {
      stoppedReason:
        "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/arm64'",
    },
    /build it for the step's `cpuArchitecture`/,
  ],
  [
    'a disk that is too small',
    { stoppedReason: 'CannotPullContainerError: failed to register layer: write /x: no space left on device' },
    /raise the step's `ephemeralStorage`/,
  ],
  [
    'a missing route',
    { stoppedReason: 'CannotPullContainerError: dial tcp 1.2.3.4:443: i/o timeout' },
    /no route.*NAT gateway.*endpoints for ecr\.api/s,
  ],
  [
    'a secret',
    { stoppedReason: 'ResourceInitializationError: unable to retrieve secret from asm: AccessDeniedException' },
    /secret of the task definition.*execution role/s,
  ],
  [
    'an image that is not there',
    { stoppedReason: 'CannotPullContainerError: manifest unknown' },
    /it must exist, and the execution role must be allowed to pull it/,
  ],
  [
    'an ENTRYPOINT that is not there',
    { containers: [{ name: 'loader', reason: 'CannotStartContainerError: no such file' }] },
    /ENTRYPOINT must exist/,
  ],
])('says what to do about %s', async (_, change, advice) => {
  const event = await launched();
  taskIs(event.job.taskArn, {
    lastStatus: 'STOPPED',
    desiredStatus: 'STOPPED',
    stopCode: 'TaskFailedToStart',
    ...change,
  });
  await expect(handler(event)).rejects.toMatchObject({
    name: 'Etl.Configuration',
    message: expect.stringMatching(advice),
  });
});

test.each([
  [127, 'exit code 127; the ENTRYPOINT is not found'],
  [139, 'segmentation fault'],
  [143, 'ended at SIGTERM'],
])('exit code %d is tried again, and told with its meaning', async (exitCode, meaning) => {
  const event = await launched();
  taskExited(event.job.taskArn, exitCode);
  await expect(handler(event)).rejects.toMatchObject({
    name: 'Etl.LoadFailed',
    message: expect.stringContaining(meaning),
  });
});

test('no exit code is never success, whatever there is', async () => {
  const event = await launched();
  taskIs(event.job.taskArn, {
    lastStatus: 'STOPPED',
    stopCode: 'EssentialContainerExited',
    containers: [{ name: 'loader' }],
  });
  objects.set(`${STEP_FOLDER}result.json`, RESULT);
  await expect(handler(event)).rejects.toMatchObject({ name: 'Etl.LoadFailed' });
});

describe('what other attempts left behind', () => {
  test('is stopped', async () => {
    const first = await launched();
    const relaunched = await launched({ relaunch: 1 });
    const second = await launched({ attempt: 2 });
    await expect(handler(second)).resolves.toMatchObject({ status: 'running' });
    expect(stopped().sort()).toEqual([first.job.taskArn, relaunched.job.taskArn].sort());
  });

  test('is found even if its launch never knew it', async () => {
    const first = await launched();
    const key = `${STEP_FOLDER}launches/1-0-0.json`;
    objects.set(key, { ...objects.get(key), taskArn: undefined });
    await handler(await launched({ attempt: 2 }));
    expect(stopped()).toEqual([first.job.taskArn]);
  });

  test('does not mean later attempts: the check may be the one that is late', async () => {
    const second = await launched({ attempt: 2 });
    await launched({ attempt: 3 });
    await handler(second);
    expect(stopped()).toEqual([]);
  });
});

test('throttling is tried again', async () => {
  const event = await launched();
  ecs.on(DescribeTasksCommand).rejects(Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' }));
  await expect(handler(event)).rejects.toMatchObject({ name: 'Etl.Transient' });
});
