import * as fs from 'fs';
import * as path from 'path';
import { stepsUnderWay, type ExecutionRecord } from './execution-changes';
import type { RunningHive } from '../../hive';
import type { RunningRedshift } from '../../redshift';
import type { DeployedStep } from '../deployed';

/** Rows are written every moment: not every look is worth a line. */
const TELL_EVERY_MILLISECONDS = 5000;

/** What grows while an engine is at work, even where no row is counted. */
const LOGS = ['hive.log', 'containers'];

export interface Engines {
  readonly hive: Pick<RunningHive, 'progress'>;
  readonly redshift: Pick<RunningRedshift, 'rowsCopied'>;
  /** Has their logs. */
  readonly folder: string;
}

export interface LoadLook {
  readonly lines: string[];
  /** Whether any engine has done anything since the look before. */
  readonly moved: boolean;
  /** The steps that are under way, with how far they are. */
  readonly underWay: string[];
}

/** Tells how many rows the engines have read and written for the step that is under way. */
export class LoadProgress {
  private readonly told = new Map<string, string>();
  private readonly copiedBefore = new Map<string, number>();
  private readonly hiveBefore = new Map<string, string>();
  private toldAt = 0;
  private before = '';

  constructor(
    private readonly engines: Engines,
    private readonly steps: DeployedStep[],
  ) {}

  public async since(records: ExecutionRecord[]): Promise<LoadLook> {
    const hive = await this.engines.hive.progress();
    const copied = this.engines.redshift.rowsCopied();
    const state = JSON.stringify([hive, copied, logBytes(this.engines.folder)]);
    const moved = state !== this.before;
    this.before = state;

    const texts = stepsUnderWay(records).map(({ key, stepId, rows }) => {
      const engine = this.steps.find(step => step.stepId === stepId)?.target?.engine;
      if (engine === 'DynamoDB') {
        // until it begins the step's script, Hive answers for the one before
        if (!this.hiveBefore.has(key)) this.hiveBefore.set(key, JSON.stringify(hive));
        const { rowsWritten, rowsRead } =
          this.hiveBefore.get(key) === JSON.stringify(hive) ? { rowsWritten: 0, rowsRead: 0 } : hive;
        return { key, text: progressText(stepId, rowsWritten, rows, rowsRead) };
      }
      if (!this.copiedBefore.has(key)) this.copiedBefore.set(key, copied);
      const own = engine === 'Redshift' ? copied - this.copiedBefore.get(key)! : 0;
      return { key, text: progressText(stepId, own, rows, 0) };
    });
    const due = Date.now() - this.toldAt >= TELL_EVERY_MILLISECONDS;
    const fresh = texts.filter(({ key, text }) => text.includes(':') && this.told.get(key) !== text);
    if (due && fresh.length > 0) {
      this.toldAt = Date.now();
      for (const { key, text } of fresh) this.told.set(key, text);
    }
    return { lines: due ? fresh.map(({ text }) => text) : [], moved, underWay: texts.map(({ text }) => text) };
  }
}

/**
 * @param counted rows that a step before has read
 * @param read rows that the step itself has read: all of them once it writes
 */
function progressText(stepId: string, done: number, counted: number | undefined, read: number): string {
  const rows = (count: number) => count.toLocaleString('en-US');
  if (done === 0) return read === 0 ? stepId : `${stepId}: ${rows(read)} rows read`;
  const all = counted ?? read;
  // a task that begins again copies its rows again
  return all === 0 || all < done ? `${stepId}: ${rows(done)} rows` : `${stepId}: ${rows(done)} of ${rows(all)} rows`;
}

function logBytes(folder: string): number {
  return LOGS.map(name => path.join(folder, name))
    .flatMap(log => (fs.existsSync(log) ? [log, ...entriesOf(log)] : []))
    .reduce((sum, file) => sum + (fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
}

function entriesOf(log: string): string[] {
  return fs.statSync(log).isDirectory() ? fs.readdirSync(log).map(name => path.join(log, name)) : [];
}
