import type { ClusterStateChangeReason, ErrorDetail, RunJobFlowInput, StepConfig } from '@aws-sdk/client-emr';

/**
 * What befalls a call: EMR refuses it for its rate, or fails before it has done anything, or does it and the answer is
 * lost on its way.
 */
export type CallFault = 'throttled' | 'failed' | 'answer lost';

/** How a cluster comes to its end. */
export interface ClusterFault {
  /** The state in which it strikes; RUNNING: when the next step has begun; WAITING: when there is none left. */
  readonly during: 'STARTING' | 'BOOTSTRAPPING' | 'RUNNING' | 'WAITING';
  readonly reason: ClusterStateChangeReason;
  /**
   * @default - none
   */
  readonly details?: ErrorDetail[];
}

/** Asked at every occasion to fail as EMR does; where an answer, or the function itself, is missing, all goes well. */
export interface EmrFaults {
  /** Asked before each call, which waits for the answer. */
  call?(operation: string): Promise<CallFault | undefined> | CallFault | undefined;
  /** Asked once for each cluster. */
  cluster?(request: RunJobFlowInput): ClusterFault | undefined;
  /** Asked once for each step; the answer is what Hive prints before the step fails. */
  step?(step: StepConfig): string | undefined;
}
