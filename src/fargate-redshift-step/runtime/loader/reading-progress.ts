import type { Log } from './log';

const LOG_EVERY_MILLISECONDS = 10_000;

/** Tells how much has been read, now and then. */
export class ReadingProgress {
  private bytes = 0;
  private nextLog = Date.now() + LOG_EVERY_MILLISECONDS;

  constructor(private readonly log: Log) {}

  /** @param bytes of text, as it is without compression */
  add(bytes: number): void {
    this.bytes += bytes;
    if (Date.now() < this.nextLog) return;
    this.nextLog = Date.now() + LOG_EVERY_MILLISECONDS;
    this.log('reading files', { textBytes: this.bytes });
  }
}
