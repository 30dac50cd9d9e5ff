import type { Context } from 'aws-lambda';
import { stageFiles } from './stage-files';
import { requireEnv } from '../../runtime/environment';
import { STAGE_FILES_ENV, type StageFilesEvent, type StageFilesStatus } from '../contract';

export async function handler(event: StageFilesEvent, context: Context): Promise<StageFilesStatus> {
  return stageFiles(event, {
    workBucket: requireEnv(STAGE_FILES_ENV.workBucket),
    remainingMilliseconds: () => context.getRemainingTimeInMillis(),
  });
}
