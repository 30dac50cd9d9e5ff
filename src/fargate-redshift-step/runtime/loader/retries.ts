import { setTimeout as pause } from 'timers/promises';
import type { Log } from './log';

/** How often something is tried in all: with the pauses between, for about half a minute. */
const ATTEMPTS = 6;
const FIRST_PAUSE_MILLISECONDS = 500;

/** The fields of pg's errors that tell them apart. */
interface Cause extends Error {
  readonly code?: string;
  readonly detail?: string;
}

/** The connection to the warehouse is gone, and with it the session, its transaction and its temporary tables. */
export class ConnectionLostError extends Error {
  readonly code?: string;

  constructor(cause: Error) {
    super(cause.message, { cause });
    this.name = 'ConnectionLostError';
    this.code = (cause as Cause).code;
  }
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
 * Whether an error of the connection ends it, or the attempt to make it, and may be over by the next one. Class 08 are
 * errors of the connection, 57P01 to 57P03 a server that is shut down or starts:
 * https://www.postgresql.org/docs/current/errcodes-appendix.html. The messages are pg's.
 */
export function isLost(error: Error): boolean {
  return (
    /^(ECONNRESET|ECONNREFUSED|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|08...|57P0[123])$/.test(
      (error as Cause).code ?? '',
    ) || /^(Connection terminated|Client has encountered a connection error|Client was closed)/.test(error.message)
  );
}

/** Does things again that failed for a reason that passes. */
export class Retries {
  /** How often something was done again. */
  count = 0;

  /** @param signal ends the pauses */
  constructor(
    private readonly log: Log,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * @param passes whether an error is worth another try
   * @param recover is called before the pause
   */
  async run<T>(
    attempted: () => Promise<T>,
    passes: (error: unknown) => boolean,
    recover: () => Promise<unknown> = () => Promise.resolve(),
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await attempted();
      } catch (error) {
        if (!passes(error) || attempt === ATTEMPTS || this.signal.aborted) throw error;
        this.count++;
        this.log('trying again', { attempt, because: (error as Error).message });
        await recover();
        // at random, so that loads that were in each other's way are not so again
        const wait = FIRST_PAUSE_MILLISECONDS * 2 ** (attempt - 1) * (0.5 + Math.random());
        await pause(wait, undefined, { signal: this.signal });
      }
    }
  }
}
