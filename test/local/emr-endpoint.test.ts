import { createServer, type Server } from 'http';
import type { AddressInfo } from 'net';
import { setTimeout as pause } from 'timers/promises';
import { gunzipSync } from 'zlib';
import {
  AddJobFlowStepsCommand,
  CancelStepsCommand,
  DescribeClusterCommand,
  DescribeStepCommand,
  EMRClient,
  ListClustersCommand,
  ListInstancesCommand,
  ListStepsCommand,
  RunJobFlowCommand,
  type RunJobFlowInput,
  type StepConfig,
  TerminateJobFlowsCommand,
} from '@aws-sdk/client-emr';
import { type EmrChange, startEmr, type RunningEmr } from '../../local/emr';

/** As much of S3 as scripts and logs need. */
class ObjectStore {
  readonly objects = new Map<string, Buffer>();
  endpoint = '';
  private readonly server: Server = createServer((request, response) => {
    const key = new URL(request.url!, 'http://s3').pathname;
    if (request.method === 'GET') {
      response.writeHead(this.objects.has(key) ? 200 : 404);
      response.end(
        this.objects.get(key) ??
          '<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>',
      );
      return;
    }
    const chunks: Buffer[] = [];
    request
      .on('data', chunk => chunks.push(chunk))
      .on('end', () => {
        this.objects.set(key, Buffer.concat(chunks));
        response.end();
      });
  });

  async start(): Promise<void> {
    await new Promise<void>(resolve => this.server.listen(0, '127.0.0.1', resolve));
    this.endpoint = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise(resolve => this.server.close(resolve));
  }
}

const hiveStep = (script: string, more: Partial<StepConfig> = {}): StepConfig => ({
  Name: 'Load',
  ActionOnFailure: 'TERMINATE_CLUSTER',
  HadoopJarStep: { Jar: 'command-runner.jar', Args: ['hive-script', '--run-hive-script', '--args', '-f', script] },
  ...more,
});

const request = (
  more: Partial<RunJobFlowInput> = {},
  instances: Partial<RunJobFlowInput['Instances']> = {},
): RunJobFlowInput => ({
  Name: 'test cluster',
  ReleaseLabel: 'emr-7.13.0',
  ServiceRole: 'Service',
  JobFlowRole: 'Profile',
  LogUri: 's3://work/logs/',
  Steps: [hiveStep('s3://work/load.hql')],
  ...more,
  Instances: {
    Ec2SubnetIds: ['subnet-0a', 'subnet-0b'],
    KeepJobFlowAliveWhenNoSteps: false,
    InstanceFleets: [
      { InstanceFleetType: 'MASTER', TargetOnDemandCapacity: 1, InstanceTypeConfigs: [{ InstanceType: 'm7g.xlarge' }] },
      { InstanceFleetType: 'CORE', TargetSpotCapacity: 2, InstanceTypeConfigs: [{ InstanceType: 'm7g.xlarge' }] },
    ],
    ...instances,
  },
});

jest.setTimeout(60_000); // a busy machine is no failure

const s3 = new ObjectStore();
const changes: EmrChange[] = [];
const scripts: string[] = [];
let finishScript: (() => void) | undefined;
let emr: RunningEmr;
let client: EMRClient;

beforeAll(async () => {
  await s3.start();
  emr = await startEmr({
    awsEndpoint: s3.endpoint,
    speed: 3_000,
    listingLag: 0,
    onChange: change => changes.push(change),
    hive: {
      async run(script) {
        scripts.push(script);
        if (script.includes('BAD')) {
          return {
            exitCode: 1,
            stdout: '',
            stderr: 'Logging initialized\nFAILED: SemanticException Table not found BAD\n',
          };
        }
        if (script.includes('SLOW')) {
          await new Promise<void>(resolve => {
            finishScript = resolve;
          });
        }
        return { exitCode: 0, stdout: 'OK\n', stderr: 'Time taken: 1 seconds\n' };
      },
    },
  });
  client = new EMRClient({
    endpoint: emr.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  s3.objects.set('/work/load.hql', Buffer.from('SELECT 1;'));
  s3.objects.set('/work/bad.hql', Buffer.from('SELECT * FROM BAD;'));
  s3.objects.set('/work/slow.hql', Buffer.from('SELECT SLOW;'));
});

afterAll(async () => {
  client.destroy();
  await emr.stop();
  await s3.stop();
});

async function run(input: RunJobFlowInput): Promise<string> {
  return (await client.send(new RunJobFlowCommand(input))).JobFlowId!;
}

async function describeCluster(id: string) {
  return (await client.send(new DescribeClusterCommand({ ClusterId: id }))).Cluster!;
}

async function steps(id: string) {
  return (await client.send(new ListStepsCommand({ ClusterId: id }))).Steps!;
}

async function until(id: string, state: string): Promise<void> {
  while ((await describeCluster(id)).Status!.State !== state) await pause(10);
}

const statesOf = (id: string, ofStep: boolean) =>
  changes
    .filter(change => change.clusterId === id && (change.stepId !== undefined) === ofStep)
    .map(({ state }) => state);

test('a cluster runs its script and ends', async () => {
  const id = await run(request());
  expect(id).toMatch(/^j-[0-9A-Z]{13}$/);
  await until(id, 'TERMINATED');

  const cluster = await describeCluster(id);
  expect(cluster).toMatchObject({
    Name: 'test cluster',
    ReleaseLabel: 'emr-7.13.0',
    AutoTerminate: true,
    Ec2InstanceAttributes: { Ec2SubnetId: 'subnet-0a', IamInstanceProfile: 'Profile' },
    Status: { StateChangeReason: { Code: 'ALL_STEPS_COMPLETED', Message: 'Steps completed' } },
  });
  expect(cluster.Status!.Timeline!.CreationDateTime!.getTime()).toBeLessThanOrEqual(
    cluster.Status!.Timeline!.EndDateTime!.getTime(),
  );
  const { Instances } = await client.send(new ListInstancesCommand({ ClusterId: id }));
  const units = request().Instances!.InstanceFleets!.map(
    ({ TargetOnDemandCapacity = 0, TargetSpotCapacity = 0 }) => TargetOnDemandCapacity + TargetSpotCapacity,
  );
  expect(Instances).toHaveLength(units.reduce((sum, count) => sum + count));
  for (const { Status } of Instances!) expect(Status!.Timeline).toEqual(cluster.Status!.Timeline);
  const [step] = await steps(id);
  expect(step.Status).toMatchObject({ State: 'COMPLETED' });
  const { Step: described } = await client.send(new DescribeStepCommand({ ClusterId: id, StepId: step.Id }));
  expect(described).toMatchObject({
    Name: 'Load',
    Config: { Jar: 'command-runner.jar' },
    Status: { State: 'COMPLETED' },
  });
  expect(scripts).toContain('SELECT 1;');
  expect(gunzipSync(s3.objects.get(`/work/logs/${id}/steps/${step.Id}/stderr.gz`)!).toString()).toContain('Time taken');
  expect(statesOf(id, false)).toEqual(['STARTING', 'BOOTSTRAPPING', 'RUNNING', 'TERMINATING', 'TERMINATED']);
  expect(statesOf(id, true)).toEqual(['PENDING', 'RUNNING', 'COMPLETED']);
});

test('a failed script fails the step and the cluster, and its log is kept', async () => {
  const id = await run(request({ Steps: [hiveStep('s3://work/bad.hql'), hiveStep('s3://work/load.hql')] }));
  await until(id, 'TERMINATED_WITH_ERRORS');

  expect((await describeCluster(id)).Status!.StateChangeReason).toEqual({
    Code: 'STEP_FAILURE',
    Message: 'Shut down as step failed',
  });
  const [second, first] = await steps(id);
  const log = `s3://work/logs/${id}/steps/${first.Id}/stderr.gz`;
  expect(first.Status).toMatchObject({
    State: 'FAILED',
    FailureDetails: {
      Reason: 'Unknown Error.',
      Message: 'FAILED: SemanticException Table not found BAD',
      LogFile: log,
    },
  });
  expect(second.Status!.State).toBe('CANCELLED');
  expect(gunzipSync(s3.objects.get(log.replace('s3:/', ''))!).toString()).toContain('SemanticException');
});

test('a script that is not there fails the step', async () => {
  const id = await run(request({ Steps: [hiveStep('s3://work/none.hql')] }));
  await until(id, 'TERMINATED_WITH_ERRORS');
  expect((await steps(id))[0].Status!.FailureDetails!.Message).toContain('NoSuchKey');
});

test('a cluster is terminated while its script runs, and ends only after it', async () => {
  const id = await run(request({ Steps: [hiveStep('s3://work/slow.hql')] }));
  while ((await steps(id))[0].Status!.State !== 'RUNNING' || !finishScript) await pause(10);
  await client.send(new TerminateJobFlowsCommand({ JobFlowIds: [id] }));
  expect((await describeCluster(id)).Status).toMatchObject({
    State: 'TERMINATING',
    StateChangeReason: { Code: 'USER_REQUEST' },
  });
  expect((await steps(id))[0].Status!.State).toBe('CANCELLED');
  await pause(200);
  expect((await describeCluster(id)).Status!.State).toBe('TERMINATING');
  finishScript!();
  await until(id, 'TERMINATED');
  await client.send(new TerminateJobFlowsCommand({ JobFlowIds: [id] })); // again: nothing happens
  expect((await describeCluster(id)).Status!.State).toBe('TERMINATED');
});

test('a cluster that is kept waits for steps, goes on after a failure, and steps can be cancelled', async () => {
  const id = await run(request({ Steps: [] }, { KeepJobFlowAliveWhenNoSteps: true }));
  await until(id, 'WAITING');
  finishScript = undefined;
  const { StepIds } = await client.send(
    new AddJobFlowStepsCommand({
      JobFlowId: id,
      Steps: [
        hiveStep('s3://work/bad.hql', { ActionOnFailure: 'CONTINUE' }),
        hiveStep('s3://work/slow.hql'),
        hiveStep('s3://work/load.hql', { ActionOnFailure: 'CANCEL_AND_WAIT' }),
      ],
    }),
  );
  while (!finishScript) await pause(10);
  const { CancelStepsInfoList } = await client.send(new CancelStepsCommand({ ClusterId: id, StepIds }));
  expect(CancelStepsInfoList!.map(({ Status }) => Status)).toEqual(['FAILED', 'SUBMITTED', 'SUBMITTED']);
  (finishScript as () => void)();
  await until(id, 'WAITING');
  expect((await steps(id)).map(step => step.Status!.State)).toEqual(['CANCELLED', 'CANCELLED', 'FAILED']);

  await client.send(
    new AddJobFlowStepsCommand({
      JobFlowId: id,
      Steps: [hiveStep('s3://work/bad.hql', { ActionOnFailure: 'CANCEL_AND_WAIT' }), hiveStep('s3://work/load.hql')],
    }),
  );
  while ((await steps(id))[0].Status!.State !== 'CANCELLED') await pause(10);
  await until(id, 'WAITING');
  await client.send(new TerminateJobFlowsCommand({ JobFlowIds: [id] }));
  await expect(
    client.send(new AddJobFlowStepsCommand({ JobFlowId: id, Steps: [hiveStep('s3://work/load.hql')] })),
  ).rejects.toThrow('may not be modified');
  await until(id, 'TERMINATED');
});

test('a cluster that is kept ends by itself when it has been idle for long enough', async () => {
  const id = await run(
    request({ Steps: [], AutoTerminationPolicy: { IdleTimeout: 1_800 } }, { KeepJobFlowAliveWhenNoSteps: true }),
  );
  await until(id, 'WAITING');
  await client.send(new AddJobFlowStepsCommand({ JobFlowId: id, Steps: [hiveStep('s3://work/load.hql')] }));
  await until(id, 'TERMINATED');
  expect((await steps(id))[0].Status!.State).toBe('COMPLETED');
});

test('ListClusters shows the newest first, filtered and in pages', async () => {
  const before = new Date();
  await pause(5);
  const ids: string[] = [];
  for (let i = 0; i < 51; i++) {
    ids.push(await run(request({ Name: `listed ${i}`, Steps: [] }, { KeepJobFlowAliveWhenNoSteps: true })));
  }
  const first = await client.send(new ListClustersCommand({ CreatedAfter: before }));
  expect(first.Clusters!.map(({ Id }) => Id)).toEqual(ids.slice(1).reverse());
  expect(first.Clusters![0].Name).toBe('listed 50');
  const second = await client.send(new ListClustersCommand({ CreatedAfter: before, Marker: first.Marker }));
  expect(second.Clusters!.map(({ Id }) => Id)).toEqual([ids[0]]);
  expect(second.Marker).toBeUndefined();
  const ended = await client.send(new ListClustersCommand({ CreatedAfter: before, ClusterStates: ['TERMINATED'] }));
  expect(ended.Clusters).toEqual([]);
  await client.send(new TerminateJobFlowsCommand({ JobFlowIds: ids }));
});

test('ListClusters does not show a cluster that is new', async () => {
  const lagging = await startEmr({
    awsEndpoint: s3.endpoint,
    speed: 3_000,
    listingLag: 3_600_000,
    hive: {
      run: async () => {
        throw new Error('no script');
      },
    },
  });
  const other = new EMRClient({
    endpoint: lagging.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const { JobFlowId } = await other.send(new RunJobFlowCommand(request({ Steps: [] })));
  expect((await other.send(new DescribeClusterCommand({ ClusterId: JobFlowId }))).Cluster!.Id).toBe(JobFlowId);
  expect((await other.send(new ListClustersCommand({}))).Clusters).toEqual([]);
  other.destroy();
  await lagging.stop();
});

test.each([
  ['an unknown release', request({ ReleaseLabel: '7.13.0' }), 'The supplied release label is invalid: 7.13.0.'],
  ['no service role', request({ ServiceRole: undefined }), 'ServiceRole is required'],
  ['no instance profile', request({ JobFlowRole: undefined }), 'JobFlowRole is required'],
  [
    'fleets and groups',
    request({}, { InstanceGroups: [{ InstanceRole: 'MASTER', InstanceType: 'm5.xlarge', InstanceCount: 1 }] }),
    'mutually exclusive',
  ],
  [
    'two primary instances',
    request(
      {},
      {
        InstanceFleets: [
          {
            InstanceFleetType: 'MASTER',
            TargetOnDemandCapacity: 2,
            InstanceTypeConfigs: [{ InstanceType: 'm7g.xlarge' }],
          },
        ],
      },
    ),
    'exactly one of',
  ],
  [
    'both targets for the primary instance',
    request(
      {},
      {
        InstanceFleets: [
          {
            InstanceFleetType: 'MASTER',
            TargetOnDemandCapacity: 1,
            TargetSpotCapacity: 1,
            InstanceTypeConfigs: [{ InstanceType: 'm7g.xlarge' }],
          },
        ],
      },
    ),
    'exactly one of',
  ],
  [
    'no primary fleet',
    request(
      {},
      {
        InstanceFleets: [
          { InstanceFleetType: 'CORE', TargetSpotCapacity: 1, InstanceTypeConfigs: [{ InstanceType: 'm7g.xlarge' }] },
        ],
      },
    ),
    'type MASTER is required',
  ],
  [
    'six types without a strategy',
    request(
      {},
      {
        InstanceFleets: [
          {
            InstanceFleetType: 'MASTER',
            TargetOnDemandCapacity: 1,
            InstanceTypeConfigs: ['a', 'b', 'c', 'd', 'e', 'f'].map(size => ({ InstanceType: `m7g.${size}` })),
          },
        ],
      },
    ),
    '1 to 5 instance types',
  ],
  [
    'an impatient Spot request',
    request(
      {},
      {
        InstanceFleets: [
          {
            InstanceFleetType: 'MASTER',
            TargetOnDemandCapacity: 1,
            InstanceTypeConfigs: [{ InstanceType: 'm7g.xlarge' }],
          },
          {
            InstanceFleetType: 'CORE',
            TargetSpotCapacity: 1,
            InstanceTypeConfigs: [{ InstanceType: 'm7g.xlarge' }],
            LaunchSpecifications: {
              SpotSpecification: { TimeoutDurationMinutes: 4, TimeoutAction: 'SWITCH_TO_ON_DEMAND' },
            },
          },
        ],
      },
    ),
    'between 5 and 1440',
  ],
  [
    'scaling below the minimum',
    request({
      ManagedScalingPolicy: {
        ComputeLimits: { UnitType: 'InstanceFleetUnits', MinimumCapacityUnits: 3, MaximumCapacityUnits: 2 },
      },
    }),
    'MinimumCapacityUnits',
  ],
  [
    'more core units than units',
    request({
      ManagedScalingPolicy: {
        ComputeLimits: {
          UnitType: 'InstanceFleetUnits',
          MinimumCapacityUnits: 1,
          MaximumCapacityUnits: 2,
          MaximumCoreCapacityUnits: 3,
        },
      },
    }),
    'MaximumCoreCapacityUnits',
  ],
  [
    'a volume of an unknown type',
    request(
      {},
      {
        InstanceFleets: [
          {
            InstanceFleetType: 'MASTER',
            TargetOnDemandCapacity: 1,
            InstanceTypeConfigs: [
              {
                InstanceType: 'm7g.xlarge',
                EbsConfiguration: {
                  EbsBlockDeviceConfigs: [{ VolumeSpecification: { VolumeType: 'gp9', SizeInGB: 100 } }],
                },
              },
            ],
          },
        ],
      },
    ),
    "volume type 'gp9'",
  ],
  ['an idle timeout of seconds', request({ AutoTerminationPolicy: { IdleTimeout: 30 } }), 'between 60 and 604800'],
  [
    'a bootstrap action without a script',
    request({ BootstrapActions: [{ Name: 'Nothing', ScriptBootstrapAction: { Path: '' } }] }),
    'ScriptBootstrapAction.Path',
  ],
  ['one security group of two', request({}, { EmrManagedMasterSecurityGroup: 'sg-0a' }), 'both or none'],
  ['no subnet', request({}, { Ec2SubnetIds: ['vpc-1'] }), "The subnet ID 'vpc-1' is not valid."],
  [
    'a tag twice',
    request({
      Tags: [
        { Key: 'a', Value: '1' },
        { Key: 'a', Value: '2' },
      ],
    }),
    'unique',
  ],
  [
    'an unknown action on failure',
    request({ Steps: [hiveStep('s3://work/load.hql', { ActionOnFailure: 'STOP' as never })] }),
    'enum value set',
  ],
])('RunJobFlow is refused: %s', async (_, input, message) => {
  await expect(client.send(new RunJobFlowCommand(input))).rejects.toMatchObject({
    name: 'ValidationException',
    message: expect.stringContaining(message),
  });
});

test('unknown clusters and steps are refused', async () => {
  await expect(client.send(new DescribeClusterCommand({ ClusterId: 'j-NONE' }))).rejects.toMatchObject({
    name: 'InvalidRequestException',
    message: "Cluster id 'j-NONE' is not valid.",
  });
  const id = await run(request());
  await expect(client.send(new DescribeStepCommand({ ClusterId: id, StepId: 's-NONE' }))).rejects.toThrow(
    "Step id 's-NONE' is not valid.",
  );
});
