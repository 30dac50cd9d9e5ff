import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { CONTRACT_VERSION, ERROR, MAX_RELAUNCHES, MAX_STOP_CALLS } from './contract';
import { InvokeFunction } from './invoke-function';
import { jsonataLiteral } from './jsonata';

export interface JobLoopProps {
  readonly stepId: string;
  /**
   * Answers launch, check and stop (contract.ts). Give a version that outlives its deployment: executions go on with
   * it.
   */
  readonly handler: IFunction;
  /** The input of every launch and check, passed on as it is. May hold tokens. */
  readonly arguments?: { [key: string]: unknown };
  /** The longest time from the first launch to the result, relaunches included. */
  readonly maxRuntime: Duration;
}

/** Pause before a launch that follows one that found no room. */
const CAPACITY_PAUSE = Duration.minutes(1);

const RUN = { contract: CONTRACT_VERSION, runId: '{% $states.input.runId %}', attempt: '{% $states.input.attempt %}' };

/**
 * The states of a step with compute of its own: launch, then check until it is done, and return the StepResult; after a
 * failure stop until nothing is left, then fail with the error that there was.
 */
export function jobLoop(scope: Construct, props: JobLoopProps): sfn.IChainable {
  return sfn.Parallel.jsonPath(scope, `${props.stepId}: Job`, { outputPath: '$[0]' })
    .branch(launchUntilDone(scope, props))
    .addCatch(stopUntilEnded(scope, props), { errors: [sfn.Errors.ALL], resultPath: '$.error' });
}

/**
 * Variables: `arguments`, `relaunch`, `deadline` (milliseconds since 1970) and `answer`, a JobStatus. Input of every
 * state: the step's.
 */
function launchUntilDone(scope: Construct, { stepId, handler, maxRuntime, ...props }: JobLoopProps): sfn.IChainable {
  const call = (name: string, action: 'launch' | 'check', more: object) =>
    new InvokeFunction(scope, `${stepId}: ${name}`, {
      handler,
      payload: {
        ...RUN,
        action,
        executionArn: '{% $states.context.Execution.Id %}',
        relaunch: '{% $relaunch %}',
        arguments: '{% $arguments %}',
        ...more,
      },
      assign: { answer: '{% $states.result.Payload %}' },
      outputs: '{% $states.input %}',
    });

  const begin = sfn.Pass.jsonata(scope, `${stepId}: Begin`, {
    assign: {
      relaunch: 0,
      deadline: `{% $millis() + ${maxRuntime.toMilliseconds()} %}`,
      // once for both calls: they hold the HiveQL of a load, and a definition has at most 1 MB
      arguments: jsonataLiteral(props.arguments ?? {}),
    },
  });
  const launch = call('Launch', 'launch', {});
  const check = call('Check', 'check', { job: '{% $answer.job %}' });

  const wait = sfn.Wait.jsonata(scope, `${stepId}: Wait`, {
    time: sfn.WaitTime.seconds('{% $max([1, $min([$answer.waitSeconds, $ceil(($deadline - $millis()) / 1000)])]) %}'),
  });
  const done = sfn.Pass.jsonata(scope, `${stepId}: Done`, { outputs: '{% $answer.result %}' });
  const tookTooLong = sfn.Fail.jsonata(scope, `${stepId}: Took too long`, {
    error: ERROR.timeout,
    cause:
      `The step '${stepId}' was not done after ${maxRuntime.toHumanString()}, its maxRuntime. Find out what holds ` +
      'it up, or allow it more time.',
  });
  const finished = sfn.Choice.jsonata(scope, `${stepId}: Finished?`)
    .when(sfn.Condition.jsonata("{% $answer.status = 'done' %}"), done)
    .when(sfn.Condition.jsonata('{% $millis() >= $deadline %}'), tookTooLong)
    .otherwise(wait);

  const pause = sfn.Wait.jsonata(scope, `${stepId}: Wait for capacity`, {
    time: sfn.WaitTime.duration(CAPACITY_PAUSE),
    assign: { relaunch: '{% $relaunch + 1 %}' },
  });
  const relaunch = sfn.Choice.jsonata(scope, `${stepId}: Launch elsewhere?`)
    .when(sfn.Condition.jsonata(`{% $relaunch < ${MAX_RELAUNCHES} and $millis() < $deadline %}`), pause)
    .otherwise(failAsBefore(scope, `${stepId}: No capacity`));
  for (const state of [launch, check]) {
    state.addCatch(relaunch, {
      errors: [ERROR.capacity],
      outputs: '{% $merge([$states.input, { "error": $states.errorOutput }]) %}',
    });
  }

  begin.next(launch).next(finished);
  wait.next(check).next(finished);
  pause.next(launch);
  return begin;
}

/**
 * Input: the step's with `error`. Counts in its data: a variable here could not be named in the loop above, whose scope
 * is inside this one. It gives up after MAX_STOP_CALLS; the ledger goes on asking before it settles the run.
 */
function stopUntilEnded(scope: Construct, { stepId, handler }: JobLoopProps): sfn.IChainable {
  const asked = '($exists($states.input.stop) ? $states.input.stop.asked : 0) + 1';
  const stop = new InvokeFunction(scope, `${stepId}: Stop`, {
    handler,
    payload: { ...RUN, action: 'stop' },
    outputs: `{% $merge([$states.input, { "stop": $merge([$states.result.Payload, { "asked": ${asked} }]) }]) %}`,
  });
  const failed = failAsBefore(scope, `${stepId}: Failed`);
  const wait = sfn.Wait.jsonata(scope, `${stepId}: Wait for stop`, {
    time: sfn.WaitTime.seconds('{% $states.input.stop.waitSeconds %}'),
  });
  const stopped = sfn.Choice.jsonata(scope, `${stepId}: Stopped?`)
    .when(
      sfn.Condition.jsonata(
        `{% $states.input.stop.status = 'ended' or $states.input.stop.asked >= ${MAX_STOP_CALLS} %}`,
      ),
      failed,
    )
    .otherwise(wait);
  // that it cannot be stopped must not hide why it failed
  stop.addCatch(failed, { errors: [sfn.Errors.ALL], outputs: '{% $states.input %}' });
  stop.next(stopped);
  wait.next(stop);
  return stop;
}

function failAsBefore(scope: Construct, name: string): sfn.Fail {
  return sfn.Fail.jsonata(scope, name, {
    error: '{% $states.input.error.Error %}',
    // a time-out of Step Functions has none
    cause: '{% $exists($states.input.error.Cause) ? $states.input.error.Cause : "" %}',
  });
}
