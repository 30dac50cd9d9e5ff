import type { Context } from 'aws-lambda';
import { ledgerSettings } from '../../file-ledger/runtime/settings';
import { sweep } from '../../file-ledger/runtime/sweep';
import { timeLeft } from '../../file-ledger/runtime/time-left';

/** Every minute: takes up whatever was left behind. */
export async function handler(_event: unknown, context: Context): Promise<void> {
  await sweep(ledgerSettings(), timeLeft(context));
}
