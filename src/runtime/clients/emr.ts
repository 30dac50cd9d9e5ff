import { EMRClient } from '@aws-sdk/client-emr';

let client: EMRClient | undefined;
let launcher: EMRClient | undefined;

/**
 * The EMR client of this function, made at its first use: for every call but those that start something. EMR throttles
 * Describe and List calls for the whole account, so it slows down by what EMR has throttled before, and gives up within
 * the function's minute.
 */
export function emr(): EMRClient {
  return (client ??= new EMRClient({ retryMode: 'adaptive', maxAttempts: 6 }));
}

/**
 * The EMR client for RunJobFlow and AddJobFlowSteps. They have no client token: a retry inside the SDK, after an answer
 * that got lost, would start a second cluster or step, so it tries once and leaves the rest to the caller, who looks
 * for what there is first.
 */
export function emrLauncher(): EMRClient {
  return (launcher ??= new EMRClient({ maxAttempts: 1 }));
}
