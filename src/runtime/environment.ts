import { ConfigurationError } from './errors';

/**
 * The value of an environment variable that the construct sets.
 * @throws ConfigurationError if it is missing or empty
 */
export function requireEnv(name: string): string {
  const value = process.env[name];
  if (!value) {
    throw new ConfigurationError(`The environment variable ${name} is ${value === undefined ? 'missing' : 'empty'}. The construct sets it: `
      + 'deploy the stack again and do not change the configuration of its functions by hand.');
  }
  return value;
}
