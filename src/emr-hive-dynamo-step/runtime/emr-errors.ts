import { quotaAdvice } from './quotas';
import { callsOf, isRefusal, isTransient } from '../../etl-step/runtime/aws-errors';
import { ConfigurationError } from '../../runtime/errors';

/**
 * Makes the calls of EMR: the error that they throw is the one that the state machine acts on. What EMR refuses stays
 * so until somebody changes something.
 */
export const { ask } = callsOf('EMR', (error, text) => {
  if (isTransient(error) || !isRefusal(error)) return undefined;
  const advice =
    quotaAdvice(error.message) ??
    "Correct what this names: the step's properties, or what a policy denies to the role of the step's function.";
  return new ConfigurationError(`${text}. ${advice}`, { cause: error });
});
