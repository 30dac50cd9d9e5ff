import { EMRServerlessClient } from '@aws-sdk/client-emr-serverless';

let client: EMRServerlessClient | undefined;

/**
 * The EMR Serverless client of this function, made at its first use. StartJobRun has a client token, so every call may
 * be repeated.
 */
export function emrServerless(): EMRServerlessClient {
  return (client ??= new EMRServerlessClient({ retryMode: 'adaptive', maxAttempts: 6 }));
}
