import type { LedgerSettings } from './settings';

/** When the item of a file goes that was done with at that time, in epoch seconds; undefined: never. */
export function fileExpiry(
  { retentionSeconds }: Pick<LedgerSettings, 'retentionSeconds'>,
  done: Date,
): number | undefined {
  return retentionSeconds === Infinity ? undefined : Math.floor(done.getTime() / 1000) + retentionSeconds;
}
