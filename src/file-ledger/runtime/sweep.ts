import { advance } from './advance';
import { dispatch } from './dispatch';
import { runTime } from './execution-name';
import { measure } from './measure';
import type { LedgerSettings } from './settings';
import { getSlots } from './slots';
import { logger } from '../../runtime/logger';
import { LEDGER_FUNCTION_TIMEOUT_SECONDS } from '../contract';

/**
 * Takes up whatever was left behind: advances every run that holds a slot, oldest first, then dispatches.
 * @throws AggregateError if any of it failed, after all of it was tried
 */
export async function sweep(ledger: LedgerSettings, mayContinue: () => boolean): Promise<void> {
  const { live } = await getSlots(ledger);
  const failures: unknown[] = [];
  const attempt = async (what: string, action: () => Promise<void>) => {
    try {
      await action();
    } catch (error) {
      logger.error(`${what} failed`, error as Error);
      failures.push(error);
    }
  };
  for (const runId of [...(live ?? [])].sort()) {
    if (!mayContinue()) {
      logger.warn('Out of time: the next sweep goes on', { runId });
      break;
    }
    await attempt(`Advancing ${runId}`, () => {
      const ageSeconds = (Date.now() - runTime(runId).getTime()) / 1000;
      return advance(ledger, runId, { mayContinue, leaveUnstarted: ageSeconds <= LEDGER_FUNCTION_TIMEOUT_SECONDS });
    });
  }
  await attempt('Dispatching', () => dispatch(ledger, mayContinue));
  await attempt('Measuring', () => measure(ledger, new Date()));
  if (failures.length > 0) {
    throw new AggregateError(
      failures,
      `The sweep failed in ${failures.length} of its parts: ${failures.map(String).join('; ')}`,
    );
  }
}
