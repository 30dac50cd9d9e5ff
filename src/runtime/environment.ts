import { ConfigurationError } from './errors';

/**
 * The value of an environment variable that the construct sets.
 * @throws ConfigurationError if it is missing or empty
 */
export function requireEnv(name: string): string {
  const value = process.env[name];
  if (!value) {
    throw new ConfigurationError(
      `The environment variable ${name} is ${value === undefined ? 'missing' : 'empty'}. The construct sets it: ` +
        'deploy the stack again and do not change the configuration of its functions by hand.',
    );
  }
  return value;
}

/** @throws ConfigurationError if the variable is missing, or is no whole number above 0 */
export function requireWholeNumber(name: string): number {
  const value = Number(requireEnv(name));
  if (Number.isInteger(value) && value > 0) return value;
  throw new ConfigurationError(
    `The environment variable ${name} must be a whole number above 0, got '${process.env[name]}'. Deploy the ` +
      'stack again.',
  );
}
