import type { Cluster, StepSummary } from '@aws-sdk/client-emr';
import type { JobRun } from '@aws-sdk/client-emr-serverless';
import type { EmrHiveDynamoArguments } from '../contract';
import { clusterOfRun } from './cluster-of-run';
import { existingCluster } from './existing-cluster';
import { keptCluster } from './kept-cluster';
import type { LaunchRecord, Load } from './launch-records';
import type { Launcher } from './script';
import { serverlessJob } from './serverless-job';
import { stepOnCluster } from './step-on-cluster';

/** How a load stands. */
export interface LoadState {
  readonly step?: StepSummary;
  /** Absent if the step has completed. */
  readonly cluster?: Cluster;
  /** In place of both on EMR Serverless. */
  readonly jobRun?: JobRun;
  /** Nothing more will happen to the load. */
  readonly over: boolean;
}

/** What becomes of a load that was started. Needs no more than its record. */
export interface Started {
  /** What the call of a record has started; undefined if EMR does not show it (yet). */
  find(runId: string, record: LaunchRecord): Promise<Load | undefined>;
  look(runId: string, load: Load): Promise<LoadState>;
  /**
   * Ends whatever a launch has started; true once nothing of it is left. May be called any number of times, by anybody.
   */
  end(runId: string, record: LaunchRecord): Promise<boolean>;
}

/** What a load runs on. */
export interface Compute extends Started {
  /**
   * Everything that can be done before the record is claimed; undefined while what the load runs on is being started.
   * @param before the launches of this attempt that found no capacity
   */
  prepare(event: Launcher, before: LaunchRecord[]): Promise<Prepared | undefined>;
}

export interface Prepared {
  /** What the record must say of the load before the call. */
  readonly place: Pick<LaunchRecord, 'clusterId' | 'addsStep' | 'isServerless'>;
  /** The one call that starts the load. */
  start(record: LaunchRecord): Promise<Load>;
}

export function computeOf({ existing, kept, serverless }: EmrHiveDynamoArguments): Compute {
  if (serverless) return serverlessJob;
  if (existing) return existingCluster;
  return kept ? keptCluster : clusterOfRun;
}

/** For those who know the record only. */
export function startedBy(record: LaunchRecord): Started {
  if (record.isServerless) return serverlessJob;
  return record.addsStep ? stepOnCluster : clusterOfRun;
}
