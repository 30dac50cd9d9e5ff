import type { ListExecutionsCommandOutput } from '@aws-sdk/client-sfn';
import { DescribeExecutionCommand, ExecutionDoesNotExist, ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { executionArn, runOfExecution } from './execution-name';
import { getRun } from './run-item';
import type { LedgerSettings } from './settings';
import type { RunAttempt } from '../../etl-step/contract';
import { sfn } from '../../runtime/clients/sfn';

type Machine = Pick<LedgerSettings, 'stateMachineArn'>;

export interface Execution {
  readonly status?: string;
  readonly stopped?: Date;
  /** What its steps launch compute for; absent if it was started with another input. */
  readonly attempt?: RunAttempt;
}

/** An execution as it stands; undefined if Step Functions knows it no longer. */
export async function describeExecution(ledger: Machine, name: string): Promise<Execution | undefined> {
  const arn = executionArn(ledger.stateMachineArn, name);
  try {
    const { status, stopDate, input } = await sfn().send(new DescribeExecutionCommand({ executionArn: arn }));
    return { status, stopped: stopDate, attempt: attemptOf(input) };
  } catch (error) {
    if (error instanceof ExecutionDoesNotExist) return undefined;
    throw error;
  }
}

/**
 * Names of the executions that run for a run of the ledger: also of those that somebody has started by hand with the
 * input of a run, or redriven. Other executions of the state machine are their starters' business.
 */
export async function runningExecutions(ledger: Machine & Pick<LedgerSettings, 'table'>): Promise<string[]> {
  const names: string[] = [];
  let nextToken: string | undefined;
  do {
    const page: ListExecutionsCommandOutput = await sfn().send(
      new ListExecutionsCommand({
        stateMachineArn: ledger.stateMachineArn,
        statusFilter: 'RUNNING',
        nextToken,
      }),
    );
    for (const { name } of page.executions ?? []) {
      const runId = runOfExecution(name!) ?? (await describeExecution(ledger, name!))?.attempt?.runId;
      if (runId !== undefined && (await getRun(ledger, runId))) names.push(name!);
    }
    nextToken = page.nextToken;
  } while (nextToken);
  return names;
}

function attemptOf(input = ''): RunAttempt | undefined {
  try {
    const { runId, attempt } = JSON.parse(input) as Partial<RunAttempt>;
    return typeof runId === 'string' && typeof attempt === 'number' ? { runId, attempt } : undefined;
  } catch {
    return undefined; // no input, or none that could be a run's
  }
}
