// A run of 10,000 files needs that long even if DynamoDB throttles its claims; see LEDGER_FUNCTION_TIMEOUT_SECONDS.
const RESERVE_MILLISECONDS = 60_000;

/**
 * Tells, whenever it is called, whether the function still has the time to begin a run; what it does not begin, the
 * sweep does.
 */
export function timeLeft(context: { getRemainingTimeInMillis(): number }): () => boolean {
  return () => context.getRemainingTimeInMillis() > RESERVE_MILLISECONDS;
}
