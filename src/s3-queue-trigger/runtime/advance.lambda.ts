import type { Context, EventBridgeEvent } from 'aws-lambda';
import { advance } from '../../file-ledger/runtime/advance';
import { runOfExecution } from '../../file-ledger/runtime/execution-name';
import { ledgerSettings } from '../../file-ledger/runtime/settings';
import { timeLeft } from '../../file-ledger/runtime/time-left';
import { logger } from '../../runtime/logger';

/** An execution has ended. The event serves only to be quick: it may be late, come twice or get lost. */
export async function handler(
  event: EventBridgeEvent<'Step Functions Execution Status Change', { name: string }>,
  context: Context,
): Promise<void> {
  const { name } = event.detail;
  const runId = runOfExecution(name);
  if (!runId) {
    logger.info('Not an execution of the trigger: left alone', { name });
    return;
  }
  // An execution has an item before it starts. Only the sweep begins a run without one, as only it knows that the run
  // holds a slot.
  await advance(ledgerSettings(), runId, { mayContinue: timeLeft(context), leaveUnstarted: true });
}
