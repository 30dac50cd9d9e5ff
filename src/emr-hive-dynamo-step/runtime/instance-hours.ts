import { listInstances } from './emr-calls';
import { TransientError } from '../../runtime/errors';
import { logger } from '../../runtime/logger';
import { record } from '../../runtime/metrics';

const MILLISECONDS_PER_HOUR = 3_600_000;

/**
 * Records the hours of all instances that a cluster has had: replaced and interrupted ones too, each from its start to
 * its end, or to now. The caller sees to it that each cluster is recorded once, by `claim`.
 *
 * A number is no reason to leave a load unfinished: what EMR refuses for good is logged.
 */
export async function recordInstanceHours(
  runId: string,
  clusterId: string,
  claim: (hours: number) => Promise<boolean>,
): Promise<void> {
  let hours: number;
  try {
    hours = await instanceHours(runId, clusterId);
  } catch (error) {
    if (error instanceof TransientError) throw error;
    logger.warn('the instance hours of a cluster are not known', { runId, clusterId, error: error as Error });
    return;
  }
  if (await claim(hours)) record('step', { InstanceHours: hours });
}

async function instanceHours(runId: string, clusterId: string): Promise<number> {
  const now = Date.now();
  const milliseconds = (await listInstances(runId, clusterId)).reduce((sum, { Status }) => {
    const { CreationDateTime: start, EndDateTime: end } = Status?.Timeline ?? {};
    return start ? sum + (end?.getTime() ?? now) - start.getTime() : sum;
  }, 0);
  return milliseconds / MILLISECONDS_PER_HOUR;
}
