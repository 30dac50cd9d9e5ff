import { type Duration, Token } from 'aws-cdk-lib';

// Checks that properties of several constructs share. Each throws an Error that says what is wrong, the value got, what
// is allowed and what to do.

/**
 * Throws unless the number is whole and within its bounds; `most` may be Infinity. A token is known only when the app
 * is deployed: it passes.
 */
export function validateWholeNumber(
  name: string,
  value: number | undefined,
  least: number,
  most: number,
  advice = '',
): void {
  if (value === undefined || Token.isUnresolved(value)) return;
  if (Number.isInteger(value) && value >= least && value <= most) return;
  const allowed = most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new Error(`${name} must be a whole number ${allowed}, got ${value}.${advice && ` ${advice}`}`);
}

/**
 * Throws unless the duration is known now, in whole seconds and within its bounds: waits and time-outs are derived from
 * it.
 */
export function validateDuration(
  name: string,
  value: Duration | undefined,
  least: Duration,
  most: Duration,
  advice = '',
): void {
  if (value === undefined) return;
  if (value.isUnresolved()) {
    throw new Error(
      `${name} must be known when the app is synthesized, got a token: give the duration itself, for instance ` +
        'Duration.minutes(5).',
    );
  }
  const milliseconds = value.toMilliseconds();
  if (milliseconds % 1000 === 0 && milliseconds >= least.toMilliseconds() && milliseconds <= most.toMilliseconds()) {
    return;
  }
  throw new Error(
    `${name} must be whole seconds from ${spell(least)} to ${spell(most)}, got ` +
      `${spell(value)}.${advice && ` ${advice}`}`,
  );
}

/** Throws if a value is there more than once. */
export function validateDistinct(name: string, values: readonly string[], advice = ''): void {
  const repeated = values.find((value, index) => values.indexOf(value) !== index);
  if (repeated === undefined) return;
  throw new Error(`${name} must differ from each other, got '${repeated}' more than once.${advice && ` ${advice}`}`);
}

const BOUND = new WeakSet<object>();

/** Throws when a step is bound that is in a pipeline already: its states and permissions are that pipeline's. */
export function bindOnce(step: object, name: string): void {
  if (BOUND.has(step)) {
    throw new Error(`The step ${name} is in a pipeline already. Make a step of its own for each place.`);
  }
  BOUND.add(step);
}

function spell(duration: Duration): string {
  const milliseconds = duration.toMilliseconds();
  return milliseconds % 1000 === 0 ? duration.toHumanString() || '0 seconds' : `${milliseconds} milliseconds`;
}
