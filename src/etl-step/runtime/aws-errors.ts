import { CapacityError, ConfigurationError, EtlError, TransientError } from '../../runtime/errors';

const THROTTLING = new Set([
  'BandwidthLimitExceeded',
  'LimitExceededException',
  'PriorRequestNotComplete',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
]);

const NETWORK = new Set([
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'NetworkingError',
  'RequestTimeout',
  'RequestTimeoutException',
  'TimeoutError',
]);

interface AwsError extends Error {
  readonly code?: string;
  readonly $fault?: string;
  /** Of every error of a call that was sent; without a status if nothing came back. */
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** Whether an AWS call failed in a way that passes by itself: throttling, a fault of the service, the network. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { name, code, $fault, $metadata } = error as AwsError;
  const status = $metadata?.httpStatusCode;
  return (
    THROTTLING.has(name) ||
    NETWORK.has(name) ||
    (code !== undefined && NETWORK.has(code)) ||
    $fault === 'server' ||
    ($metadata !== undefined && status === undefined && $fault === undefined) ||
    (status ?? 0) >= 500 ||
    status === 429
  );
}

/** Whether AWS has surely not done what it was asked: no answer, or a failure inside the service, leaves that open. */
export function isRefusal(error: unknown): boolean {
  if (error instanceof CapacityError || error instanceof ConfigurationError) return true;
  const answer = error instanceof EtlError ? error.cause : error;
  const status = (answer as AwsError | undefined)?.$metadata?.httpStatusCode;
  return status !== undefined && status >= 400 && status < 500;
}

/** The error that has the state machine try again, for one that passes by itself. */
export function asTransient(what: string, error: unknown): TransientError | undefined {
  if (error instanceof EtlError || !isTransient(error)) return undefined;
  const { name, message } = error as Error;
  return new TransientError(`${what}: ${name}: ${message}`, { cause: error });
}

/** What the answers of a service mean to a step: undefined for what only the rules that hold for all services class. */
export type ClassifyRefusal = (error: Error, text: string) => EtlError | undefined;

/** The calls of a service: the error that they throw is the one that the state machine acts on, its cause AWS's. */
export function callsOf(service: string, classify: ClassifyRefusal) {
  function errorOf(runId: string, call: string, error: unknown): unknown {
    if (!(error instanceof Error) || error instanceof EtlError) return error;
    const what = `Run ${runId}: ${service} ${isRefusal(error) ? 'refused' : 'did not do'} ${call}`;
    return classify(error, `${what}: ${error.name}: ${error.message}`) ?? asTransient(what, error) ?? error;
  }

  async function ask<Output>(runId: string, call: string, answer: Promise<Output>): Promise<Output> {
    try {
      return await answer;
    } catch (error) {
      throw errorOf(runId, call, error);
    }
  }

  return { ask, errorOf };
}
