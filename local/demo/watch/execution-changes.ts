import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import type { RunItem } from '../../../src/file-ledger/contract';
import type { DeployedStep } from '../deployed';
import { isStepResult, resultLine } from '../step-result';

/** States in which something is done or waited for; the others only lead there. */
const TOLD_TYPES = new Set([
  'ParallelStateEntered',
  'MapStateEntered',
  'TaskStateEntered',
  'WaitStateEntered',
  'FailStateEntered',
]);

/** What an execution has done so far. Times are milliseconds since 1970. */
export interface ExecutionRecord {
  /** `<runId>-<attempt>`. */
  readonly name: string;
  readonly runId: string;
  readonly attempt: number;
  readonly began: number;
  /** Absent while it goes on. */
  ended?: number;
  status: string;
  readonly steps: StepRecord[];
  /** What its steps have returned, by stepId. */
  readonly results: Record<string, unknown>;
}

export interface StepRecord {
  readonly stepId: string;
  readonly began: number;
  /** Absent while it goes on, and where it failed. */
  ended?: number;
}

interface Execution {
  readonly record: ExecutionRecord;
  lastEventId: number;
  /** A loop enters its states again and again: each is told once. */
  readonly told: Set<string>;
}

/** Tells which states the executions of runs enter, and what their steps have done. */
export class ExecutionChanges {
  private readonly executions = new Map<string, Execution>();
  private readonly stepIds: ReadonlySet<string>;

  /** @param stateMachineArn executions are named `<runId>-<attempt>` */
  constructor(
    private readonly sfn: SFNClient,
    private readonly stateMachineArn: string,
    private readonly steps: Pick<DeployedStep, 'stepId' | 'within'>[],
  ) {
    this.stepIds = new Set(steps.map(({ stepId }) => stepId));
  }

  /** In the order in which they began. */
  public get records(): ExecutionRecord[] {
    return [...this.executions.values()].map(({ record }) => record).sort((one, other) => one.began - other.began);
  }

  public async since(runs: RunItem[]): Promise<string[]> {
    const lines: string[] = [];
    for (const run of runs) {
      for (let attempt = 1; attempt <= run.attempt; attempt++) {
        lines.push(...(await this.linesOf(run.id, attempt)));
      }
    }
    return lines;
  }

  private async linesOf(runId: string, attempt: number): Promise<string[]> {
    const name = `${runId}-${attempt}`;
    const known = this.executions.get(name);
    if (known && known.record.status !== 'RUNNING') return [];
    const executionArn = `${this.stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    try {
      // first: no event may come after an end seen here
      const { status, startDate, stopDate } = await this.sfn.send(new DescribeExecutionCommand({ executionArn }));
      const events = await this.eventsAfter(executionArn, known?.lastEventId ?? 0);
      const execution = known ?? {
        record: {
          name,
          runId,
          attempt,
          began: startDate?.getTime() ?? Date.now(),
          status: status!,
          steps: [],
          results: {},
        },
        lastEventId: 0,
        told: new Set<string>(),
      };
      this.executions.set(name, execution);
      execution.lastEventId = events.at(-1)?.id ?? execution.lastEventId;
      execution.record.status = status!;
      const lines = events.flatMap(event => this.eventLines(execution.record, event));
      const fresh = [...new Set(lines)].filter(line => !execution.told.has(line));
      for (const line of fresh) execution.told.add(line);
      if (status !== 'RUNNING') {
        execution.record.ended = stopDate?.getTime() ?? Date.now();
        fresh.push(`ended: ${status}`);
      }
      return fresh.map(line => `execution ${name}: ${line}`);
    } catch (error) {
      // the ledger names it right before it is started
      if ((error as Error).name === 'ExecutionDoesNotExist') return [];
      throw error;
    }
  }

  /** The history's end, oldest first: read backwards, because it only grows. */
  private async eventsAfter(executionArn: string, eventId: number): Promise<HistoryEvent[]> {
    const newer: HistoryEvent[] = [];
    let nextToken: string | undefined;
    do {
      const page = await this.sfn.send(
        new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, maxResults: 100, nextToken }),
      );
      const found = (page.events ?? []).filter(event => event.id! > eventId);
      newer.push(...found);
      nextToken = found.length === page.events?.length ? page.nextToken : undefined;
    } while (nextToken);
    return newer.sort((one, other) => one.id! - other.id!);
  }

  private eventLines(record: ExecutionRecord, event: HistoryEvent): string[] {
    const at = event.timestamp?.getTime() ?? Date.now();
    const entered = event.stateEnteredEventDetails?.name;
    if (entered !== undefined) {
      for (const stepId of this.stepsIn(entered)) {
        if (!openStep(record, stepId)) record.steps.push({ stepId, began: at });
      }
      return TOLD_TYPES.has(event.type!) ? [entered] : [];
    }
    const failure =
      event.taskFailedEventDetails ??
      event.executionFailedEventDetails ??
      event.executionAbortedEventDetails ??
      event.executionTimedOutEventDetails;
    if (failure) return [`${event.type}: ${failure.error ?? ''} ${failure.cause ?? ''}`.trimEnd()];
    const { name, output } = event.stateExitedEventDetails ?? {};
    for (const stepId of name === undefined ? [] : this.stepsIn(name)) {
      const step = openStep(record, stepId);
      if (step) step.ended = at;
    }
    // the output of a step is still wrapped: the next state unwraps it
    if (name !== undefined && this.stepIds.has(name)) return [];
    return output === undefined ? [] : this.resultLines(record, JSON.parse(output));
  }

  /** The local Step Functions tells of no states inside a Parallel: what it holds begins and ends with it. */
  private stepsIn(state: string): string[] {
    return this.steps
      .filter(({ stepId, within }) => stepId === state || within.includes(state))
      .map(({ stepId }) => stepId);
  }

  /** Each state hands on the results of the steps before it: each result is told once. */
  private resultLines(record: ExecutionRecord, output: unknown): string[] {
    const { results } = (output ?? {}) as { readonly results?: Record<string, unknown> };
    return Object.entries(results ?? {})
      .filter(([stepId]) => this.stepIds.has(stepId) && record.steps.some(step => step.stepId === stepId && step.ended))
      .filter(([stepId]) => !(stepId in record.results))
      .map(([stepId, result]) => {
        record.results[stepId] = result;
        shorten(
          record.steps.find(step => step.stepId === stepId)!,
          result,
        );
        return resultLine(stepId, result);
      });
  }
}

function openStep({ steps }: ExecutionRecord, stepId: string): StepRecord | undefined {
  return steps.find(step => step.stepId === stepId && step.ended === undefined);
}

/** What a Parallel holds ends with the longest of it, as far as its state tells: the result knows better. */
function shorten(step: StepRecord, result: unknown): void {
  if (isStepResult(result)) step.ended = Math.min(step.ended!, step.began + Math.ceil(result.seconds * 1000));
}

/** The steps that are under way, with the rows that are to come, as far as the steps before them have counted them. */
export function stepsUnderWay(records: ExecutionRecord[]): { key: string; stepId: string; rows?: number }[] {
  return records
    .filter(({ status }) => status === 'RUNNING')
    .flatMap(({ name, steps, results }) => {
      const counted = Object.values(results).find(isStepResult);
      return steps
        .filter(({ ended }) => ended === undefined)
        .map(({ stepId }) => ({ key: `${name} ${stepId}`, stepId, rows: counted?.rowsRead }));
    });
}
