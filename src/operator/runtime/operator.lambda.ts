import type { Context } from 'aws-lambda';
import { operate } from './operate';
import { operatorSettings } from './settings';

// A page of 1,000 files takes a few seconds, a page of a scan one.
const RESERVE_MILLISECONDS = 20_000;

/** What an operator asks for: see docs/operate.md. */
export async function handler(payload: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>): Promise<object> {
  return operate(payload, operatorSettings(), () => context.getRemainingTimeInMillis() > RESERVE_MILLISECONDS);
}
