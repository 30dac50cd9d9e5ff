import { EMRClient } from '@aws-sdk/client-emr';

let client: EMRClient | undefined;
let launcher: EMRClient | undefined;

/** The EMR client of this function, made at its first use: for every call but RunJobFlow. */
export function emr(): EMRClient {
  return client ??= new EMRClient({});
}

/**
 * The EMR client for RunJobFlow alone. The call has no client token: a retry inside the SDK, after an answer that got lost,
 * would start a second cluster, so it tries once and leaves the rest to the caller, who looks for the cluster first.
 */
export function emrLauncher(): EMRClient {
  return launcher ??= new EMRClient({ maxAttempts: 1 });
}
