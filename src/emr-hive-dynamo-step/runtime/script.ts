import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { CheckEvent, LaunchEvent } from '../../etl-step/contract';
import { STEP_ENV } from '../../etl-step/contract';
import { s3 } from '../../runtime/clients/s3';
import { requireEnv } from '../../runtime/environment';
import type { EmrHiveDynamoArguments, EmrJob } from '../contract';
import { fillHiveScript, scriptKey } from '../contract';

/** A call that may start a cluster: a launch, or the check after one whose answer is not known. */
export type Launcher = LaunchEvent<EmrHiveDynamoArguments> | CheckEvent<EmrJob, EmrHiveDynamoArguments>;

/** Writes the HiveQL of this launch to scriptKey(), with the run's places filled in. A repeated launch writes the same. */
export async function writeScript(event: Launcher): Promise<void> {
  const bucket = requireEnv(STEP_ENV.workBucket);
  const stepId = requireEnv(STEP_ENV.stepId);
  await s3().send(new PutObjectCommand({
    Bucket: bucket,
    Key: scriptKey(event, stepId),
    Body: fillHiveScript(event.arguments.script, { workBucket: bucket, runId: event.runId, stepId }),
    ContentType: 'text/plain; charset=utf-8',
  }));
}
