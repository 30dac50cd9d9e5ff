import { ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import type { StagedFiles } from '../../etl-pipeline/contract';
import { inputFolder, stagedFilesKey, STEP_ENV } from '../../etl-step/contract';
import type { Launcher as LauncherOf } from '../../etl-step/runtime/job-compute';
import { s3 } from '../../runtime/clients/s3';
import { requireEnv } from '../../runtime/environment';
import { ConfigurationError } from '../../runtime/errors';
import { logger } from '../../runtime/logger';
import { getJson } from '../../runtime/work-bucket';
import type { EmrHiveDynamoArguments } from '../contract';
import { fillHiveScript, scriptKey } from '../contract';
import { describeTargetTable } from './target-table';
import { writePlan } from './write-plan';

export type Launcher = LauncherOf<EmrHiveDynamoArguments>;

/**
 * Writes the HiveQL of this launch to scriptKey(), filled in for the run, its size and the table as it is now.
 *
 * @throws ConfigurationError if the load could not end well
 */
export async function writeScript(event: Launcher): Promise<void> {
  const bucket = requireEnv(STEP_ENV.workBucket);
  const stepId = requireEnv(STEP_ENV.stepId);
  const { runId } = event;
  const table = await describeTargetTable(runId, event.arguments.table);
  const { files } = await readStaged(bucket, runId);
  const { unitsPerSecond, ...plan } = writePlan(files, table, event.arguments);
  logger.info('write plan', {
    runId,
    table: table.TableName,
    billingMode: table.BillingModeSummary?.BillingMode ?? 'PROVISIONED',
    unitsPerSecond,
    ...plan,
  });
  await s3().send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: scriptKey(event, stepId),
      Body: fillHiveScript(event.arguments.script, { workBucket: bucket, runId, stepId, ...plan }),
      ContentType: 'text/plain; charset=utf-8',
    }),
  );
}

async function readStaged(bucket: string, runId: string): Promise<StagedFiles> {
  const staged = await getJson<StagedFiles>(bucket, stagedFilesKey(runId));
  if (staged) return staged;
  throw new ConfigurationError(
    `Run ${runId}: s3://${bucket}/${stagedFilesKey(runId)} is missing, though staging has written it. Something ` +
      'deletes objects below runs/ ' +
      'while runs still need them: look at the lifecycle rules, then replay the files.',
  );
}

/** Hive takes a folder that is missing for an empty one, and such a load would succeed with no rows. */
export async function ensureInput(runId: string): Promise<void> {
  const bucket = requireEnv(STEP_ENV.workBucket);
  const { Contents = [] } = await s3().send(
    new ListObjectsV2Command({ Bucket: bucket, Prefix: inputFolder(runId), MaxKeys: 1 }),
  );
  if (Contents.length > 0) return;
  throw new ConfigurationError(
    `Run ${runId}: s3://${bucket}/${inputFolder(runId)} is empty, though staging has put files there. Something deletes objects ` +
      'below runs/ while runs still need them: look at the lifecycle rules.',
  );
}
