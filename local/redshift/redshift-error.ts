/** An error as Redshift reports it: nearly always with SQLSTATE XX000, so that only the texts tell errors apart. */
export class RedshiftError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly detail?: string,
  ) {
    super(message);
    this.name = 'RedshiftError';
  }
}

/** For what Redshift accepts and this stand-in does not do. */
export function notEmulated(what: string): RedshiftError {
  return new RedshiftError('0A000', `This stand-in for Redshift does not emulate ${what}, which Redshift accepts.`);
}

/** The table of details that comes with most errors. */
export function detailBlock(error: string, code: number, context: string, query: number): string {
  const line = '-----------------------------------------------';
  return (
    `\n  ${line}\n  error:  ${error}\n  code:      ${code}\n  context:   ${context}\n  query:     ${query}\n  ` +
    `location:  stand-in\n  process:   padbmaster [pid=${process.pid}]\n  ${line}\n`
  );
}
