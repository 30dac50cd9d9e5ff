import {
  DescribeTasksCommand,
  ECSClient,
  InvalidParameterException,
  ListTasksCommand,
  RunTaskCommand,
  RunTaskCommandInput,
  StopTaskCommand,
  Task,
} from '@aws-sdk/client-ecs';
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
import { FargateRedshiftArguments } from '../../../src/fargate-redshift-step/contract';
import { logger } from '../../../src/runtime/logger';

export const BUCKET = 'work-bucket';
export const RUN_ID = '20261101T120000Z-0123456789abcdef';
export const STEP_ID = 'ToRedshift';
export const STEP_FOLDER = `runs/${RUN_ID}/${STEP_ID}/`;
export const EXECUTION = `arn:aws:states:eu-west-1:123456789012:execution:Machine:${RUN_ID}-1`;
export const CLUSTER = 'arn:aws:ecs:eu-west-1:123456789012:cluster/etl';

export const ARGUMENTS: FargateRedshiftArguments = {
  cluster: CLUSTER,
  taskDefinition: 'arn:aws:ecs:eu-west-1:123456789012:task-definition/loader:7',
  subnets: ['subnet-1', 'subnet-2'],
  securityGroups: ['sg-1'],
  assignPublicIp: false,
  tags: [{ key: 'team', value: 'orders' }],
  memoryLimitMiB: 1024,
  logGroup: 'loader-logs',
  load: {
    dataset: {
      name: 'orders',
      format: { type: 'csv', delimiter: ',', header: true },
      columns: [{ name: 'order_id', type: 'string', header: 'order_id', required: true }],
      key: ['order_id'],
    },
    warehouse: {
      database: 'dev',
      copyRoleArn: 'arn:aws:iam::123456789012:role/copy',
      region: 'eu-west-1',
      workgroupName: 'wg',
    },
    schema: 'analytics',
    table: 'orders',
    mode: 'upsert',
    maxRejectedRows: 100,
    maxRuntimeSeconds: 7200,
  },
};

export const ecs = mockClient(ECSClient);
const s3 = mockClient(S3Client);
const sfn = mockClient(SFNClient);

/** What is in the work bucket: key to JSON value. */
export const objects = new Map<string, any>();

/** What ECS runs or has run: ARN to task. */
export const tasks = new Map<string, Task>();

/** Fresh mocks, an empty bucket, no tasks, a running execution. Calls that are not mocked throw. */
export function resetAws(): void {
  logger.setLogLevel('SILENT');
  process.env.STEP_ID = STEP_ID;
  process.env.WORK_BUCKET = BUCKET;
  const unexpected = (input: unknown) => {
    throw new Error(`unexpected call: ${JSON.stringify(input)}`);
  };
  ecs.reset().onAnyCommand().callsFake(unexpected);
  s3.reset().onAnyCommand().callsFake(unexpected);
  sfn.reset().onAnyCommand().callsFake(unexpected);
  mockWorkBucket();
  mockEcs();
  executionIs('RUNNING');
}

export function executionIs(status: 'RUNNING' | 'ABORTED'): void {
  sfn.on(DescribeExecutionCommand, { executionArn: EXECUTION }).resolves({ status });
}

/** Changes a task as ECS would. */
export function taskIs(arn: string, change: Partial<Task>): void {
  tasks.set(arn, { ...tasks.get(arn), ...change });
}

/** A task that has exited by itself. */
export function taskExited(arn: string, exitCode: number): void {
  taskIs(arn, {
    lastStatus: 'STOPPED',
    desiredStatus: 'STOPPED',
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
    containers: [{ name: 'loader', exitCode }],
  });
}

function mockWorkBucket(): void {
  objects.clear();
  s3.on(PutObjectCommand, { Bucket: BUCKET }).callsFake(({ Key, Body, IfNoneMatch }) => {
    if (IfNoneMatch && objects.has(Key)) {
      throw new S3ServiceException({
        name: 'PreconditionFailed',
        $fault: 'client',
        $metadata: { httpStatusCode: 412 },
      });
    }
    objects.set(Key, JSON.parse(Body));
    return {};
  });
  s3.on(GetObjectCommand, { Bucket: BUCKET }).callsFake(({ Key }) => {
    if (!objects.has(Key)) throw new NoSuchKey({ message: Key, $metadata: { httpStatusCode: 404 } });
    return { Body: { transformToString: async () => JSON.stringify(objects.get(Key)) } };
  });
  s3.on(ListObjectsV2Command, { Bucket: BUCKET }).callsFake(({ Prefix }) => ({
    Contents: [...objects.keys()].filter(key => key.startsWith(Prefix)).map(Key => ({ Key })),
  }));
}

/** ECS in little: one task per client token, stopping takes until taskIs() says otherwise. */
function mockEcs(): void {
  tasks.clear();
  const tokens = new Map<string, string>();
  ecs
    .on(RunTaskCommand, { cluster: CLUSTER })
    .callsFake(({ clientToken, startedBy, overrides }: RunTaskCommandInput) => {
      const taskArn = tokens.get(clientToken!) ?? `arn:aws:ecs:eu-west-1:123456789012:task/etl/${tasks.size + 1}`;
      tokens.set(clientToken!, taskArn);
      if (!tasks.has(taskArn)) {
        tasks.set(taskArn, { taskArn, startedBy, overrides, lastStatus: 'PROVISIONING', desiredStatus: 'RUNNING' });
      }
      return { tasks: [tasks.get(taskArn)], failures: [] };
    });
  ecs.on(DescribeTasksCommand, { cluster: CLUSTER }).callsFake(({ tasks: arns }) => ({
    tasks: arns.filter((arn: string) => tasks.has(arn)).map((arn: string) => tasks.get(arn)),
    failures: arns.filter((arn: string) => !tasks.has(arn)).map((arn: string) => ({ arn, reason: 'MISSING' })),
  }));
  ecs.on(ListTasksCommand, { cluster: CLUSTER }).callsFake(({ cluster, startedBy, nextToken, ...filters }) => {
    if (Object.keys(filters).length > 0) throw new Error('startedBy must be the only filter.');
    return {
      taskArns: [...tasks.values()]
        .filter(task => task.startedBy === startedBy && task.desiredStatus === 'RUNNING')
        .map(task => task.taskArn),
    };
  });
  ecs.on(StopTaskCommand, { cluster: CLUSTER }).callsFake(({ task }) => {
    if (!tasks.has(task)) {
      throw new InvalidParameterException({ message: 'The referenced task was not found.', $metadata: {} });
    }
    taskIs(task, { desiredStatus: 'STOPPED', lastStatus: 'STOPPING' });
    return { task: tasks.get(task) };
  });
}
