import type { RunningHive } from '../../hive';

/** Rows are written every moment: not every look is worth a line. */
const TELL_EVERY_MILLISECONDS = 5000;

/** Tells how many rows Hive has read and written so far. */
export class LoadProgress {
  private told = '';
  private toldAt = 0;

  constructor(private readonly hive: Pick<RunningHive, 'progress'>) {}

  public async since(): Promise<string[]> {
    const { rowsRead, rowsWritten } = await this.hive.progress();
    const line =
      `Hive: ${rowsRead.toLocaleString('en-US')} rows read, ${rowsWritten.toLocaleString('en-US')} written to ` +
      'DynamoDB so far';
    if (rowsRead === 0 || line === this.told || Date.now() - this.toldAt < TELL_EVERY_MILLISECONDS) return [];
    this.told = line;
    this.toldAt = Date.now();
    return [line];
  }
}
