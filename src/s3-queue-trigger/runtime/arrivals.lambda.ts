import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import pMap from 'p-map';
import { receive, recordEntries, type Entry } from './arrivals';
import { fileFilter } from './file-filter';
import { dispatch } from '../../file-ledger/runtime/dispatch';
import { ledgerSettings } from '../../file-ledger/runtime/settings';
import { timeLeft } from '../../file-ledger/runtime/time-left';
import { logger } from '../../runtime/logger';

// The SDK opens as many connections to a service at once.
const PARALLEL_MESSAGES = 50;

/** Enters the files of a batch of messages, then begins runs. Only messages that failed come again. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const ledger = ledgerSettings();
  const settings = { table: ledger.table, retentionSeconds: ledger.retentionSeconds, ...fileFilter() };
  const failed: string[] = [];
  const entries: Entry[] = [];
  await pMap(
    event.Records,
    async ({ messageId, body }) => {
      try {
        entries.push(...(await receive(body, settings)));
      } catch (error) {
        logger.error('A message failed', { error, messageId });
        failed.push(messageId);
      }
    },
    { concurrency: PARALLEL_MESSAGES },
  );

  recordEntries(entries);

  try {
    await dispatch(ledger, timeLeft(context));
  } catch (error) {
    // the files are entered, so the messages are done with: the sweep begins what this call did not
    logger.error('Dispatching failed, the sweep repeats it', error as Error);
  }
  return { batchItemFailures: failed.map(itemIdentifier => ({ itemIdentifier })) };
}
