import type { JobStatus, StepEvent, StopStatus } from '../../etl-step/contract';
import type { FargateJob, FargateRedshiftArguments } from '../contract';
import { check } from './check';
import { launch } from './launch';
import { stop } from './stop';

/** The three actions of the step on its tasks. */
export async function handler(
  event: StepEvent<FargateJob, FargateRedshiftArguments>,
): Promise<JobStatus<FargateJob> | StopStatus> {
  switch (event.action) {
    case 'launch':
      return launch(event);
    case 'check':
      return check(event);
    case 'stop':
      return stop(event);
  }
}
