import type {
  ActionOnFailure,
  Cluster,
  ClusterState,
  Instance,
  ListClustersOutput,
  ListInstancesOutput,
  ListStepsOutput,
  RunJobFlowInput,
  StepCancellationOption,
  StepConfig,
  StepState,
  StepSummary,
} from '@aws-sdk/client-emr';
import {
  AddJobFlowStepsCommand,
  CancelStepsCommand,
  DescribeClusterCommand,
  ListClustersCommand,
  ListInstancesCommand,
  ListStepsCommand,
  RunJobFlowCommand,
  TerminateJobFlowsCommand,
} from '@aws-sdk/client-emr';
import { ask } from './emr-errors';
import { emr, emrLauncher } from '../../runtime/clients/emr';

// Every call of EMR that the function makes. The error is the one that the state machine acts on; its cause is EMR's
// own.

/**
 * What ListClusters or ListSteps do not show this long after the call that started it does not exist. EMR documents no
 * number; it has been seen to take seconds. It also exceeds the time-out of the function, so whoever made the call is
 * no longer running.
 */
export const LISTING_LAG_MILLISECONDS = 5 * 60_000;
const CLOCK_SKEW_MILLISECONDS = 5 * 60_000;

const CLUSTER_ENDED: ReadonlySet<ClusterState | undefined> = new Set<ClusterState>([
  'TERMINATED',
  'TERMINATED_WITH_ERRORS',
]);
const STEP_ENDED: ReadonlySet<StepState | undefined> = new Set<StepState>([
  'COMPLETED',
  'CANCELLED',
  'FAILED',
  'INTERRUPTED',
]);

export const isEnded = (cluster: Cluster): boolean => CLUSTER_ENDED.has(cluster.Status?.State);
export const isStepEnded = (step: StepSummary): boolean => STEP_ENDED.has(step.Status?.State);

/** Whether a call that nothing is known of has surely started nothing. */
export const isForgotten = (askedAt: string): boolean => Date.now() - Date.parse(askedAt) > LISTING_LAG_MILLISECONDS;

const earliest = (askedAt: string): Date => new Date(Date.parse(askedAt) - CLOCK_SKEW_MILLISECONDS);

export async function describeCluster(runId: string, clusterId: string): Promise<Cluster> {
  const { Cluster: cluster } = await ask(
    runId,
    `DescribeCluster of ${clusterId}`,
    emr().send(new DescribeClusterCommand({ ClusterId: clusterId })),
  );
  return cluster!;
}

/** The step of a cluster that has one only. Not there yet for a moment after RunJobFlow. */
export async function onlyStep(runId: string, clusterId: string): Promise<StepSummary | undefined> {
  const { Steps = [] } = await ask(
    runId,
    `ListSteps of ${clusterId}`,
    emr().send(new ListStepsCommand({ ClusterId: clusterId })),
  );
  return Steps[0];
}

export async function findStep(runId: string, clusterId: string, stepId: string): Promise<StepSummary | undefined> {
  const { Steps = [] } = await ask(
    runId,
    `ListSteps of ${clusterId}`,
    emr().send(new ListStepsCommand({ ClusterId: clusterId, StepIds: [stepId] })),
  );
  return Steps[0];
}

/** A step by its name, of those that were added since a call was made: EMR lists the newest first. */
export async function findStepByName(
  runId: string,
  clusterId: string,
  name: string,
  askedAt: string,
): Promise<StepSummary | undefined> {
  let Marker: string | undefined;
  do {
    const page: ListStepsOutput = await ask(
      runId,
      `ListSteps of ${clusterId}`,
      emr().send(new ListStepsCommand({ ClusterId: clusterId, Marker })),
    );
    const found = page.Steps?.find(step => step.Name === name);
    if (found) return found;
    const created = page.Steps?.at(-1)?.Status?.Timeline?.CreationDateTime;
    if (created && created < earliest(askedAt)) return undefined;
    Marker = page.Marker;
  } while (Marker);
  return undefined;
}

export async function hasUnfinishedSteps(runId: string, clusterId: string): Promise<boolean> {
  const { Steps = [] } = await ask(
    runId,
    `ListSteps of ${clusterId}`,
    emr().send(
      new ListStepsCommand({
        ClusterId: clusterId,
        StepStates: ['PENDING', 'RUNNING', 'CANCEL_PENDING'],
      }),
    ),
  );
  return Steps.length > 0;
}

/** The id of a cluster by its name, in whatever state it is; undefined if EMR does not show one (yet). */
export async function findClusterByName(runId: string, name: string, askedAt: string): Promise<string | undefined> {
  let Marker: string | undefined;
  do {
    const page: ListClustersOutput = await ask(
      runId,
      'ListClusters',
      emr().send(new ListClustersCommand({ CreatedAfter: earliest(askedAt), Marker })),
    );
    const found = page.Clusters?.find(cluster => cluster.Name === name);
    if (found) return found.Id;
    Marker = page.Marker;
  } while (Marker);
  return undefined;
}

/** Every instance that a cluster has or had. */
export async function listInstances(runId: string, clusterId: string): Promise<Instance[]> {
  const instances: Instance[] = [];
  let Marker: string | undefined;
  do {
    const page: ListInstancesOutput = await ask(
      runId,
      `ListInstances of ${clusterId}`,
      emr().send(new ListInstancesCommand({ ClusterId: clusterId, Marker })),
    );
    instances.push(...(page.Instances ?? []));
    Marker = page.Marker;
  } while (Marker);
  return instances;
}

export interface LivingCluster {
  readonly id: string;
  readonly state: ClusterState;
}

/** The clusters that have not ended and whose name begins so. */
export async function livingClusters(runId: string, prefix: string): Promise<LivingCluster[]> {
  const living: LivingCluster[] = [];
  let Marker: string | undefined;
  do {
    const page: ListClustersOutput = await ask(
      runId,
      'ListClusters',
      emr().send(
        new ListClustersCommand({
          ClusterStates: ['STARTING', 'BOOTSTRAPPING', 'RUNNING', 'WAITING', 'TERMINATING'],
          Marker,
        }),
      ),
    );
    const found = page.Clusters?.filter(({ Name }) => Name?.startsWith(prefix)) ?? [];
    living.push(...found.map(({ Id, Status }) => ({ id: Id!, state: Status!.State! })));
    Marker = page.Marker;
  } while (Marker);
  return living;
}

/** Must not be repeated without looking first: RunJobFlow has no client token. */
export async function runJobFlow(runId: string, request: RunJobFlowInput): Promise<string> {
  const { JobFlowId } = await ask(runId, 'RunJobFlow', emrLauncher().send(new RunJobFlowCommand(request)));
  return JobFlowId!;
}

/** Must not be repeated without looking first: AddJobFlowSteps has no client token. */
export async function addStep(runId: string, clusterId: string, step: StepConfig): Promise<string> {
  const { StepIds } = await ask(
    runId,
    `AddJobFlowSteps of ${clusterId}`,
    emrLauncher().send(
      new AddJobFlowStepsCommand({
        JobFlowId: clusterId,
        Steps: [step],
      }),
    ),
  );
  return StepIds![0];
}

export async function cancelStep(
  runId: string,
  clusterId: string,
  stepId: string,
  option: StepCancellationOption,
): Promise<void> {
  await ask(
    runId,
    `CancelSteps of ${clusterId}`,
    emr().send(
      new CancelStepsCommand({
        ClusterId: clusterId,
        StepIds: [stepId],
        StepCancellationOption: option,
      }),
    ),
  );
}

export async function terminateCluster(runId: string, clusterId: string): Promise<void> {
  await ask(
    runId,
    `TerminateJobFlows of ${clusterId}`,
    emr().send(new TerminateJobFlowsCommand({ JobFlowIds: [clusterId] })),
  );
}

/** The EMR step that runs a script of HiveQL. */
export function hiveStep(name: string, script: string, ActionOnFailure: ActionOnFailure): StepConfig {
  return {
    Name: name,
    ActionOnFailure,
    HadoopJarStep: { Jar: 'command-runner.jar', Args: ['hive-script', '--run-hive-script', '--args', '-f', script] },
  };
}
