import { createHash } from 'crypto';
import type { Cluster } from '@aws-sdk/client-emr';
import {
  describeCluster,
  findClusterByName,
  hasUnfinishedSteps,
  isForgotten,
  runJobFlow,
  terminateCluster,
} from './emr-calls';
import { recordInstanceHours } from './instance-hours';
import { keptClusterRequest } from './launch-request';
import type { Load, LoadLaunch } from './load';
import { STEP_ENV } from '../../etl-step/contract';
import { isRefusal } from '../../etl-step/runtime/aws-errors';
import { ensureStillRunning } from '../../etl-step/runtime/execution';
import { requireEnv } from '../../runtime/environment';
import { TransientError } from '../../runtime/errors';
import { logger } from '../../runtime/logger';
import { getJsonVersion, putJsonIfUnchanged } from '../../runtime/work-bucket';
import type { ClusterRequest } from '../contract';
import { keptClusterKey, STEP_TAG } from '../contract';
import type { LoadCompute } from './load-compute';
import type { Launcher } from './script';
import { startOnCluster, stepOnCluster } from './step-on-cluster';

/**
 * The cluster that runs share, one at a time: the object at keptClusterKey(). Written before RunJobFlow is called, and
 * replaced by conditional writes only, so that of many who find no cluster one starts one.
 */
export interface KeptCluster {
  /** Name of the cluster, which no other one has. */
  readonly name: string;
  /** ISO 8601: when it was asked for, which its age is counted from. */
  readonly askedAt: string;
  /** What it was asked for with: after a deployment that changes that, runs take another cluster. */
  readonly definition: string;
  readonly onDemandOnly: boolean;
  /** Absent while it is not known whether the call has started one. */
  readonly clusterId?: string;
  /** EMR has refused the call. */
  readonly refused?: boolean;
}

/**
 * A cluster that was asked for so long ago has ended, and EMR is not asked about it: it forgets clusters two months
 * after their end. The oldest that takes a load is 30 days old (`maxClusterAge`), a load takes a day at most, and then
 * it is idle for 7 days at most. https://docs.aws.amazon.com/emr/latest/APIReference/API_DescribeCluster.html
 */
const SURELY_ENDED_MILLISECONDS = 45 * 24 * 3_600_000;
export const isSurelyEnded = ({ askedAt }: KeptCluster): boolean =>
  Date.now() - Date.parse(askedAt) > SURELY_ENDED_MILLISECONDS;

/** In these states a cluster takes steps. */
const USABLE: ReadonlySet<string | undefined> = new Set(['STARTING', 'BOOTSTRAPPING', 'RUNNING', 'WAITING']);

/** A cluster that is kept for the next run, until it has been idle for too long. */
export const keptCluster: LoadCompute = {
  ...stepOnCluster,

  async prepare(event) {
    const clusterId = await findOrStart(event);
    if (clusterId === undefined) return undefined;
    return { place: { clusterId, addsStep: true }, start: async record => startUnlessEnding(event, record) };
  },
};

/** The cluster may have begun to end since it was looked at: EMR then refuses to modify it. */
async function startUnlessEnding(event: Launcher, record: LoadLaunch): Promise<Load> {
  try {
    return await startOnCluster(event, record);
  } catch (error) {
    if (!isRefusal(error) || USABLE.has((await describeCluster(event.runId, record.clusterId!)).Status?.State)) {
      throw error;
    }
    throw new TransientError(
      `Run ${event.runId}: the cluster ${record.clusterId} has begun to end; the next try takes another one.`,
      { cause: (error as Error).cause },
    );
  }
}

async function findOrStart(event: Launcher): Promise<string | undefined> {
  const bucket = requireEnv(STEP_ENV.workBucket);
  const key = keptClusterKey(requireEnv(STEP_ENV.stepId));
  const { value: kept, version } = await getJsonVersion<KeptCluster>(bucket, key);
  let replaced: string | undefined;
  if (kept && !kept.refused && !isSurelyEnded(kept)) {
    const clusterId = kept.clusterId ?? (await findClusterByName(event.runId, kept.name, kept.askedAt));
    if (clusterId === undefined) {
      if (!isForgotten(kept.askedAt)) return undefined;
    } else {
      const cluster = await describeCluster(event.runId, clusterId);
      if (isUsable(event, kept, cluster)) {
        if (kept.clusterId === undefined) await putJsonIfUnchanged(bucket, key, { ...kept, clusterId }, version);
        return clusterId;
      }
      await retire(event.runId, clusterId, cluster);
      replaced = clusterId;
    }
  }

  const next: KeptCluster = {
    name: `${stepTag(event.arguments.cluster!)}/${new Date().toISOString()}`,
    askedAt: new Date().toISOString(),
    definition: definitionOf(event.arguments.cluster!),
    onDemandOnly: event.relaunch > 0,
  };
  await ensureStillRunning(event.executionArn);
  const claimed = await putJsonIfUnchanged(bucket, key, next, version);
  if (claimed === undefined) return undefined; // another run is starting one at this moment
  // only here is its place known to be taken, by one run; a cluster that is ending, or still in use, counts up to now
  if (replaced !== undefined) await recordInstanceHours(event.runId, replaced, async () => true);
  return startCluster(event, next, async result => {
    await putJsonIfUnchanged(bucket, key, { ...next, ...result }, claimed);
  });
}

async function startCluster(
  event: Launcher,
  { name, onDemandOnly }: KeptCluster,
  record: (result: Partial<KeptCluster>) => Promise<void>,
): Promise<string> {
  let clusterId: string;
  try {
    clusterId = await runJobFlow(event.runId, keptClusterRequest(event.arguments.cluster!, { name, onDemandOnly }));
  } catch (error) {
    if (isRefusal(error)) await record({ refused: true });
    throw error;
  }
  await record({ clusterId });
  logger.info('cluster started', { runId: event.runId, clusterId, name });
  return clusterId;
}

/** A relaunch after missing capacity or lost instances takes no cluster that has Spot instances. */
function isUsable(event: Launcher, kept: KeptCluster, cluster: Cluster): boolean {
  const { cluster: request, kept: keeping } = event.arguments;
  return (
    USABLE.has(cluster.Status?.State) &&
    cluster.Tags?.some(({ Key, Value }) => Key === STEP_TAG && Value === stepTag(request!)) === true &&
    kept.definition === definitionOf(request!) &&
    Date.now() - Date.parse(kept.askedAt) < keeping!.maxAgeSeconds * 1000 &&
    (event.relaunch === 0 || kept.onDemandOnly)
  );
}

/** Ends a cluster that no run takes any more, unless one still uses it: it then ends when it has been idle. */
async function retire(runId: string, clusterId: string, cluster: Cluster): Promise<void> {
  if (USABLE.has(cluster.Status?.State) && !(await hasUnfinishedSteps(runId, clusterId))) {
    await terminateCluster(runId, clusterId);
  }
}

const stepTag = ({ Tags }: ClusterRequest): string => Tags.find(({ Key }) => Key === STEP_TAG)!.Value;

/** Clusters that are kept are named by the step's tag and the time. */
export const stepTagOf = ({ name }: KeptCluster): string => name.slice(0, name.lastIndexOf('/'));

/** The same for the same request, in whatever order Step Functions hands on its members. */
function definitionOf(request: ClusterRequest): string {
  const text = JSON.stringify(request, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort())
      : value,
  );
  return createHash('sha256').update(text).digest('hex');
}
