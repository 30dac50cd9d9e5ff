import { executionArnOf, type End, type Execution } from './executions';
import type { Process } from './processes';
import type { Plan, Scenario } from './scenario';
import { TASK_ARGUMENTS } from './tasks';
import type { World } from './world';
import type { StagedFiles } from '../../../src/etl-pipeline/contract';
import { CONTRACT_VERSION, resultKey, stagedFilesKey } from '../../../src/etl-step/contract';
import { LOADER_EXIT } from '../../../src/fargate-redshift-step/contract';
import type { LedgerFile } from '../../../src/file-ledger/contract';

export const STEP_ID = 'ToRedshift';
/** What the state machine's Retry makes of a step's function that fails. */
const MOST_CALLS_OF_STEP = 8;

/** What the state machine is at with an execution. */
interface Progress {
  readonly files: LedgerFile[];
  phase: 'launch' | 'load' | 'check';
  process?: Process;
  calls: number;
  job?: unknown;
  plan?: Plan;
  until?: number;
}

/** The state machine's way through staging and one step, whose function is the one that ships. */
export class StateMachine {
  private readonly progress = new Map<string, Progress>();

  constructor(
    private readonly world: World,
    private readonly scenario: Scenario,
  ) {}

  /** Does what comes next for an execution that runs. */
  public advance(execution: Execution): void {
    const { runId, attempt } = execution.input;
    const progress = this.progress.get(execution.name);
    if (!progress) return this.stage(execution);
    const { process } = progress;
    if (progress.phase === 'load') {
      if (this.world.tick >= progress.until!) this.finishLoad(execution, progress);
      return;
    }
    if (process?.state === 'running') return;
    if (process?.state === 'done') return this.takeAnswer(execution, progress, process.result);
    if (progress.calls++ >= MOST_CALLS_OF_STEP) {
      return this.end(execution, { status: 'FAILED', error: 'States.TaskFailed', cause: String(process?.error) });
    }
    progress.process = this.world.callStep(`${progress.phase} of ${execution.name}`, {
      contract: CONTRACT_VERSION,
      action: progress.phase,
      runId,
      attempt,
      relaunch: 0,
      executionArn: executionArnOf(execution.name),
      arguments: TASK_ARGUMENTS,
      job: progress.job,
    });
  }

  /** Ends an execution and sends its events. */
  public end(execution: Execution, end: End): void {
    this.world.executions.end(execution, end);
    for (let events = this.scenario.eventsOf?.(execution.name) ?? 1; events > 0; events--) {
      this.world.events.push(execution.name);
    }
  }

  private stage(execution: Execution): void {
    const {
      files: { key },
      runId,
    } = execution.input;
    const files = this.world.objects.json<LedgerFile[]>(key)!;
    const staged: StagedFiles = this.world.objects.json(stagedFilesKey(runId)) ?? {
      files: [],
      rejected: files
        .map(file => ({ id: file.id, reason: this.scenario.rejects?.(file.key) ?? '' }))
        .filter(({ reason }) => reason !== ''),
    };
    this.world.objects.work.set(stagedFilesKey(runId), JSON.stringify(staged));
    if (staged.rejected.length === files.length) return this.end(execution, { status: 'SUCCEEDED' });
    const rejected = new Set(staged.rejected.map(({ id }) => id));
    this.progress.set(execution.name, {
      files: files.filter(({ id }) => !rejected.has(id)),
      phase: 'launch',
      calls: 0,
    });
    this.advance(execution);
  }

  private takeAnswer(execution: Execution, progress: Progress, answer: any): void {
    if (answer.status === 'done') return this.end(execution, { status: 'SUCCEEDED' });
    progress.job = answer.job;
    progress.process = undefined;
    if (progress.phase === 'check') return this.advance(execution); // it has not seen the end yet
    progress.plan = this.scenario.plan?.(
      execution.input,
      progress.files.map(({ key }) => key),
      this.world,
    ) ?? { status: 'SUCCEEDED', ticks: 1 };
    progress.until = this.world.tick + progress.plan.ticks;
    progress.phase = 'load';
  }

  private finishLoad(execution: Execution, progress: Progress): void {
    const { runId } = execution.input;
    if (progress.plan!.status !== 'SUCCEEDED') return this.end(execution, progress.plan!); // its task runs on
    const { taskArn } = progress.job as { taskArn: string };
    const task = this.world.tasks.all.get(taskArn)!;
    if (task.lastStatus === 'RUNNING') {
      const result = resultKey(runId, STEP_ID);
      const ids = progress.files.map(({ id }) => id);
      if (!this.world.objects.work.has(result)) this.world.loads.push({ runId, ids });
      this.world.objects.work.set(
        result,
        JSON.stringify({ rowsRead: 1, rowsWritten: 1, rowsRejected: 0, duplicatesDropped: 0, seconds: 1 }),
      );
      this.world.tasks.exit(task, LOADER_EXIT.done);
    }
    progress.phase = 'check';
    this.advance(execution);
  }
}
