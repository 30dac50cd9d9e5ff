import { RedshiftError } from './redshift-error';

/** Something that goes wrong with the next statements that match. */
export interface Fault {
  readonly statement: RegExp;
  /** How often; once by default. */
  readonly times?: number;
  /** The statement is not run, and fails like this. */
  readonly error?: { readonly message: string; readonly code?: string; readonly detail?: string };
  /** The statement is run; then this is called and the connection is lost, before the client hears of it. */
  readonly thenLose?: () => void;
  /** A COPY refuses the rows that match. */
  readonly copyRefuses?: RegExp;
}

/** Error 1023 as Redshift reports a transaction that lost against another one. */
export const SERIALIZATION_FAILURE = {
  message: '1023',
  detail:
    'Serializable isolation violation on table - 108512, transactions forming the cycle are: 2081, 2082 (pid:1073)',
} as const;

/**
 * Hears of every statement, before it is run and before it is answered, and of `goodbye`, with which a client goes. May
 * cut its connection, or leave the client without an answer for as long as it waits.
 */
export type StatementWatch = (sql: string, moment: 'before' | 'after') => Promise<'cut' | 'silence' | undefined>;

export class Faults {
  watch?: StatementWatch;
  private readonly pending: { fault: Fault; left: number }[] = [];

  add(fault: Fault): void {
    this.pending.push({ fault, left: fault.times ?? 1 });
  }

  /** The fault that a statement meets now. */
  next(sql: string): Fault | undefined {
    const index = this.pending.findIndex(({ fault }) => fault.statement.test(sql));
    if (index < 0) return undefined;
    const entry = this.pending[index];
    if (--entry.left === 0) this.pending.splice(index, 1);
    return entry.fault;
  }
}

export function errorOf({ message, code, detail }: NonNullable<Fault['error']>): RedshiftError {
  return new RedshiftError(code ?? 'XX000', message, detail);
}
