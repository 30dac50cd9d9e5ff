import { InvokeCommand } from '@aws-sdk/client-lambda';
import type { LedgerSettings } from './settings';
import { CONTRACT_VERSION, type RunAttempt, type StopEvent, type StopStatus } from '../../etl-step/contract';
import { lambda } from '../../runtime/clients/lambda';

/**
 * Asks every step to end what it has running for an attempt that has ended, and for earlier ones: an aborted execution has no state that could
 * do it. The next attempt may run already when the call arrives, and is left alone.
 * @returns the functions whose compute of these attempts has not ended yet; none: nothing is left
 * @throws Error if a stop function fails, after all were asked
 */
export async function stopCompute(ledger: Pick<LedgerSettings, 'stopFunctions'>, attempt: RunAttempt): Promise<string[]> {
  const answers = await Promise.allSettled(ledger.stopFunctions.map(name => askToStop(name, attempt)));
  const failed = answers.find(answer => answer.status === 'rejected');
  if (failed) throw failed.reason;
  return ledger.stopFunctions.filter((_, index) => (answers[index] as PromiseFulfilledResult<string>).value !== 'ended');
}

async function askToStop(functionName: string, { runId, attempt }: RunAttempt): Promise<StopStatus['status']> {
  const event: StopEvent = { contract: CONTRACT_VERSION, action: 'stop', runId, attempt };
  const { FunctionError, Payload } = await lambda().send(new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(event) }));
  const answer = Payload?.transformToString() ?? '';
  if (FunctionError) throw new Error(`Run ${runId}, attempt ${attempt}: ${functionName} could not stop its compute: ${answer}`);
  return (JSON.parse(answer) as StopStatus).status;
}
