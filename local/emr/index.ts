import { createServer } from 'http';
import type { AddressInfo } from 'net';
import type {
  AddJobFlowStepsInput,
  AddJobFlowStepsOutput,
  CancelStepsInput,
  CancelStepsOutput,
  DescribeClusterInput,
  DescribeClusterOutput,
  DescribeStepInput,
  DescribeStepOutput,
  ListClustersInput,
  ListClustersOutput,
  ListInstancesInput,
  ListInstancesOutput,
  ListStepsInput,
  ListStepsOutput,
  RunJobFlowInput,
  RunJobFlowOutput,
  TerminateJobFlowsInput,
} from '@aws-sdk/client-emr';
import { S3Client } from '@aws-sdk/client-s3';
import { type ClusterPace, type EmrChange, LocalCluster } from './cluster';
import type { CallFault, ClusterFault, EmrFaults } from './faults';
import { type HiveEngine, HiveStepRunner } from './hive-step';
import { answer, EmrFault, type Operation } from './protocol';
import { validateRunJobFlow, validateSteps } from './validation';

export type { CallFault, ClusterFault, EmrChange, EmrFaults, HiveEngine };

export interface EmrOptions {
  /** Runs the scripts of the steps. */
  readonly hive: HiveEngine;
  /** The local AWS: scripts are read from its S3, and logs are written there. */
  readonly awsEndpoint: string;
  /** @default a free one */
  readonly port?: number;
  /**
   * How many times faster than EMR clusters start and end.
   * @default 300
   */
  readonly speed?: number;
  /**
   * How long ListClusters does not show a new cluster, in milliseconds.
   * @default 500
   */
  readonly listingLag?: number;
  /**
   * What goes wrong.
   * @default - nothing
   */
  readonly faults?: EmrFaults;
  /** Told of every new state of a cluster or a step. */
  readonly onChange?: (change: EmrChange) => void;
}

export interface RunningEmr {
  readonly endpoint: string;
  /** Ends every cluster and answers no more. */
  stop(): Promise<void>;
}

/** What EMR itself takes, roughly. */
const EMR_PACE: ClusterPace = { starting: 240_000, bootstrapping: 120_000, terminating: 90_000 };
const PAGE = 50;

/** Answers what the library asks of EMR, and runs Hive steps on this machine. */
export async function startEmr({
  hive,
  awsEndpoint,
  port = 0,
  speed = 300,
  listingLag = 500,
  faults = {},
  onChange = () => {},
}: EmrOptions): Promise<RunningEmr> {
  const clusters = new Map<string, LocalCluster>();
  const lives = new Set<Promise<void>>();
  const runner = new HiveStepRunner(
    hive,
    faults,
    new S3Client({
      endpoint: awsEndpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    }),
  );
  const pace: ClusterPace = {
    starting: EMR_PACE.starting / speed,
    bootstrapping: EMR_PACE.bootstrapping / speed,
    terminating: EMR_PACE.terminating / speed,
  };

  const find = (id: string | undefined): LocalCluster => {
    const cluster = clusters.get(id ?? '');
    if (!cluster) throw new EmrFault('InvalidRequestException', `Cluster id '${id}' is not valid.`);
    return cluster;
  };

  const operations = {
    RunJobFlow(input: RunJobFlowInput): RunJobFlowOutput {
      validateRunJobFlow(input);
      const { IdleTimeout: idle } = input.AutoTerminationPolicy ?? {};
      const cluster = new LocalCluster(
        input,
        runner,
        { ...pace, ...(idle && { idle: (idle * 1000) / speed }) },
        onChange,
        faults.cluster?.(input),
      );
      clusters.set(cluster.id, cluster);
      const life = cluster.live();
      lives.add(life);
      return { JobFlowId: cluster.id, ClusterArn: cluster.arn };
    },
    AddJobFlowSteps({ JobFlowId, Steps = [] }: AddJobFlowStepsInput): AddJobFlowStepsOutput {
      const cluster = find(JobFlowId);
      if (cluster.isEnding) {
        throw new EmrFault(
          'ValidationException',
          `A job flow that is shutting down, terminated, or finished may not be modified: ${JobFlowId}`,
        );
      }
      validateSteps(Steps);
      return { StepIds: cluster.addSteps(Steps) };
    },
    DescribeCluster({ ClusterId }: DescribeClusterInput): DescribeClusterOutput {
      return { Cluster: find(ClusterId).describe() };
    },
    ListClusters({ CreatedAfter, CreatedBefore, ClusterStates, Marker }: ListClustersInput): ListClustersOutput {
      const after = CreatedAfter === undefined ? 0 : Number(CreatedAfter) * 1000;
      const before = CreatedBefore === undefined ? Infinity : Number(CreatedBefore) * 1000;
      const listed = [...clusters.values()]
        .reverse()
        .filter(
          cluster =>
            Date.now() - cluster.created.getTime() >= listingLag &&
            cluster.created.getTime() >= after &&
            cluster.created.getTime() <= before &&
            (!ClusterStates?.length || ClusterStates.includes(cluster.state)),
        );
      const first = Marker === undefined ? 0 : Number(Marker);
      return {
        Clusters: listed.slice(first, first + PAGE).map(({ summary }) => summary),
        ...(listed.length > first + PAGE && { Marker: String(first + PAGE) }),
      };
    },
    ListInstances({ ClusterId }: ListInstancesInput): ListInstancesOutput {
      return { Instances: find(ClusterId).instances };
    },
    DescribeStep({ ClusterId, StepId }: DescribeStepInput): DescribeStepOutput {
      const step = find(ClusterId).steps.find(({ id }) => id === StepId);
      if (!step) throw new EmrFault('InvalidRequestException', `Step id '${StepId}' is not valid.`);
      return { Step: step.describe() };
    },
    ListSteps({ ClusterId, StepStates, StepIds, Marker }: ListStepsInput): ListStepsOutput {
      const listed = [...find(ClusterId).steps]
        .reverse() // the newest first
        .filter(
          ({ id, state }) =>
            (!StepIds?.length || StepIds.includes(id)) && (!StepStates?.length || StepStates.includes(state)),
        );
      const first = Marker === undefined ? 0 : Number(Marker);
      return {
        Steps: listed.slice(first, first + PAGE).map(step => step.describe()),
        ...(listed.length > first + PAGE && { Marker: String(first + PAGE) }),
      };
    },
    CancelSteps({ ClusterId, StepIds = [] }: CancelStepsInput): CancelStepsOutput {
      const cluster = find(ClusterId);
      return { CancelStepsInfoList: StepIds.map(id => cluster.cancelStep(id)) };
    },
    TerminateJobFlows({ JobFlowIds = [] }: TerminateJobFlowsInput): void {
      for (const cluster of JobFlowIds.map(find)) {
        cluster.end({ Code: 'USER_REQUEST', Message: 'Terminated by user request' });
      }
    },
  };

  const server = createServer(
    (request, response) => void answer(operations as Record<string, Operation>, faults, request, response),
  );
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      for (const cluster of clusters.values()) {
        cluster.end({ Code: 'USER_REQUEST', Message: 'Terminated by user request' });
      }
      await Promise.all(lives);
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}
