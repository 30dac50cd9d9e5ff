import type { LaunchRecord } from '../../etl-step/runtime/launch-records';

/** Where EMR runs a load. */
export interface Load {
  /** Of an application of EMR Serverless: its id. */
  readonly clusterId: string;
  /**
   * The load's step, on a cluster that outlives the load; a cluster of the load's own has no other one. In an
   * application of EMR Serverless the job run.
   */
  readonly stepId?: string;
}

/** The record of one call that starts a load. Its name is the cluster's, the step's or the job run's. */
export interface LoadLaunch extends LaunchRecord, Partial<Load> {
  /** The call adds a step to a cluster that outlives the load. */
  readonly addsStep?: boolean;
  /** The cluster is an application of EMR Serverless, and the step a job run. */
  readonly isServerless?: boolean;
  /** ISO 8601: when EMR was first asked to cancel the step. */
  readonly cancelledAt?: string;
}

/** A step of a cluster that was there before is not known by the cluster alone. */
export function locateLoad({ clusterId, stepId, addsStep }: Partial<LoadLaunch>): Load | undefined {
  if (clusterId === undefined || (addsStep && stepId === undefined)) return undefined;
  return { clusterId, ...(stepId !== undefined && { stepId }) };
}
