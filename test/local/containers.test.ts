import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'fs';
import * as path from 'path';
import { setTimeout as sleep } from 'timers/promises';
import { CloudFormationClient, CreateStackCommand, waitUntilStackCreateComplete } from '@aws-sdk/client-cloudformation';
import { DescribeTasksCommand, ECSClient, RunTaskCommand, StopTaskCommand, Task } from '@aws-sdk/client-ecs';
import { RunningDockerEngine, startDockerEngine } from '../../local/containers';
import { RunningMiniStack, startMiniStack } from '../../local/ministack';
import { createRunFolder } from '../../local/processes';

jest.setTimeout(120_000);

const HASH = 'a'.repeat(64);

/** Does what its first argument says, and tells its environment. */
const PROGRAM = `
const { EXIT_CODE = '0', ...environment } = process.env;
console.log(JSON.stringify({ environment, directory: process.cwd(), arguments: process.argv.slice(2) }));
process.on('SIGTERM', () => { console.log('stopping'); process.exit(12); });
if (process.argv[2] === 'wait') setInterval(() => {}, 1000);
else fetch(process.env.AWS_ENDPOINT_URL + '/_ministack/ready').then(answer => { console.log('endpoint ' + answer.status); process.exitCode = Number(EXIT_CODE); });
`;

const image = (hash: string) => `000000000000.dkr.ecr.us-east-1.amazonaws.com/assets:${hash}`;

const task = (Family: string, Image: string) => ({
  Type: 'AWS::ECS::TaskDefinition',
  Properties: {
    Family,
    RequiresCompatibilities: ['FARGATE'],
    NetworkMode: 'awsvpc',
    Cpu: '256',
    Memory: '512',
    RuntimePlatform: { CpuArchitecture: 'X86_64', OperatingSystemFamily: 'LINUX' },
    ContainerDefinitions: [
      {
        Name: 'loader',
        Image,
        Essential: true,
        Environment: [{ Name: 'FROM_TASK_DEFINITION', Value: 'a=b' }],
      },
    ],
  },
});

const TEMPLATE = {
  Resources: {
    Cluster: { Type: 'AWS::ECS::Cluster', Properties: { ClusterName: 'cluster' } },
    Loader: task('loader', image(HASH)),
    Unknown: task('unknown', image('b'.repeat(64))),
  },
};

let runFolder: string;
let engine: RunningDockerEngine;
let miniStack: RunningMiniStack;
let ecs: ECSClient;
let assetFolder: string;

beforeAll(async () => {
  runFolder = createRunFolder();
  const cdkOut = path.join(runFolder, 'cdk.out');
  assetFolder = path.join(cdkOut, `asset.${HASH}`);
  mkdirSync(assetFolder, { recursive: true });
  writeFileSync(
    path.join(assetFolder, 'Dockerfile'),
    'FROM node:22\nENV FROM_IMAGE="two words" SHORT=1\nCOPY . .\nENTRYPOINT ["node", "program.js"]\nCMD ["by ' +
      'default"]\n',
  );
  writeFileSync(path.join(assetFolder, 'program.js'), PROGRAM);
  engine = await startDockerEngine({ runFolder, cdkOut, environment: { FROM_NETWORK: 'yes' } });
  miniStack = await startMiniStack({ runFolder, dockerHost: engine.dockerHost });
  const configuration = {
    endpoint: miniStack.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  ecs = new ECSClient(configuration);
  const cloudFormation = new CloudFormationClient(configuration);
  await cloudFormation.send(new CreateStackCommand({ StackName: 'Tasks', TemplateBody: JSON.stringify(TEMPLATE) }));
  await waitUntilStackCreateComplete(
    { client: cloudFormation, maxWaitTime: 60, minDelay: 1, maxDelay: 1 },
    { StackName: 'Tasks' },
  );
});

afterAll(async () => {
  await miniStack?.stop();
  await engine?.stop();
  rmSync(runFolder, { recursive: true });
});

const run = async (
  taskDefinition: string,
  command?: string[],
  environment: Record<string, string> = {},
  clientToken?: string,
): Promise<string> => {
  const { tasks } = await ecs.send(
    new RunTaskCommand({
      cluster: 'cluster',
      taskDefinition,
      launchType: 'FARGATE',
      clientToken,
      overrides: {
        containerOverrides: [
          {
            name: 'loader',
            command,
            environment: Object.entries(environment).map(([name, value]) => ({ name, value })),
          },
        ],
      },
    }),
  );
  return tasks![0].taskArn!;
};

const reached = async (taskArn: string, status: string): Promise<Task> => {
  for (; ; await sleep(100)) {
    const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster: 'cluster', tasks: [taskArn] }));
    if (tasks![0].lastStatus === status) return tasks![0];
  }
};

const log = (taskArn: string): string => {
  const folder = path.join(runFolder, 'containers');
  const file = readdirSync(folder).find(name => name.includes(taskArn.split('/').pop()!.slice(0, 8)))!;
  return readFileSync(path.join(folder, file), 'utf8');
};

const told = (taskArn: string) => JSON.parse(log(taskArn).split('\n')[0]);

test("a task runs the command of its image in the image's folder, and its exit code is told", async () => {
  const arn = await run('loader', undefined, { EXIT_CODE: '11', FROM_RUN: 'yes' });
  const { stopCode, containers } = await reached(arn, 'STOPPED');
  expect(stopCode).toBe('EssentialContainerExited');
  expect(containers![0]).toMatchObject({ name: 'loader', exitCode: 11 });
  const { environment, ...rest } = told(arn);
  expect(rest).toEqual({ directory: assetFolder, arguments: ['by default'] });
  expect(environment).toMatchObject({
    FROM_IMAGE: 'two words',
    SHORT: '1',
    FROM_TASK_DEFINITION: 'a=b',
    FROM_RUN: 'yes',
    FROM_NETWORK: 'yes',
    AWS_REGION: 'us-east-1',
    AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE',
  });
  expect(environment).not.toHaveProperty('AWS_ACCESS_KEY_ID');
  expect(log(arn)).toContain('endpoint 200');
});

test('the command can be overridden', async () => {
  const arn = await run('loader', ['one', 'two']);
  expect((await reached(arn, 'STOPPED')).containers![0].exitCode).toBe(0);
  expect(told(arn).arguments).toEqual(['one', 'two']);
});

test('a client token starts one task', async () => {
  const first = await run('loader', ['wait'], {}, 'token');
  expect(await run('loader', ['wait'], {}, 'token')).toBe(first);
  await reached(first, 'RUNNING');
  await ecs.send(new StopTaskCommand({ cluster: 'cluster', task: first }));
  await reached(first, 'STOPPED');
  expect(await run('loader', ['wait'], {}, 'token')).toBe(first);
});

test('a stopped task gets SIGTERM', async () => {
  const arn = await run('loader', ['wait']);
  await reached(arn, 'RUNNING');
  while (!log(arn).includes('arguments')) await sleep(20);
  await ecs.send(new StopTaskCommand({ cluster: 'cluster', task: arn, reason: 'its run was aborted' }));
  const { stopCode, stoppedReason } = await reached(arn, 'STOPPED');
  expect({ stopCode, stoppedReason }).toEqual({ stopCode: 'UserInitiated', stoppedReason: 'its run was aborted' });
  while (!log(arn).includes('stopping')) await sleep(20);
});

test('a task of an image that is not in the assembly fails to start', async () => {
  const { stopCode, stoppedReason } = await reached(await run('unknown'), 'STOPPED');
  expect(stopCode).toBe('TaskFailedToStart');
  expect(stoppedReason).toContain('is no image asset');
});
