// The function logs each launch; the tests look at what it does.
process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';

import { gzipSync } from 'zlib';
import {
  type Cluster, DescribeClusterCommand, EMRClient, ListClustersCommand, ListStepsCommand, RunJobFlowCommand, type RunJobFlowInput, type StepSummary,
  TerminateJobFlowsCommand,
} from '@aws-sdk/client-emr';
import { GetObjectCommand, ListObjectsV2Command, NoSuchKey, PutObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { STAGED_FILE } from './events';

interface FakeCluster {
  readonly id: string;
  readonly request: RunJobFlowInput;
  readonly created: Date;
  /** ListClusters shows it. */
  listed: boolean;
  status: Cluster['Status'];
  steps: StepSummary[];
}

/** A failure as the SDK throws it. */
export function awsError(name: string, status: number | undefined): Error {
  return Object.assign(new Error(`${name} for a test`), {
    name, $fault: status && status >= 500 ? 'server' : 'client', $metadata: { httpStatusCode: status },
  });
}

/** S3, EMR and Step Functions in memory, at the SDK's clients. Any other call fails the test. */
export class FakeAws {
  readonly objects = new Map<string, Buffer>();
  readonly clusters: FakeCluster[] = [];
  readonly calls: string[] = [];
  executionStatus = 'RUNNING';
  /** Thrown by the next call of the named operation: before it acts, or after it. */
  readonly failBefore = new Map<string, Error>();
  readonly failAfter = new Map<string, Error>();
  /** Clusters of other people in every listing. */
  strangers = 0;

  private readonly s3 = mockClient(S3Client);
  private readonly emr = mockClient(EMRClient);
  private readonly sfn = mockClient(SFNClient);

  constructor() {
    const unexpected = (input: unknown) => { throw new Error(`unexpected call: ${JSON.stringify(input)}`); };
    this.s3.onAnyCommand().callsFake(unexpected);
    this.emr.onAnyCommand().callsFake(unexpected);
    this.sfn.onAnyCommand().callsFake(unexpected);
    this.putText(STAGED_FILE, 'order_id\n');
    this.fakeS3();
    this.fakeEmr();
    this.sfn.on(DescribeExecutionCommand).callsFake(this.call('DescribeExecution', () => ({ status: this.executionStatus })));
  }

  restore(): void {
    for (const mock of [this.s3, this.emr, this.sfn]) mock.restore();
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

  putLog(key: string, text: string): void {
    this.objects.set(key, gzipSync(text));
  }

  count(operation: string): number {
    return this.calls.filter(name => name === operation).length;
  }

  /** What the instances of a cluster bring about. */
  become(cluster: FakeCluster, state: string, reason?: { Code?: string; Message?: string }, stepState?: string): void {
    cluster.status = { State: state, StateChangeReason: reason ?? {} } as Cluster['Status'];
    if (stepState) cluster.steps[0] = { ...cluster.steps[0], Status: { State: stepState, Timeline: { EndDateTime: new Date() } } as StepSummary['Status'] };
  }

  private call<Input, Output>(name: string, act: (input: Input) => Output): (input: Input) => Output {
    return input => {
      this.calls.push(name);
      const before = this.failBefore.get(name);
      if (before) {
        this.failBefore.delete(name);
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
    this.s3.on(GetObjectCommand).callsFake(this.call('GetObject', ({ Key }: { Key: string }) => {
      const body = this.objects.get(Key);
      if (!body) throw new NoSuchKey({ $metadata: { httpStatusCode: 404 }, message: 'The specified key does not exist.' });
      return { Body: { transformToString: async () => body.toString(), transformToByteArray: async () => body } };
    }));
    this.s3.on(PutObjectCommand).callsFake(this.call('PutObject', ({ Key, Body, IfNoneMatch }: { Key: string; Body: string; IfNoneMatch?: string }) => {
      if (IfNoneMatch && this.objects.has(Key)) {
        throw new S3ServiceException({ name: 'PreconditionFailed', $fault: 'client', $metadata: { httpStatusCode: 412 } });
      }
      this.objects.set(Key, Buffer.from(Body));
      return {};
    }));
    this.s3.on(ListObjectsV2Command).callsFake(this.call('ListObjectsV2', ({ Prefix }: { Prefix: string }) => {
      const keys = this.keys(Prefix);
      return keys.length === 0 ? {} : { Contents: keys.map(Key => ({ Key })) };
    }));
  }

  private fakeEmr(): void {
    const find = (id: string): FakeCluster => {
      const cluster = this.clusters.find(candidate => candidate.id === id);
      if (!cluster) throw awsError('InvalidRequestException', 400);
      return cluster;
    };
    this.emr.on(RunJobFlowCommand).callsFake(this.call('RunJobFlow', (request: RunJobFlowInput) => {
      const id = `j-${this.clusters.length + 1}`;
      this.clusters.push({
        id, request, created: new Date(), listed: false, status: { State: 'STARTING' }, steps: [{ Id: `s-${id}`, Name: 'Load', Status: { State: 'PENDING' } }],
      });
      return { JobFlowId: id };
    }));
    this.emr.on(ListClustersCommand).callsFake(this.call('ListClusters', ({ CreatedAfter, Marker }: { CreatedAfter: Date; Marker?: string }) => {
      const others = Array.from({ length: this.strangers }, (_, index) => ({ Id: `j-stranger-${index}`, Name: `stranger ${index}` }));
      const listed = [...others, ...this.clusters.filter(({ listed: isListed, created }) => isListed && created >= CreatedAfter)
        .map(({ id, request, status }) => ({ Id: id, Name: request.Name, Status: status }))];
      const first = Number(Marker ?? 0);
      return { Clusters: listed.slice(first, first + 50), ...listed.length > first + 50 && { Marker: String(first + 50) } };
    }));
    this.emr.on(DescribeClusterCommand).callsFake(this.call('DescribeCluster', ({ ClusterId }: { ClusterId: string }) => {
      const { id, request, status } = find(ClusterId);
      return { Cluster: { Id: id, Name: request.Name, Status: status, Ec2InstanceAttributes: { Ec2SubnetId: request.Instances!.Ec2SubnetIds![0] } } };
    }));
    this.emr.on(ListStepsCommand).callsFake(this.call('ListSteps', ({ ClusterId }: { ClusterId: string }) => ({ Steps: find(ClusterId).steps })));
    this.emr.on(TerminateJobFlowsCommand).callsFake(this.call('TerminateJobFlows', ({ JobFlowIds }: { JobFlowIds: string[] }) => {
      for (const id of JobFlowIds) this.become(find(id), 'TERMINATING', { Code: 'USER_REQUEST' });
      return {};
    }));
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
