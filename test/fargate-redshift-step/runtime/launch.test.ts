import {
  ConflictException,
  InvalidParameterException,
  RunTaskCommand,
  RunTaskCommandInput,
  ServerException,
} from '@aws-sdk/client-ecs';
import {
  ARGUMENTS,
  BUCKET,
  CLUSTER,
  ecs,
  EXECUTION,
  executionIs,
  objects,
  resetAws,
  RUN_ID,
  STEP_FOLDER,
  STEP_ID,
  tasks,
} from './aws-mocks';
import { CONTRACT_VERSION, LaunchEvent, StepResult } from '../../../src/etl-step/contract';
import { FargateRedshiftArguments } from '../../../src/fargate-redshift-step/contract';
import { handler } from '../../../src/fargate-redshift-step/runtime/fargate-redshift.lambda';

const RESULT: StepResult = { rowsRead: 3, rowsWritten: 2, rowsRejected: 1, duplicatesDropped: 0, seconds: 4 };

function launchEvent(more: Partial<LaunchEvent> = {}): LaunchEvent<FargateRedshiftArguments> {
  return {
    contract: CONTRACT_VERSION,
    action: 'launch',
    runId: RUN_ID,
    attempt: 1,
    relaunch: 0,
    executionArn: EXECUTION,
    ...more,
    arguments: ARGUMENTS,
  };
}

const requests = () => ecs.commandCalls(RunTaskCommand).map(call => call.args[0].input);
const record = () => objects.get(`${STEP_FOLDER}launches/1-0-0.json`);
const theTask = () => [...tasks.keys()][0];

beforeEach(resetAws);

test('starts one task that is told where its work is, and nothing else', async () => {
  const answer = await handler(launchEvent());
  expect(answer).toEqual({
    status: 'running',
    waitSeconds: 5,
    job: { cluster: CLUSTER, taskArn: theTask(), askedAt: expect.any(String) },
  });
  expect(requests()).toEqual([
    {
      cluster: CLUSTER,
      taskDefinition: ARGUMENTS.taskDefinition,
      launchType: 'FARGATE',
      count: 1,
      clientToken: expect.stringMatching(/^[!-~]{1,64}$/),
      startedBy: `${STEP_ID}/${RUN_ID}/1/0/0`,
      networkConfiguration: {
        awsvpcConfiguration: {
          subnets: ['subnet-1', 'subnet-2'],
          securityGroups: ['sg-1'],
          assignPublicIp: 'DISABLED',
        },
      },
      overrides: {
        containerOverrides: [
          {
            name: 'loader',
            environment: [{ name: 'ETL_LOADER_INPUT', value: `s3://${BUCKET}/${STEP_FOLDER}tasks/1-0/input.json` }],
          },
        ],
      },
      tags: [{ key: 'team', value: 'orders' }],
      propagateTags: 'TASK_DEFINITION',
      enableECSManagedTags: true,
    },
  ]);
});

test("the work is a document with the run's places and the step's settings", async () => {
  await handler(launchEvent({ attempt: 2, relaunch: 1 }));
  expect(objects.get(`${STEP_FOLDER}tasks/2-1/input.json`)).toEqual({
    contract: CONTRACT_VERSION,
    runId: RUN_ID,
    attempt: 2,
    stepId: STEP_ID,
    workBucket: BUCKET,
    stagedFilesKey: `runs/${RUN_ID}/staged.json`,
    resultKey: `${STEP_FOLDER}result.json`,
    failureKey: `${STEP_FOLDER}tasks/2-1/failure.json`,
    rejectedRowsFolder: `${STEP_FOLDER}rejected/`,
    ...ARGUMENTS.load,
  });
});

test('has nothing to do if another attempt has finished the step', async () => {
  objects.set(`${STEP_FOLDER}result.json`, RESULT);
  expect(await handler(launchEvent({ attempt: 2 }))).toEqual({ status: 'done', result: RESULT });
  expect(requests()).toEqual([]);
});

test('a repeated launch returns the task of the first', async () => {
  const first = await handler(launchEvent());
  expect(await handler(launchEvent())).toEqual(first);
  expect(requests()).toHaveLength(1);
});

test('a launch that died before it wrote the answer down starts nothing twice', async () => {
  await handler(launchEvent());
  const { taskArn, ...unanswered } = record();
  objects.set(`${STEP_FOLDER}launches/1-0-0.json`, { ...unanswered, state: 'asked' });
  await expect(handler(launchEvent())).resolves.toMatchObject({ job: { taskArn } });
  expect(tasks.size).toBe(1);
  expect(requests()[1]).toEqual(requests()[0]);
});

test('takes over the task of the same token if ECS finds its parameters different', async () => {
  ecs
    .on(RunTaskCommand)
    .rejects(new ConflictException({ message: 'token', resourceIds: ['arn:task/etl/9'], $metadata: {} }));
  await expect(handler(launchEvent())).resolves.toMatchObject({
    status: 'running',
    job: { taskArn: 'arn:task/etl/9' },
  });
  expect(record()).toMatchObject({ taskArn: 'arn:task/etl/9' });
});

test('attempts and relaunches have tokens of their own', async () => {
  await handler(launchEvent());
  await handler(launchEvent({ relaunch: 1 }));
  await handler(launchEvent({ attempt: 2 }));
  await handler(launchEvent({ runId: `${RUN_ID}x` }));
  expect(new Set(requests().map(({ clientToken }) => clientToken)).size).toBe(4);
  expect(tasks.size).toBe(4);
});

test('steps of one run have tokens of their own', async () => {
  await handler(launchEvent());
  process.env.STEP_ID = 'ToAnotherTable';
  await handler(launchEvent());
  expect(new Set(requests().map(({ clientToken }) => clientToken)).size).toBe(2);
  expect(tasks.size).toBe(2);
});

test('starts nothing for an execution that has ended', async () => {
  executionIs('ABORTED');
  await expect(handler(launchEvent())).rejects.toThrow('is ABORTED');
  expect(requests()).toEqual([]);
});

test('writes down that it is going to ask before it asks', async () => {
  ecs.on(RunTaskCommand).callsFake(() => {
    expect(record()).toMatchObject({ cluster: CLUSTER, attempt: 1, relaunch: 0, askedAt: expect.any(String) });
    throw new ServerException({ message: 'down', $metadata: {} });
  });
  await expect(handler(launchEvent())).rejects.toMatchObject({
    name: 'Etl.Transient',
    message: expect.stringContaining(RUN_ID),
  });
  expect(record()).toMatchObject({ state: 'asked' }); // a task may exist
});

test.each([
  ['Capacity is unavailable at this time. Please try again later or in a different availability zone', 'Etl.Capacity'],
  ['RESOURCE:MEMORY', 'Etl.Capacity'],
  ['MISSING', 'Etl.Configuration'],
  ['INACTIVE', 'Etl.Configuration'],
])('the failure %s without a task is %s', async (reason, name) => {
  ecs.on(RunTaskCommand).resolves({ tasks: [], failures: [{ arn: 'arn:x', reason, detail: 'why' }] });
  await expect(handler(launchEvent())).rejects.toMatchObject({
    name,
    message: expect.stringContaining(`${reason}, why, arn:x`),
  });
  expect(record()).toMatchObject({ state: 'refused' });
});

test('neither a task nor a failure is tried again', async () => {
  ecs.on(RunTaskCommand).resolves({});
  await expect(handler(launchEvent())).rejects.toMatchObject({ name: 'Etl.Transient' });
});

test.each([
  [new InvalidParameterException({ message: 'TaskDefinition is inactive', $metadata: {} }), 'Etl.Configuration'],
  [
    Object.assign(new Error('not authorized'), { name: 'AccessDeniedException', $fault: 'client' }),
    'Etl.Configuration',
  ],
  [Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException', $fault: 'client' }), 'Etl.Transient'],
  [
    Object.assign(new Error("You've reached the limit on the number of vCPUs you can run concurrently"), {
      name: 'ThrottlingException',
    }),
    'Etl.Capacity',
  ],
  [Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }), 'Etl.Transient'],
  [new RangeError('a defect'), 'RangeError'],
])('%s of RunTask is %s', async (error, name) => {
  ecs.on(RunTaskCommand).rejects(error);
  await expect(handler(launchEvent())).rejects.toMatchObject({ name, message: expect.stringContaining(error.message) });
});

describe('with Spot', () => {
  const spot = { arguments: { ...ARGUMENTS, spot: true } };
  const capacity = ({ launchType, capacityProviderStrategy }: RunTaskCommandInput) =>
    launchType ?? capacityProviderStrategy!.map(({ capacityProvider }) => capacityProvider).join();

  test.each([
    ['the first launch of a run is on Spot', {}, 'FARGATE_SPOT'],
    ['a launch after an interruption or missing capacity is on demand', { relaunch: 1 }, 'FARGATE'],
    ['a later attempt is on demand', { attempt: 2 }, 'FARGATE'],
  ])('%s', async (_, more, expected) => {
    await handler({ ...launchEvent(more), ...spot });
    expect(requests().map(capacity)).toEqual([expected]);
  });
});
