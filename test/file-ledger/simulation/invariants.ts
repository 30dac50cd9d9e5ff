import type { Task } from './tasks';
import type { World } from './world';
import { ERROR } from '../../../src/etl-step/contract';
import { filesKey } from '../../../src/file-ledger/contract';
import type { ExecutionInput, LedgerFile, RunItem, SlotsItem } from '../../../src/file-ledger/contract';

/** Failures that no other attempt can mend. */
const LASTING: (string | undefined)[] = [ERROR.data, ERROR.configuration, ERROR.timeout, 'States.Timeout'];

/** What must be true at every moment, whatever goes wrong. How a world comes to rest is the verdict's matter. */
export class Invariants {
  public readonly violations: string[] = [];

  constructor(private readonly world: World) {}

  public violate(text: string): void {
    this.violations.push(text);
  }

  /** What must be true when a task is stopped. */
  public checkStop({ execution }: Task): void {
    if (this.world.executions.isRunning(execution)) {
      this.violate(`the task of ${execution} is stopped while that execution runs`);
    }
  }

  /** What must be true when a run becomes final. */
  public checkSettled({ id, attempt }: RunItem): void {
    if (this.world.executions.isRunning(`${id}-${attempt}`)) {
      this.violate(`${id} is settled while ${id}-${attempt} runs`);
    }
    const left = this.world.tasks.running().filter(task => task.execution.startsWith(`${id}-`));
    if (left.length > 0) {
      this.violate(`${id} is settled while ${left.map(task => task.execution).join(', ')} has a task`);
    }
    if (this.world.files().some(({ status, runId }) => status === 'CLAIMED' && runId === id)) {
      this.violate(`${id} is settled, but not all of its files`);
    }
  }

  /** What must be true of each change of the slots. */
  public checkSlots(before: SlotsItem): void {
    const { live = new Set(), failed = new Set(), paused } = this.world.slots();
    for (const id of live) {
      if (before.live?.has(id)) continue;
      if (before.paused) this.violate(`${id} takes a slot while the trigger is paused`);
      if ((before.failed?.size ?? 0) >= this.world.settings.pauseAfter) {
        this.violate(`${id} takes a slot though ${before.failed!.size} runs have failed`);
      }
      if (live.size > this.world.settings.maxExecutions) {
        this.violate(`${id} takes slot ${live.size} of ${this.world.settings.maxExecutions}`);
      }
    }
    for (const id of before.live ?? []) {
      if (live.has(id)) continue;
      const run = this.world.runs().find(other => other.id === id);
      const verdict = JSON.stringify({
        failed: failed.has(id),
        anyFailed: failed.size > 0,
        paused: paused?.runId === id,
      });
      const failure = run?.status !== 'SUCCEEDED';
      const configuration = run?.status === 'FAILED' && run.error === ERROR.configuration;
      const expected = JSON.stringify({ failed: failure, anyFailed: failure, paused: configuration });
      if (run && verdict !== expected) {
        this.violate(`${id}, ${run.status} ${run.error}, gives its slot back with ${verdict}`);
      }
      if (!run && this.world.files().some(({ runId }) => runId === id)) {
        this.violate(`${id} gives its slot back, but has files and no item`);
      }
    }
  }

  /** What must be true whenever an execution starts, whatever happened before. */
  public checkStart({ runId, attempt, files }: ExecutionInput): void {
    const running = this.world.executions.running();
    const list = this.world.objects.json<LedgerFile[]>(files.key) ?? [];
    const run = this.world.runs().find(({ id }) => id === runId);
    const demand = (holds: boolean, text: string) => {
      if (!holds) this.violate(`${runId}-${attempt} starts, but ${text}`);
    };
    demand(this.world.slots().live?.has(runId) ?? false, 'its run has no slot');
    demand(run?.status === 'RUNNING' && run.attempt >= attempt, `its run's item is ${JSON.stringify(run)}`);
    demand(running.length < this.world.settings.maxExecutions, `${running.length} others run`);
    demand(!running.some(other => other.input.runId === runId), 'another attempt of its run runs');
    demand(
      list.length === files.count && files.count > 0,
      `its list has ${list.length} files, its input says ${files.count}`,
    );
    const limits = list.map(({ id }) => this.world.files().find(file => file.id === id)!.limit);
    demand(
      new Set(limits).size === 1 && (limits[0] === 0 || limits[0] >= files.count),
      `its files may travel with ${limits.join(', ')}`,
    );
    const last = this.world.executions.all.get(`${runId}-${attempt - 1}`);
    const repeats =
      last?.end?.status === 'FAILED' && !LASTING.includes(last.end.error) && attempt <= this.world.settings.maxAttempts;
    demand(attempt === 1 || repeats, `the attempt before is ${last?.status} ${last?.end?.error}`);
    const taken = new Set(
      running.flatMap(other => this.world.objects.json<LedgerFile[]>(filesKey(other.input.runId))!.map(({ id }) => id)),
    );
    demand(!list.some(({ id }) => taken.has(id)), 'one of its files is in another run');
    demand(
      list.every(
        ({ id }) =>
          this.world.loadsOf(id) === (this.world.loadsBefore.get(id) ?? 0) ||
          this.world.loads.some(load => load.runId === runId),
      ),
      'one of its files is loaded already',
    );
  }
}
