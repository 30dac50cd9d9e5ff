import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { stopRuns } from './stop-runs';
import { ledgerSettings } from '../../file-ledger/runtime/settings';
import { answerCloudFormation } from '../../runtime/cloudformation';
import { logger } from '../../runtime/logger';

/**
 * The custom resource that is deleted before everything that runs need. Only its deletion does anything. An answer that does not arrive fails
 * the call, and Lambda calls again: every part of it may be repeated.
 */
export async function handler(event: CloudFormationCustomResourceEvent, context: Context): Promise<void> {
  await answerCloudFormation(event, event.RequestType === 'Delete' ? await failureToStop(event, context) : undefined);
}

async function failureToStop({ StackId, LogicalResourceId }: CloudFormationCustomResourceEvent, context: Context): Promise<string | undefined> {
  const stack = StackId.split('/')[1];
  try {
    await stopRuns(ledgerSettings(), `Deleted with the stack ${stack}, or removed from it`, () => context.getRemainingTimeInMillis());
    return undefined;
  } catch (error) {
    logger.error('Runs could not be stopped', error as Error);
    return `${(error as Error).message} Nothing that runs need has been deleted. Delete the stack ${stack} again, which goes on from here. To delete it without stopping them, `
      + `end their compute by hand, then: aws cloudformation delete-stack --stack-name ${stack} --retain-resources ${LogicalResourceId}`;
  }
}
