import { setTimeout as pause } from 'timers/promises';
import type { Log } from './log';
import type { Session } from './session';

const ATTEMPTS = 6;
const FIRST_PAUSE_MILLISECONDS = 500;

/** The fields of pg's errors that tell them apart. */
interface Cause extends Error {
  readonly code?: string;
  readonly detail?: string;
}

/** Whether a transaction lost against another one and is to be tried again as a whole. */
export function isConflict(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const text = `${error.message} ${(error as Cause).detail ?? ''}`;
  // Redshift: message `1023`, DETAIL `Serializable isolation violation on table - …`; the other one comes from changes
  // of the catalogue, and is what Redshift's users are told to try again:
  // https://github.com/dbt-labs/dbt-adapters/pull/1873
  return (
    /^1023\b/.test(error.message) ||
    /Serializable isolation violation|conflict with concurrent transaction/.test(text) ||
    madeByAnother(error)
  );
}

/** Two sessions create the same schema or table at once: IF NOT EXISTS does not see what is not committed yet. */
function madeByAnother(error: Cause): boolean {
  return (
    /^(42P06|42P07|42710)$/.test(error.code ?? '') || (error.code === '23505' && /"?pg_\w+_index"?/.test(error.message))
  );
}

/**
 * Does something in a transaction, or in single statements that may be repeated, until no other transaction is in the
 * way.
 */
export async function retryConflicts<T>(session: Session, log: Log, attempted: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await attempted();
    } catch (error) {
      if (!isConflict(error) || attempt === ATTEMPTS) throw error; // the transaction ends with the session
      await session.query('ROLLBACK');
      log('another transaction won, trying again', { attempt });
      await pause(FIRST_PAUSE_MILLISECONDS * 2 ** (attempt - 1) * (0.5 + Math.random()));
    }
  }
}
