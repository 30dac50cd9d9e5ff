import {
  ClusterNotFoundException,
  DescribeTasksCommand,
  InvalidParameterException,
  ListTasksCommand,
  RunTaskCommand,
  ServerException,
  StopTaskCommand,
} from '@aws-sdk/client-ecs';
import {
  ARGUMENTS,
  CLUSTER,
  ecs,
  EXECUTION,
  objects,
  resetAws,
  RUN_ID,
  STEP_FOLDER,
  STEP_ID,
  taskExited,
  taskIs,
  tasks,
} from './aws-mocks';
import { CONTRACT_VERSION } from '../../../src/etl-step/contract';
import { handler } from '../../../src/fargate-redshift-step/runtime/fargate-redshift.lambda';

const NOW = Date.parse('2026-11-01T12:00:00Z');
const STOPPING = { status: 'stopping', waitSeconds: 5 };
const ENDED = { status: 'ended' };

const launch = async (attempt: number, relaunch = 0) =>
  handler({
    contract: CONTRACT_VERSION,
    action: 'launch',
    runId: RUN_ID,
    attempt,
    relaunch,
    executionArn: EXECUTION,
    arguments: ARGUMENTS,
  });
const stop = async (attempt = 1) => handler({ contract: CONTRACT_VERSION, action: 'stop', runId: RUN_ID, attempt });
const stopped = () => ecs.commandCalls(StopTaskCommand).map(call => call.args[0].input);
const later = (seconds: number) => jest.setSystemTime(NOW + seconds * 1000);

beforeEach(() => {
  jest.useFakeTimers({ now: NOW, doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  resetAws();
});
afterEach(() => jest.useRealTimers());

test('a run that launched nothing has ended', async () => {
  expect(await stop()).toEqual(ENDED);
});

test('stops the tasks of its attempt and of earlier ones, and says so only when the last one has ended', async () => {
  await launch(1);
  await launch(1, 1);
  await launch(2);
  const [first, second, third] = [...tasks.keys()];
  taskExited(first, 10);
  expect(await stop(2)).toEqual(STOPPING);
  expect(stopped()).toEqual(
    [second, third].map(task => ({ cluster: CLUSTER, task, reason: expect.stringContaining(RUN_ID) })),
  );

  taskIs(second, { lastStatus: 'STOPPED' });
  expect(await stop(2)).toEqual(STOPPING); // the third still runs, SIGTERM gives it time
  taskIs(third, { lastStatus: 'STOPPED' });
  expect(await stop(2)).toEqual(ENDED);
  expect(stopped()).toHaveLength(2);
});

test('leaves the tasks of a later attempt alone: whoever asks may come late', async () => {
  await launch(1);
  await launch(2);
  const [first] = [...tasks.keys()];
  expect(await stop(1)).toEqual(STOPPING);
  expect(stopped()).toEqual([expect.objectContaining({ task: first })]);
  taskIs(first, { lastStatus: 'STOPPED' });
  expect(await stop(1)).toEqual(ENDED);
  expect(stopped()).toHaveLength(1);
});

test('a launch without an answer is not forgotten while it may still get one', async () => {
  ecs.on(RunTaskCommand).rejects(new ServerException({ message: 'timed out', $metadata: {} }));
  await expect(launch(1)).rejects.toThrow('ECS did not do RunTask: ServerException');
  expect(await stop()).toEqual(STOPPING);
  later(300);
  expect(await stop()).toEqual(ENDED);
});

test('the task of a launch that died is found by what it was started by', async () => {
  await launch(1);
  const key = `${STEP_FOLDER}launches/1-0-0.json`;
  objects.set(key, { ...objects.get(key), taskArn: undefined });
  const [task] = tasks.keys();
  later(300);
  expect(await stop()).toEqual(STOPPING);
  expect(stopped()).toEqual([expect.objectContaining({ task })]);
  // stopping, and no longer listed as running: it still is not over
  expect(await stop()).toEqual(STOPPING);
  taskIs(task, { lastStatus: 'STOPPED' });
  expect(await stop()).toEqual(ENDED);
});

test('a launch that ECS refused leaves nothing to wait for', async () => {
  ecs
    .on(RunTaskCommand)
    .rejects(new InvalidParameterException({ message: 'TaskDefinition is inactive', $metadata: {} }));
  await expect(launch(1)).rejects.toThrow('TaskDefinition is inactive');
  expect(await stop()).toEqual(ENDED);
});

test('a task that has gone meanwhile is no failure', async () => {
  await launch(1);
  ecs
    .on(StopTaskCommand)
    .rejects(new InvalidParameterException({ message: 'The referenced task was not found.', $metadata: {} }));
  expect(await stop()).toEqual(STOPPING);
});

test('looks in the cluster of the launch and on every page', async () => {
  await launch(1);
  const [task] = tasks.keys();
  objects.set(`${STEP_FOLDER}launches/1-0-0.json`, {
    ...objects.get(`${STEP_FOLDER}launches/1-0-0.json`),
    taskArn: undefined,
  });
  ecs
    .on(ListTasksCommand, { cluster: CLUSTER, startedBy: `${STEP_ID}/${RUN_ID}/1/0/0` })
    .resolves({ taskArns: [], nextToken: 'more' });
  ecs
    .on(ListTasksCommand, { cluster: CLUSTER, startedBy: `${STEP_ID}/${RUN_ID}/1/0/0`, nextToken: 'more' })
    .resolves({ taskArns: [task] });
  expect(await stop()).toEqual(STOPPING);
  expect(stopped()).toEqual([expect.objectContaining({ task })]);
});

test.each([
  [new ServerException({ message: 'down', $metadata: {} }), 'Etl.Transient'],
  [new ClusterNotFoundException({ message: 'gone', $metadata: {} }), 'Etl.Configuration'],
])('%s is told, not swallowed', async (error, name) => {
  await launch(1);
  ecs.on(DescribeTasksCommand).rejects(error);
  await expect(stop()).rejects.toMatchObject({ name });
});
