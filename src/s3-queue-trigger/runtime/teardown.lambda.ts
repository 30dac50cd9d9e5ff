import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { stopRuns } from './stop-runs';
import { ledgerSettings } from '../../file-ledger/runtime/settings';
import { answerCloudFormation } from '../../runtime/cloudformation';
import { logger } from '../../runtime/logger';

/**
 * The custom resource that is deleted before everything that runs need. Only its deletion does anything. An answer that
 * does not arrive fails the call, and Lambda calls again: every part of it may be repeated.
 */
export async function handler(event: CloudFormationCustomResourceEvent, context: Context): Promise<void> {
  const failure = event.RequestType === 'Delete' ? await failureToStop(event, context) : undefined;
  await answerCloudFormation(event, failure);
}

async function failureToStop(event: CloudFormationCustomResourceEvent, context: Context): Promise<string | undefined> {
  const stack = event.StackId.split('/')[1];
  try {
    await stopRuns(ledgerSettings(), {
      reason: `Deleted with the stack ${stack}, or removed from it`,
      remainingMilliseconds: () => context.getRemainingTimeInMillis(),
    });
    return undefined;
  } catch (error) {
    logger.error('Runs could not be stopped', error as Error);
    return (
      `${(error as Error).message} What they need has not been deleted. Repair the cause and delete the stack ` +
      `${stack} again: ` +
      'that goes on from here. To delete it without stopping them, end their compute by hand, then: ' +
      `aws cloudformation delete-stack --stack-name ${stack} --retain-resources ${event.LogicalResourceId}`
    );
  }
}
