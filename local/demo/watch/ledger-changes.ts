import type { FileItem, RunItem } from '../../../src/file-ledger/contract';
import { isFinal, type LedgerContent } from '../ledger';

/** Files that are told one by one at a time; more are only counted. */
const MOST_NAMES = 10;

export interface LedgerLines {
  readonly underWay: string[];
  readonly settled: string[];
}

/** Turns what the ledger says from moment to moment into lines about what happened between. */
export class LedgerChanges {
  private readonly files = new Map<string, FileItem>();
  private readonly runs = new Map<string, RunItem>();
  private paused?: string;

  public since({ files, runs, paused }: LedgerContent): LedgerLines {
    const changedFiles = files.filter(file => {
      const before = this.files.get(file.id);
      return before?.status !== file.status || before.runId !== file.runId;
    });
    const lines = {
      underWay: [
        ...this.fileLines(changedFiles.filter(file => !isFinal(file))),
        ...runs.flatMap(run => attemptLines(this.runs.get(run.id), run)),
      ],
      settled: [
        ...this.fileLines(changedFiles.filter(isFinal)),
        ...runs.flatMap(run => endLines(this.runs.get(run.id), run)),
        ...(paused !== undefined && paused !== this.paused ? [`the pipeline is paused: ${paused}`] : []),
      ],
    };
    for (const file of files) this.files.set(file.id, file);
    for (const run of runs) this.runs.set(run.id, run);
    this.paused = paused;
    return lines;
  }

  private fileLines(files: FileItem[]): string[] {
    const happened = new Map<string, string[]>();
    for (const file of files) {
      const what = fileLine(this.files.get(file.id), file);
      happened.set(what, [...(happened.get(what) ?? []), file.key]);
    }
    return [...happened].flatMap(([what, keys]) =>
      keys.length > MOST_NAMES ? [`${keys.length} files: ${what}`] : keys.map(key => `${key}: ${what}`),
    );
  }
}

function fileLine(before: FileItem | undefined, file: FileItem): string {
  switch (file.status) {
    case 'PENDING':
      return before ? 'waits for another run' : 'arrived, waits for a run';
    case 'CLAIMED':
      return before ? `goes into run ${file.runId}` : `arrived, goes into run ${file.runId}`;
    case 'LOADED':
      return 'LOADED';
    case 'REJECTED':
      return `REJECTED: ${file.reason}`;
    case 'FAILED':
      return `FAILED: ${file.reason}`;
  }
}

function attemptLines(before: RunItem | undefined, run: RunItem): string[] {
  if (before?.attempt === run.attempt) return [];
  return [`run ${run.id}: attempt ${run.attempt} of ${run.maxAttempts} (files: ${run.count}, bytes: ${run.bytes})`];
}

function endLines(before: RunItem | undefined, run: RunItem): string[] {
  return run.status === 'RUNNING' || before?.status === run.status ? [] : [`run ${run.id}: ${run.status}`];
}
