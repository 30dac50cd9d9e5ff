import { setTimeout as pause } from 'timers/promises';
import { waitSeconds } from '../../etl-step/contract';
import { close, type Closing } from '../../file-ledger/runtime/close';
import type { LedgerSettings } from '../../file-ledger/runtime/settings';
import { logger } from '../../runtime/logger';

/** For a last look that settles files, and for the answer. */
const RESERVE_MILLISECONDS = 90_000;

/**
 * Looks with errors in a row, about a minute, after which nobody waits any longer: each call was tried several times.
 */
const MOST_FAILED_LOOKS = 10;

/** CloudFormation takes 4 KB. */
const MOST_NAMED = 5;
const LONGEST_TEXT = 400;

export interface StopRunsOptions {
  /** For whoever finds the ledger paused, or an execution stopped. */
  readonly reason: string;
  /** Of the function's time. */
  readonly remainingMilliseconds: () => number;
}

/**
 * Closes the trigger and waits until nothing runs.
 * @throws Error that names what is left, if it does not end in time or cannot be ended
 */
export async function stopRuns(
  ledger: LedgerSettings,
  { reason, remainingMilliseconds }: StopRunsOptions,
): Promise<void> {
  const began = Date.now();
  for (let failedLooks = 0; ;) {
    const { left, errors } = await look(ledger, reason);
    if (left.size === 0 && errors.size === 0) return;
    logger.info('Not everything has ended', { left: list(left), errors: list(errors) });
    failedLooks = errors.size === 0 ? 0 : failedLooks + 1;
    if (failedLooks >= MOST_FAILED_LOOKS) {
      throw new Error(`${errors.size} of what runs cannot be ended: ${list(errors)}.`);
    }
    const waitMilliseconds = waitSeconds((Date.now() - began) / 1000) * 1000;
    if (remainingMilliseconds() < waitMilliseconds + RESERVE_MILLISECONDS) {
      throw new Error(
        `${left.size + errors.size} of what runs has not ended in time: ${list(new Map([...errors, ...left]))}.`,
      );
    }
    await pause(waitMilliseconds);
  }
}

async function look(ledger: LedgerSettings, reason: string): Promise<Closing> {
  try {
    return await close(ledger, reason);
  } catch (error) {
    return { left: new Map(), errors: new Map([['the ledger or its state machine', error]]) };
  }
}

function list(things: Map<string, unknown>): string {
  const named = [...things]
    .slice(0, MOST_NAMED)
    .map(([name, what]) => `${name}: ${what instanceof Error ? what.message : what}`.slice(0, LONGEST_TEXT));
  const others = things.size - named.length;
  return [...named, ...(others > 0 ? [`and ${others} more`] : [])].join('; ');
}
