import type { Cluster, StepSummary } from '@aws-sdk/client-emr';
import type { JobRun } from '@aws-sdk/client-emr-serverless';
import type { JobCompute, StartedCompute } from '../../etl-step/runtime/job-compute';
import type { EmrHiveDynamoArguments } from '../contract';
import type { Load, LoadLaunch } from './load';

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
