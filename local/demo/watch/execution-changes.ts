import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import type { StepResult } from '../../../src/etl-step/contract';
import type { RunItem } from '../../../src/file-ledger/contract';

/** States in which something is done or waited for; the others only lead there. */
const TOLD_TYPES = new Set([
  'ParallelStateEntered',
  'MapStateEntered',
  'TaskStateEntered',
  'WaitStateEntered',
  'FailStateEntered',
]);

interface Execution {
  lastEventId: number;
  ended: boolean;
  /**
   * A loop enters its states again and again: each is told once, and so is each step's result, which every later state
   * hands on.
   */
  readonly told: Set<string>;
}

/** Tells which states the executions of runs enter, and what their steps have done. */
export class ExecutionChanges {
  private readonly executions = new Map<string, Execution>();

  /** @param stateMachineArn executions are named `<runId>-<attempt>` */
  constructor(
    private readonly sfn: SFNClient,
    private readonly stateMachineArn: string,
  ) {}

  public async since(runs: RunItem[]): Promise<string[]> {
    const lines: string[] = [];
    for (const run of runs) {
      for (let attempt = 1; attempt <= run.attempt; attempt++) {
        lines.push(...(await this.linesOf(`${run.id}-${attempt}`)));
      }
    }
    return lines;
  }

  private async linesOf(name: string): Promise<string[]> {
    const execution = this.executions.get(name) ?? { lastEventId: 0, ended: false, told: new Set<string>() };
    if (execution.ended) return [];
    const executionArn = `${this.stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    try {
      // first: no event may come after an end seen here
      const { status } = await this.sfn.send(new DescribeExecutionCommand({ executionArn }));
      const events = await this.eventsAfter(executionArn, execution.lastEventId);
      this.executions.set(name, execution);
      execution.lastEventId = events.at(-1)?.id ?? execution.lastEventId;
      execution.ended = status !== 'RUNNING';
      const lines = [...new Set(events.flatMap(eventLines))].filter(line => !execution.told.has(line));
      for (const line of lines) execution.told.add(line);
      return (execution.ended ? [...lines, `ended: ${status}`] : lines).map(line => `execution ${name}: ${line}`);
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
}

function eventLines(event: HistoryEvent): string[] {
  const entered = event.stateEnteredEventDetails?.name;
  if (entered && TOLD_TYPES.has(event.type!)) return [entered];
  const failure =
    event.taskFailedEventDetails ??
    event.executionFailedEventDetails ??
    event.executionAbortedEventDetails ??
    event.executionTimedOutEventDetails;
  if (failure) return [`${event.type}: ${failure.error ?? ''} ${failure.cause ?? ''}`.trimEnd()];
  const { output } = event.stateExitedEventDetails ?? {};
  return output === undefined ? [] : resultLines(JSON.parse(output));
}

/**
 * Each state hands on the results of the steps before it; a Parallel wraps its own, and the next state unwraps that.
 */
function resultLines(output: { readonly results?: Record<string, StepResult> } | null): string[] {
  const results = Object.entries(output?.results ?? {}).filter(([, result]) => 'rowsRead' in result);
  return results.map(
    ([stepId, { rowsRead, rowsWritten, rowsRejected, duplicatesDropped, seconds }]) =>
      `${stepId} is done: ${rowsRead} rows read, ${rowsWritten} written, ${rowsRejected} rejected, ` +
      `${duplicatesDropped} duplicates dropped, in ${seconds.toFixed(1)} s`,
  );
}
