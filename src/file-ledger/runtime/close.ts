import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import pMap from 'p-map';
import { advance } from './advance';
import { executionArn, runOfExecution } from './execution-name';
import { pauseUnlessPaused } from './pause';
import { describeExecution, runningExecutions } from './running-executions';
import type { LedgerSettings } from './settings';
import { getSlots, updateSlots } from './slots';
import { endKeptCompute, stopCompute } from './stop-compute';
import { ERROR } from '../../etl-step/contract';
import { sfn } from '../../runtime/clients/sfn';

/**
 * So long after its execution was stopped, a launch that had seen it run may still act: the functions of both steps may
 * take no longer. Until then the stop functions are asked again, also if nothing shows any more.
 */
const LATE_LAUNCH_MILLISECONDS = 60_000;

/**
 * StopExecution takes 25 calls a second once its burst is used up.
 * https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
 */
const PARALLEL = 10;

/** What a look has found. Nothing left and no error: nothing runs, and nothing can start before a resume. */
export interface Closing {
  /** What has not ended yet, by the name of its run or execution. */
  readonly left: Map<string, string>;
  /** What could not be done; to be tried again. */
  readonly errors: Map<string, unknown>;
}

/**
 * Lets nothing begin and ends all that goes on: pauses, stops the executions and their compute, settles the runs, whose
 * files wait again. It takes one look, and is repeated until nothing is left. The process may die at any call.
 */
export async function close(ledger: LedgerSettings, reason: string): Promise<Closing> {
  const left = new Map<string, string>();
  const errors = new Map<string, unknown>();
  const each = (names: string[], action: (name: string) => Promise<string | undefined>) =>
    pMap(
      names,
      async name => {
        try {
          const rest = await action(name);
          if (rest !== undefined) left.set(name, rest);
        } catch (error) {
          errors.set(name, error);
        }
      },
      { concurrency: PARALLEL },
    );

  await pauseUnlessPaused(ledger, reason); // from here on no run takes a slot: `live` only shrinks
  const { live = [], stopping = [] } = await getSlots(ledger);
  await each([...stopping], name => endStopped(ledger, name, reason));
  const ending = new Set([...left.keys(), ...errors.keys()].map(runOfExecution));
  await each(
    [...live].filter(runId => !ending.has(runId)),
    runId => advanceRun(ledger, runId),
  );

  const known = new Set(stopping);
  const running = (await runningExecutions(ledger)).filter(name => !known.has(name));
  if (running.length > 0) {
    // written down first: whoever comes after a crash has no other way to know whose compute is to be ended
    await changeStopping(ledger, 'ADD', running);
    await each(running, name => stopExecution(ledger, name, reason));
  }
  // last: a run could still need what is kept for the next one
  if (left.size === 0 && errors.size === 0) {
    await each(['what is kept between runs'], async () => {
      const functions = await endKeptCompute(ledger);
      return functions.length > 0 ? `not ended yet, by their own answer: ${functions.join(', ')}` : undefined;
    });
  }
  return { left, errors };
}

/** Ends the compute of a stopped execution; forgets it once nothing is left and nothing can come any more. */
async function endStopped(ledger: LedgerSettings, name: string, reason: string): Promise<string | undefined> {
  const execution = await describeExecution(ledger, name);
  if (execution?.status === 'RUNNING') return stopExecution(ledger, name, reason);
  if (execution?.attempt) {
    const functions = await stopCompute(ledger, execution.attempt);
    if (functions.length > 0) {
      return `has ended, its compute has not. Not ended yet, by their own answer: ${functions.join(', ')}`;
    }
    const millisecondsAgo = Date.now() - (execution.stopped?.getTime() ?? 0);
    if (millisecondsAgo < LATE_LAUNCH_MILLISECONDS) return 'has ended a moment ago: a late launch may follow';
  }
  await changeStopping(ledger, 'DELETE', [name]);
  return undefined;
}

/**
 * Brings a run nearer to its end: settles it, or begins it, so that its name is taken and nobody can begin it later.
 */
async function advanceRun(ledger: LedgerSettings, runId: string): Promise<string | undefined> {
  await advance(ledger, runId, { mayContinue: () => false });
  const { live } = await getSlots(ledger);
  return live?.has(runId) ? 'is not settled yet' : undefined;
}

async function stopExecution(ledger: LedgerSettings, name: string, cause: string): Promise<string> {
  const arn = executionArn(ledger.stateMachineArn, name);
  await sfn().send(new StopExecutionCommand({ executionArn: arn, error: ERROR.stopped, cause }));
  return 'has been told to stop';
}

async function changeStopping(ledger: LedgerSettings, change: 'ADD' | 'DELETE', names: string[]): Promise<void> {
  await updateSlots(ledger, {
    UpdateExpression: `${change} #stopping :names`,
    ExpressionAttributeNames: { '#stopping': 'stopping' },
    ExpressionAttributeValues: { ':names': new Set(names) },
  });
}
