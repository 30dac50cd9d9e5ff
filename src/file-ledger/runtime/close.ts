import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import pMap from 'p-map';
import { advance } from './advance';
import { executionArn, runOfExecution } from './execution-name';
import { pauseUnlessPaused } from './pause';
import { describeExecution, runningExecutions } from './running-executions';
import type { LedgerSettings } from './settings';
import { getSlots, updateSlots } from './slots';
import { stopCompute } from './stop-compute';
import { ERROR } from '../../etl-step/contract';
import { sfn } from '../../runtime/clients/sfn';

/**
 * So long after its execution was stopped, a launch that had seen it run may still act: longer than the functions of both steps may take for a
 * launch. What was stopped is asked for until then, also if nothing shows any more.
 */
const LATE_LAUNCH_MILLISECONDS = 60_000;

/** StopExecution takes 25 calls a second once its burst is used up: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
const PARALLEL = 10;

/** What a look at the trigger has found. Nothing left and no error: nothing runs, and nothing can start again before a resume. */
export interface Closing {
  /** What has not ended yet, by the name of its run or execution. */
  readonly left: Map<string, string>;
  /** What could not be done; to be tried again. */
  readonly errors: Map<string, unknown>;
}

/**
 * Ends all that goes on and lets nothing begin: pauses, stops every execution, its compute, and settles the runs, whose files wait again.
 * One look: it is repeated until nothing is left. Any call may be the last one of a process that dies; the next look goes on.
 */
export async function close(ledger: LedgerSettings, reason: string): Promise<Closing> {
  const closing: Closing = { left: new Map(), errors: new Map() };
  const each = (names: Iterable<string>, action: (name: string) => Promise<string | undefined>) => pMap([...names], async name => {
    try {
      const rest = await action(name);
      if (rest !== undefined) closing.left.set(name, rest);
    } catch (error) {
      closing.errors.set(name, error);
    }
  }, { concurrency: PARALLEL });

  await pauseUnlessPaused(ledger, reason); // from here on no run takes a slot: `live` only shrinks
  const { live = new Set<string>(), stopping = new Set<string>() } = await getSlots(ledger);
  await each(stopping, name => endStopped(ledger, name, reason));
  const ending = new Set([...closing.left.keys(), ...closing.errors.keys()].map(runOfExecution));
  await each([...live].filter(runId => !ending.has(runId)), runId => endRun(ledger, runId));
  const running = (await runningExecutions(ledger)).filter(name => !stopping.has(name));
  if (running.length > 0) {
    // written down first: who comes after a crash between the two has no other way to know whose compute is to be ended
    await updateSlots(ledger, {
      UpdateExpression: 'ADD #stopping :names', ExpressionAttributeNames: { '#stopping': 'stopping' }, ExpressionAttributeValues: { ':names': new Set(running) },
    });
    await each(running, name => stopExecution(ledger, name, reason));
  }
  return closing;
}

/** Ends the compute of an execution that is written down as stopped; forgets it once nothing is left and nothing can come any more. */
async function endStopped(ledger: LedgerSettings, name: string, reason: string): Promise<string | undefined> {
  const execution = await describeExecution(ledger, name);
  if (execution?.status === 'RUNNING') return stopExecution(ledger, name, reason);
  if (execution?.attempt) {
    const functions = await stopCompute(ledger, execution.attempt);
    if (functions.length > 0) return `has ended, its compute has not: ${functions.join(', ')} still ${functions.length > 1 ? 'answer' : 'answers'} 'stopping'`;
    if (Date.now() - (execution.stopped?.getTime() ?? 0) < LATE_LAUNCH_MILLISECONDS) return 'has ended a moment ago: a late launch may follow';
  }
  await updateSlots(ledger, {
    UpdateExpression: 'DELETE #stopping :names', ExpressionAttributeNames: { '#stopping': 'stopping' }, ExpressionAttributeValues: { ':names': new Set([name]) },
  });
  return undefined;
}

/** Brings a run with a slot nearer to its end: begins it, so that its name is taken and nobody can begin it later, or settles it. */
async function endRun(ledger: LedgerSettings, runId: string): Promise<string | undefined> {
  await advance(ledger, runId, { mayContinue: () => false });
  const { live } = await getSlots(ledger);
  return live?.has(runId) ? 'is not settled yet' : undefined;
}

async function stopExecution(ledger: LedgerSettings, name: string, reason: string): Promise<string> {
  await sfn().send(new StopExecutionCommand({ executionArn: executionArn(ledger.stateMachineArn, name), error: ERROR.stopped, cause: reason }));
  return 'has been told to stop';
}
