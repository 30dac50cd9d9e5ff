import { DescribeExecutionCommand, ExecutionDoesNotExist } from '@aws-sdk/client-sfn';
import { executionArn, executionName } from './execution-name';
import type { LedgerSettings } from './settings';
import { ERROR } from '../../etl-step/contract';
import { sfn } from '../../runtime/clients/sfn';
import type { RunItem, RunOutcome } from '../contract';

/** How an attempt has ended: a fact that never changes. */
export interface AttemptEnd {
  readonly status: RunOutcome;
  readonly error?: string;
  readonly cause?: string;
  readonly stopped?: Date;
  readonly seconds?: number;
}

/**
 * The run's present attempt: 'missing' if it was never started (or Step Functions does not show it yet), 'running', or
 * its end.
 */
export async function describeAttempt(
  ledger: Pick<LedgerSettings, 'stateMachineArn'>,
  run: RunItem,
): Promise<'missing' | 'running' | AttemptEnd> {
  try {
    const { status, error, cause, startDate, stopDate } = await sfn().send(
      new DescribeExecutionCommand({
        executionArn: executionArn(ledger.stateMachineArn, executionName(run.id, run.attempt)),
      }),
    );
    switch (status) {
      case 'SUCCEEDED':
      case 'FAILED':
      case 'TIMED_OUT':
      case 'ABORTED':
        return {
          status,
          error,
          cause,
          stopped: stopDate,
          seconds: stopDate && startDate && (stopDate.getTime() - startDate.getTime()) / 1000,
        };
      default: // RUNNING, or PENDING_REDRIVE
        return 'running';
    }
  } catch (error) {
    if (error instanceof ExecutionDoesNotExist) return 'missing';
    throw error;
  }
}

/**
 * Classes of failures that come again if nothing changes: the files', the configuration's, and a load that is too long
 * for its time.
 */
const LASTING: ReadonlySet<string | undefined> = new Set([
  ERROR.data,
  ERROR.configuration,
  ERROR.timeout,
  'States.Timeout',
]);

/**
 * Whether the run gets another attempt: a function of the attempt's end and of the run's item, of nothing else, so that
 * all who look agree.
 */
export function asksForAnother(end: AttemptEnd, run: RunItem): boolean {
  return end.status === 'FAILED' && !LASTING.has(end.error) && run.attempt < run.maxAttempts;
}

/** Whether somebody has to change something before any run can go well. */
export function isConfigurationFailure({ status, error }: Pick<RunItem, 'status' | 'error'>): boolean {
  return status === 'FAILED' && error === ERROR.configuration;
}

/**
 * Whether the run was stopped on purpose, by StopExecution with this error: that says nothing about files or pipeline.
 */
export function isStopped({ status, error }: Pick<RunItem, 'status' | 'error'>): boolean {
  return status === 'ABORTED' && error === ERROR.stopped;
}

/** What the end of a failed attempt says. */
export interface Failure {
  readonly message: string;
  /** Ledger ids of the files at fault (Etl.Data only). */
  readonly files: string[];
}

/**
 * Reads an execution's cause: plain text, or JSON `{message, files}`, or the JSON that Lambda makes of an error, whose
 * `errorMessage` is one of the two. What cannot be read as JSON names no files: Step Functions cuts causes off at
 * 32,768 characters.
 */
export function failureOf(end: AttemptEnd): Failure {
  const cause = end.cause ?? '';
  const outer = parseObject(cause);
  const text = typeof outer?.errorMessage === 'string' ? outer.errorMessage : cause;
  const inner = parseObject(text);
  const message = typeof inner?.message === 'string' ? inner.message : text;
  const named =
    end.error === ERROR.data && Array.isArray(inner?.files) ? inner.files.filter(id => typeof id === 'string') : [];
  return { message: [end.error ?? end.status, message].filter(part => part).join(': '), files: named };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
