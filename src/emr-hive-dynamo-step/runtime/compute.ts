import type { Cluster, StepSummary } from '@aws-sdk/client-emr';
import type { JobRun } from '@aws-sdk/client-emr-serverless';
import type { JobCompute, StartedCompute } from '../../etl-step/runtime/job-compute';
import type { EmrHiveDynamoArguments } from '../contract';
import { clusterOfRun } from './cluster-of-run';
import { existingCluster } from './existing-cluster';
import { keptCluster } from './kept-cluster';
import type { Load, LoadLaunch } from './load';
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

/** What becomes of a load that was started. */
export interface StartedLoad extends StartedCompute<Load, LoadLaunch> {
  look(runId: string, load: Load): Promise<LoadState>;
}

/** What a load runs on. */
export type LoadCompute = StartedLoad & Pick<JobCompute<EmrHiveDynamoArguments, Load, LoadLaunch>, 'prepare'>;

export function computeOf({ existing, kept, serverless }: EmrHiveDynamoArguments): LoadCompute {
  if (serverless) return serverlessJob;
  if (existing) return existingCluster;
  return kept ? keptCluster : clusterOfRun;
}

/** For those who know the record only. */
export function startedBy(record: LoadLaunch): StartedLoad {
  if (record.isServerless) return serverlessJob;
  return record.addsStep ? stepOnCluster : clusterOfRun;
}
