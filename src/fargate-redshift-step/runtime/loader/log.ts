/** Writes one line of progress. Only names, counts and times go in: never a value of a row. */
export type Log = (message: string, details?: Record<string, unknown>) => void;

/** Progress as lines of JSON on standard output, which the container's log driver forwards. */
export function jsonLog(context: Record<string, unknown>): Log {
  return (message, details = {}) => {
    process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...context, message, ...details })}\n`);
  };
}
