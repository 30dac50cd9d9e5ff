import { InvokeCommand } from '@aws-sdk/client-lambda';
import type { LedgerSettings } from './settings';
import type { RunAttempt, StopEvent, StopStatus, TeardownEvent } from '../../etl-step/contract';
import { CONTRACT_VERSION } from '../../etl-step/contract';
import { lambda } from '../../runtime/clients/lambda';

/**
 * Asks every step to end what it has running for an attempt that has ended, and for earlier ones: an aborted execution
 * has no state that could do it. The next attempt may run already when the call arrives, and is left alone.
 * @returns the functions whose compute of these attempts has not ended yet; none: nothing is left
 * @throws Error if a stop function fails, after all were asked
 */
export async function stopCompute(
  ledger: Pick<LedgerSettings, 'stopFunctions'>,
  { runId, attempt }: RunAttempt,
): Promise<string[]> {
  const event: StopEvent = { contract: CONTRACT_VERSION, action: 'stop', runId, attempt };
  return unended(ledger.stopFunctions, event, `Run ${runId}, attempt ${attempt}`);
}

/**
 * Asks the functions that keep compute between runs to end it. Only once no run is left.
 * @returns the functions whose compute has not ended yet; none: nothing is left
 * @throws Error if a function fails, after all were asked
 */
export async function endKeptCompute(ledger: Pick<LedgerSettings, 'teardownFunctions'>): Promise<string[]> {
  const event: TeardownEvent = { contract: CONTRACT_VERSION, action: 'teardown' };
  return unended(ledger.teardownFunctions, event, 'Without a run');
}

async function unended(functionNames: string[], event: StopEvent | TeardownEvent, what: string): Promise<string[]> {
  const answers = await Promise.allSettled(functionNames.map(name => ask(name, event, what)));
  const failed = answers.find(answer => answer.status === 'rejected');
  if (failed) throw failed.reason;
  return functionNames.filter((_, index) => (answers[index] as PromiseFulfilledResult<string>).value !== 'ended');
}

async function ask(
  FunctionName: string,
  event: StopEvent | TeardownEvent,
  what: string,
): Promise<StopStatus['status']> {
  const { FunctionError, Payload } = await lambda().send(
    new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }),
  );
  const answer = Payload?.transformToString() ?? '';
  if (FunctionError) throw new Error(`${what}: ${FunctionName} could not stop its compute: ${answer}`);
  return (JSON.parse(answer) as StopStatus).status;
}
