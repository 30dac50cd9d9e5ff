import type { JobStatus, StepEvent, StopStatus, TeardownEvent } from '../../etl-step/contract';
import { isTransient } from '../../etl-step/runtime/aws-errors';
import { EtlError, TransientError } from '../../runtime/errors';
import type { EmrHiveDynamoArguments, EmrJob } from '../contract';
import { check } from './check';
import { endKeptClusters } from './end-kept-clusters';
import { launch } from './launch';
import { stop } from './stop';

type Event = StepEvent<EmrJob, EmrHiveDynamoArguments> | TeardownEvent;

/** The actions of the step on its EMR clusters. */
export async function handler(event: Event): Promise<JobStatus<EmrJob> | StopStatus> {
  try {
    return await act(event);
  } catch (error) {
    if (error instanceof EtlError || !isTransient(error)) throw error;
    throw new TransientError(
      `${'runId' in event ? `Run ${event.runId}, ` : ''}${event.action}: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

async function act(event: Event): Promise<JobStatus<EmrJob> | StopStatus> {
  switch (event.action) {
    case 'launch':
      return launch(event);
    case 'check':
      return check(event);
    case 'stop':
      return stop(event);
    case 'teardown':
      return endKeptClusters();
  }
}
