import { quotaAdvice } from './quotas';
import { isTransient } from '../../etl-step/runtime/aws-errors';
import { ConfigurationError, EtlError, TransientError } from '../../runtime/errors';

/**
 * Whether EMR has answered that it did not do what it was asked: no answer, or a failure inside EMR, leaves that open.
 */
export function isRefusal(error: unknown): boolean {
  const answer = error instanceof EtlError ? error.cause : error;
  const status = (answer as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata?.httpStatusCode;
  return status !== undefined && status >= 400 && status < 500;
}

/** The error that the state machine acts on, for one that a call of EMR has thrown. */
function emrError(runId: string, call: string, error: unknown): EtlError {
  const { name, message } = error as Error;
  const text = `Run ${runId}: EMR ${isRefusal(error) ? 'refused' : 'did not answer'} ${call}: ${name}: ${message}`;
  if (isTransient(error) || !isRefusal(error)) return new TransientError(text, { cause: error });
  const advice =
    quotaAdvice(message) ??
    "Correct what this names: the step's properties, or what a policy denies to the role of the step's function.";
  return new ConfigurationError(`${text}. ${advice}`, { cause: error });
}

/** The answer to a call of EMR, or the error that the state machine acts on. */
export async function ask<Output>(runId: string, call: string, answer: Promise<Output>): Promise<Output> {
  try {
    return await answer;
  } catch (error) {
    throw emrError(runId, call, error);
  }
}
