// The function logs each launch; the tests look at what it does.
process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';

import { createHash } from 'crypto';
import { gzipSync } from 'zlib';
import { DescribeTableCommand, type TableDescription } from '@aws-sdk/client-dynamodb';
import {
  AddJobFlowStepsCommand,
  type AddJobFlowStepsInput,
  CancelStepsCommand,
  type CancelStepsInput,
  type Cluster,
  DescribeClusterCommand,
  EMRClient,
  type Instance,
  ListClustersCommand,
  type ListClustersInput,
  ListInstancesCommand,
  type ListInstancesInput,
  ListStepsCommand,
  type ListStepsInput,
  RunJobFlowCommand,
  type RunJobFlowInput,
  type StepConfig,
  type StepState,
  type StepSummary,
  TerminateJobFlowsCommand,
} from '@aws-sdk/client-emr';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { RUN, TARGET } from './events';

interface FakeCluster {
  readonly id: string;
  readonly request: RunJobFlowInput;
  readonly created: Date;
  /** ListClusters shows it. */
  listed: boolean;
  status: Cluster['Status'];
  /** The newest first, as EMR lists them. */
  steps: StepSummary[];
  readonly addedSteps: StepConfig[];
  readonly instances: Instance[];
}

interface PutObject {
  readonly Key: string;
  readonly Body: string;
  readonly IfNoneMatch?: string;
  readonly IfMatch?: string;
}

const etag = (body: Buffer): string => `"${createHash('md5').update(body).digest('hex')}"`;

const newStep = (Id: string, Name: string): StepSummary => ({
  Id,
  Name,
  Status: { State: 'PENDING', Timeline: { CreationDateTime: new Date() } },
});

/** A failure as the SDK throws it. */
export function awsError(name: string, status: number | undefined): Error {
  return Object.assign(new Error(`${name} for a test`), {
    name,
    $fault: status && status >= 500 ? 'server' : 'client',
    $metadata: { httpStatusCode: status },
  });
}

/** S3, EMR and Step Functions in memory, at the SDK's clients. Any other call fails the test. */
export class FakeAws {
  readonly objects = new Map<string, Buffer>();
  private readonly surprises = new Map<string, () => void>();
  private readonly written = new Map<string, Date>();
  readonly clusters: FakeCluster[] = [];
  readonly calls: string[] = [];
  executionStatus = 'RUNNING';
  /** How steps were cancelled. */
  readonly cancellations: string[] = [];
  /** The target of the load; absent: there is none. */
  table?: TableDescription = {
    TableName: TARGET.name,
    TableArn: TARGET.arn,
    TableStatus: 'ACTIVE',
    BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
    KeySchema: [{ AttributeName: 'order_id', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'order_id', AttributeType: 'S' }],
  };
  /** Thrown by the next call of the named operation: before it acts, or after it. */
  readonly failBefore = new Map<string, Error>();
  readonly failAfter = new Map<string, Error>();
  /** Called right before such a call fails. */
  beforeFailure?: () => void;
  /** Clusters of other people in every listing. */
  strangers = 0;

  private readonly s3 = mockClient(S3Client);
  private readonly dynamo = mockClient(DynamoDBDocumentClient);
  private readonly emr = mockClient(EMRClient);
  private readonly sfn = mockClient(SFNClient);

  constructor() {
    const unexpected = (input: unknown) => {
      throw new Error(`unexpected call: ${JSON.stringify(input)}`);
    };
    this.s3.onAnyCommand().callsFake(unexpected);
    this.dynamo.onAnyCommand().callsFake(unexpected);
    this.emr.onAnyCommand().callsFake(unexpected);
    this.sfn.onAnyCommand().callsFake(unexpected);
    this.stage(RUN);
    this.fakeS3();
    this.fakeEmr();
    this.dynamo.on(DescribeTableCommand).callsFake(
      this.call('DescribeTable', () => {
        if (!this.table) throw awsError('ResourceNotFoundException', 400);
        return { Table: this.table };
      }),
    );
    this.sfn
      .on(DescribeExecutionCommand)
      .callsFake(this.call('DescribeExecution', () => ({ status: this.executionStatus })));
  }

  restore(): void {
    for (const mock of [this.s3, this.dynamo, this.emr, this.sfn]) mock.restore();
  }

  json(key: string): unknown {
    const body = this.objects.get(key);
    return body && JSON.parse(body.toString());
  }

  keys(prefix: string): string[] {
    return [...this.objects.keys()].filter(key => key.startsWith(prefix)).sort();
  }

  putText(key: string, text: string): void {
    this.objects.set(key, Buffer.from(text));
  }

  /** What staging leaves of a run with one file. */
  stage(runId: string, bytes = 9): void {
    const key = `runs/${runId}/input/part-00000.csv`;
    this.putText(key, 'order_id\n');
    this.putText(
      `runs/${runId}/staged.json`,
      JSON.stringify({ files: [{ id: 'a', key, bytes, gzip: false }], rejected: [] }),
    );
  }

  putLog(key: string, text: string): void {
    this.objects.set(key, gzipSync(text));
    this.written.set(key, new Date());
  }

  count(operation: string): number {
    return this.calls.filter(name => name === operation).length;
  }

  /** What the instances of a cluster bring about. */
  become(cluster: FakeCluster, state: string, reason?: { Code?: string; Message?: string }, stepState?: string): void {
    cluster.status = { State: state, StateChangeReason: reason ?? {} } as Cluster['Status'];
    if (stepState) this.stepBecomes(cluster, stepState as StepState);
  }

  /** The newest step of a cluster. */
  stepBecomes(cluster: FakeCluster, state: StepState): void {
    const [step] = cluster.steps;
    const { StartDateTime = new Date(), EndDateTime = new Date() } = step.Status!.Timeline!;
    const ended = ['COMPLETED', 'CANCELLED', 'FAILED', 'INTERRUPTED'].includes(state);
    step.Status = {
      State: state,
      Timeline: {
        ...step.Status!.Timeline,
        ...(step.Status!.State !== 'PENDING' || state === 'RUNNING' ? { StartDateTime } : {}),
        ...(ended && { EndDateTime }),
      },
    };
  }

  /** Something that happens right before EMR or S3 get the next call of the named operation. */
  beforeNext(operation: string, happens: () => void): void {
    this.surprises.set(operation, happens);
  }

  private call<Input, Output>(name: string, act: (input: Input) => Output): (input: Input) => Output {
    return input => {
      this.calls.push(name);
      this.surprises.get(name)?.();
      this.surprises.delete(name);
      const before = this.failBefore.get(name);
      if (before) {
        this.failBefore.delete(name);
        this.beforeFailure?.();
        throw before;
      }
      const output = act(input);
      const after = this.failAfter.get(name);
      if (after) {
        this.failAfter.delete(name);
        throw after;
      }
      return output;
    };
  }

  private fakeS3(): void {
    this.s3.on(GetObjectCommand).callsFake(
      this.call('GetObject', ({ Key }: { Key: string }) => {
        const body = this.objects.get(Key);
        if (!body) {
          throw new NoSuchKey({ $metadata: { httpStatusCode: 404 }, message: 'The specified key does not exist.' });
        }
        return {
          Body: { transformToString: async () => body.toString(), transformToByteArray: async () => body },
          ETag: etag(body),
          LastModified: this.written.get(Key),
        };
      }),
    );
    this.s3.on(PutObjectCommand).callsFake(
      this.call('PutObject', ({ Key, Body, IfNoneMatch, IfMatch }: PutObject) => {
        const before = this.objects.get(Key);
        if ((IfNoneMatch && before) || (IfMatch && (!before || etag(before) !== IfMatch))) {
          throw new S3ServiceException({
            name: 'PreconditionFailed',
            $fault: 'client',
            $metadata: { httpStatusCode: 412 },
          });
        }
        this.objects.set(Key, Buffer.from(Body));
        return { ETag: etag(Buffer.from(Body)) };
      }),
    );
    this.s3.on(ListObjectsV2Command).callsFake(
      this.call('ListObjectsV2', ({ Prefix }: { Prefix: string }) => {
        const keys = this.keys(Prefix);
        return keys.length === 0 ? {} : { Contents: keys.map(Key => ({ Key })) };
      }),
    );
  }

  private fakeEmr(): void {
    const find = (id: string): FakeCluster => {
      const cluster = this.clusters.find(candidate => candidate.id === id);
      if (!cluster) throw awsError('InvalidRequestException', 400);
      return cluster;
    };
    this.emr.on(RunJobFlowCommand).callsFake(
      this.call('RunJobFlow', (request: RunJobFlowInput) => {
        const id = `j-${this.clusters.length + 1}`;
        this.clusters.push({
          id,
          request,
          created: new Date(),
          listed: false,
          addedSteps: [],
          instances: [],
          status: { State: 'STARTING' },
          steps: (request.Steps ?? []).map(({ Name }) => newStep(`s-${id}`, Name!)),
        });
        return { JobFlowId: id };
      }),
    );
    this.emr.on(ListClustersCommand).callsFake(
      this.call('ListClusters', ({ CreatedAfter = new Date(0), ClusterStates, Marker }: ListClustersInput) => {
        const others = Array.from({ length: this.strangers }, (_, index) => ({
          Id: `j-stranger-${index}`,
          Name: `stranger ${index}`,
        }));
        const listed = [
          ...others,
          ...this.clusters
            .filter(({ listed: isListed, created }) => isListed && created >= CreatedAfter)
            .filter(({ status }) => !ClusterStates || ClusterStates.includes(status!.State!))
            .map(({ id, request, status }) => ({ Id: id, Name: request.Name, Status: status })),
        ];
        const first = Number(Marker ?? 0);
        return {
          Clusters: listed.slice(first, first + 50),
          ...(listed.length > first + 50 && { Marker: String(first + 50) }),
        };
      }),
    );
    this.emr.on(DescribeClusterCommand).callsFake(
      this.call('DescribeCluster', ({ ClusterId }: { ClusterId: string }) => {
        const { id, request, status } = find(ClusterId);
        const [subnet] = request.Instances!.Ec2SubnetIds!;
        return {
          Cluster: {
            Id: id,
            Name: request.Name,
            Status: status,
            Tags: request.Tags,
            Ec2InstanceAttributes: { Ec2SubnetId: subnet },
          },
        };
      }),
    );
    this.emr.on(ListInstancesCommand).callsFake(
      this.call('ListInstances', ({ ClusterId, Marker }: ListInstancesInput) => {
        const { instances } = find(ClusterId!);
        const first = Number(Marker ?? 0); // pages of two
        return {
          Instances: instances.slice(first, first + 2),
          ...(instances.length > first + 2 && { Marker: String(first + 2) }),
        };
      }),
    );
    this.emr.on(ListStepsCommand).callsFake(
      this.call('ListSteps', ({ ClusterId, StepIds, StepStates }: ListStepsInput) => ({
        Steps: find(ClusterId!).steps.filter(
          ({ Id, Status }) => (StepIds?.includes(Id!) ?? true) && (StepStates?.includes(Status!.State!) ?? true),
        ),
      })),
    );
    this.emr.on(AddJobFlowStepsCommand).callsFake(
      this.call('AddJobFlowSteps', ({ JobFlowId, Steps }: AddJobFlowStepsInput) => {
        const cluster = find(JobFlowId!);
        if (/^TERMINAT/.test(cluster.status!.State!)) throw awsError('ValidationException', 400);
        const id = `s-${cluster.id}-${cluster.steps.length + 1}`;
        cluster.addedSteps.push(Steps![0]);
        cluster.steps.unshift(newStep(id, Steps![0].Name!));
        return { StepIds: [id] };
      }),
    );
    this.emr.on(CancelStepsCommand).callsFake(
      this.call('CancelSteps', ({ ClusterId, StepIds, StepCancellationOption }: CancelStepsInput) => {
        const step = find(ClusterId!).steps.find(({ Id }) => Id === StepIds![0])!;
        this.cancellations.push(StepCancellationOption!);
        step.Status = { ...step.Status, State: step.Status!.State === 'PENDING' ? 'CANCELLED' : 'CANCEL_PENDING' };
        return {};
      }),
    );
    this.emr.on(TerminateJobFlowsCommand).callsFake(
      this.call('TerminateJobFlows', ({ JobFlowIds }: { JobFlowIds: string[] }) => {
        for (const id of JobFlowIds) this.become(find(id), 'TERMINATING', { Code: 'USER_REQUEST' });
        return {};
      }),
    );
  }
}

/** Gives each test of the file an AWS of its own, the function's environment and a clock that stands still. */
export function freshAwsForEachTest(use: (aws: FakeAws) => void): void {
  let aws: FakeAws;
  beforeEach(() => {
    jest.useFakeTimers({ now: new Date('2026-11-23T12:00:00Z'), doNotFake: ['nextTick', 'setImmediate'] });
    process.env.STEP_ID = 'ToDynamo';
    process.env.WORK_BUCKET = 'work';
    aws = new FakeAws();
    use(aws);
  });
  afterEach(() => {
    aws.restore();
    jest.useRealTimers();
  });
}
