import type { RunTaskCommandInput } from '@aws-sdk/client-ecs';
import type { Launcher } from '../../etl-step/runtime/job-compute';
import type { FargateRedshiftArguments } from '../contract';

/**
 * Spot for the first launch of a run only: whatever ended that one, an interruption, missing capacity or a failure, the
 * run is to end. The choice follows from the launch's name alone, so a repeated request is the same request.
 */
export function capacityFor({
  attempt,
  relaunch,
  arguments: { spot },
}: Launcher<FargateRedshiftArguments>): Pick<RunTaskCommandInput, 'launchType' | 'capacityProviderStrategy'> {
  const first = attempt === 1 && relaunch === 0;
  return spot && first
    ? { capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }] }
    : { launchType: 'FARGATE' };
}
