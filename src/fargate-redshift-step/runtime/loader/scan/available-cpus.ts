import { availableParallelism } from 'os';

/** How long the endpoint may take: it is on the task's own host. */
const TIMEOUT_MILLISECONDS = 1_000;

/**
 * CPUs that this program may use: those of the task, if it runs in ECS, whose hosts may have more of them.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate-response.html
 */
export async function availableCpus(): Promise<number> {
  const endpoint = process.env.ECS_CONTAINER_METADATA_URI_V4;
  const limit = endpoint ? await taskCpus(endpoint) : undefined;
  return Math.max(1, Math.min(availableParallelism(), Math.ceil(limit ?? Infinity)));
}

async function taskCpus(endpoint: string): Promise<number | undefined> {
  try {
    const response = await fetch(`${endpoint}/task`, { signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS) });
    const { Limits } = (await response.json()) as { Limits?: { CPU?: number } };
    return Limits?.CPU;
  } catch {
    return undefined; // a task without limits, or an agent that is too old to tell: the host's CPUs count
  }
}
