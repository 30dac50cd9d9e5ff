import { paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { resultKey, runFolder, type StepResult } from '../../etl-step/contract';
import { s3 } from '../../runtime/clients/s3';
import { getJson } from '../../runtime/work-bucket';

/**
 * The results that the run's steps have written, by stepId: those of steps that finished before another failed are
 * among them.
 */
export async function runResults(workBucket: string, runId: string): Promise<Record<string, StepResult>> {
  const results: Record<string, StepResult> = {};
  const folder = runFolder(runId);
  for await (const page of paginateListObjectsV2(
    { client: s3() },
    { Bucket: workBucket, Prefix: folder, Delimiter: '/' },
  )) {
    for (const { Prefix } of page.CommonPrefixes ?? []) {
      const stepId = Prefix!.slice(folder.length, -1);
      // folders that are no step's have none
      const result = await getJson<StepResult>(workBucket, resultKey(runId, stepId));
      if (result) results[stepId] = result;
    }
  }
  return results;
}
