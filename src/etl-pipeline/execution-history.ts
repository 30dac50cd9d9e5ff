import { Duration } from 'aws-cdk-lib';
import { MAX_RELAUNCHES, MAX_STOP_CALLS, waitSeconds } from '../etl-step/contract';

/** https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html : an execution that reaches it fails. */
const MOST_EVENTS = 25_000;

/** Wait: entered, exited. Task: entered, scheduled, started, succeeded, exited. Choice: entered, exited. */
const EVENTS_PER_POLL = 9;

/** Events that do not repeat: begin and end of a step, and its launches. Generous. */
const EVENTS_PER_STEP = 100;

/** Staging, and the states around the steps. A call of staging lasts minutes. */
const EVENTS_BESIDE_STEPS = 1_000;

/** The figures that bound the polls of a pipeline. */
export interface PollingSteps {
  /** Steps that follow each other. */
  readonly inSequence: number;
  /** The most steps that poll at the same time. */
  readonly atOnce: number;
  /** All of them. */
  readonly inAll: number;
}

/**
 * @throws Error if an execution that uses the whole time-out could run out of events
 */
export function validateTimeout(timeout: Duration, steps: PollingSteps): void {
  if (timeout.isUnresolved() || mostEvents(timeout.toSeconds(), steps) <= MOST_EVENTS) return;
  let hours = 0;
  while (mostEvents((hours + 1) * 3600, steps) <= MOST_EVENTS) hours++;
  if (hours === 0) {
    throw new Error(
      `A pipeline of ${steps.inAll} steps, ${steps.atOnce} of them at once, is too large: an execution has at ` +
        `most ${MOST_EVENTS} events. Make several pipelines.`,
    );
  }
  throw new Error(
    `'timeout' must be at most ${hours} hours for ${steps.atOnce} ${steps.atOnce === 1 ? 'step' : 'steps'} at ` +
      `once, got ${timeout.toHumanString()}: ` +
      `checking on them any longer could exceed the ${MOST_EVENTS} events that an execution may have. Shorten ` +
      'it, or load less in one run.',
  );
}

/**
 * The most events of an execution of this length: waits grow with the time since a launch, so the worst is that all
 * launches take equally long.
 */
function mostEvents(seconds: number, { inSequence, atOnce, inAll }: PollingSteps): number {
  const launches = inSequence * (1 + MAX_RELAUNCHES);
  const polls = launches === 0 ? 0 : atOnce * launches * pollsWithin(seconds / launches);
  return polls * EVENTS_PER_POLL + inAll * (EVENTS_PER_STEP + MAX_STOP_CALLS * EVENTS_PER_POLL) + EVENTS_BESIDE_STEPS;
}

function pollsWithin(seconds: number): number {
  let polls = 0;
  for (let elapsed = 0; elapsed < seconds; elapsed += waitSeconds(elapsed)) polls++;
  return polls;
}
