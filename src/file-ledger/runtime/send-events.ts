import { setTimeout as pause } from 'timers/promises';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import pMap from 'p-map';
import { eventBridge } from '../../runtime/clients/eventbridge';
import { EVENT_SOURCE, EVENTS_ENV, type LedgerEvent } from '../contract';

/** EventBridge's limit for one call; an event here has 3 KB at most, of the 1 MB that a call may have. */
const EVENTS_PER_CALL = 10;
const PARALLEL_CALLS = 4;
const MOST_TRIES = 4;
const PAUSE_MILLISECONDS = 200;

/** Whether anybody listens. */
export function sendsEvents(): boolean {
  return Boolean(process.env[EVENTS_ENV.trigger]);
}

/**
 * Sends the events to the account's default bus, if anybody listens.
 * @throws Error if EventBridge goes on refusing some
 */
export async function sendEvents(events: LedgerEvent[]): Promise<void> {
  if (!sendsEvents()) return;
  const calls: LedgerEvent[][] = [];
  for (let start = 0; start < events.length; start += EVENTS_PER_CALL) {
    calls.push(events.slice(start, start + EVENTS_PER_CALL));
  }
  await pMap(calls, call => put(call, 1), { concurrency: PARALLEL_CALLS });
}

/** A call that succeeds may have refused some of its events: those are sent again. */
async function put(events: LedgerEvent[], tries: number): Promise<void> {
  const { FailedEntryCount = 0, Entries = [] } = await eventBridge().send(
    new PutEventsCommand({
      Entries: events.map(({ detailType, detail }) => ({
        Source: EVENT_SOURCE,
        DetailType: detailType,
        Detail: JSON.stringify({ trigger: process.env[EVENTS_ENV.trigger], ...detail }),
      })),
    }),
  );
  if (FailedEntryCount === 0) return;
  const refused = events.filter((_, index) => Entries[index]?.ErrorCode !== undefined);
  const [{ ErrorCode, ErrorMessage }] = Entries.filter(entry => entry.ErrorCode !== undefined);
  if (tries >= MOST_TRIES) {
    throw new Error(`EventBridge has refused ${refused.length} events ${tries} times: ${ErrorCode}, ${ErrorMessage}`);
  }
  await pause(PAUSE_MILLISECONDS * tries * Math.random());
  await put(refused, tries + 1);
}
