import { isTransient } from '../../etl-step/runtime/aws-errors';
import { CapacityError, ConfigurationError, EtlError, TransientError } from '../../runtime/errors';

/** Refusals that stay until somebody changes something. */
const CONFIGURATION = new Set([
  'AccessDeniedException',
  'BlockedException',
  'ClientException',
  'ClusterNotFoundException',
  'InvalidParameterException',
  'PlatformTaskDefinitionIncompatibilityException',
  'PlatformUnknownException',
  'ResourceNotFoundException',
  'UnsupportedFeatureException',
]);

/**
 * Texts by which Fargate says that there is no room for a task: in its own zones, or in the account's quota, which
 * other tasks may leave.
 */
const NO_ROOM = /capacity is unavailable|limit on the number of (?:tasks|vCPUs) you can run concurrently/i;

/** The error that the state machine acts on, for a call of ECS that failed; an unknown error as it is. */
export function ecsError(runId: string, call: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof EtlError) return error;
  const text = `Run ${runId}: ${call} failed: ${error.name}: ${error.message}`;
  const options = { cause: error };
  if (NO_ROOM.test(error.message)) {
    return new CapacityError(
      `${text} If that stays so, give the step subnets in more zones or raise the account's Fargate quota.`,
      options,
    );
  }
  if (isTransient(error)) return new TransientError(text, options);
  if (CONFIGURATION.has(error.name)) return new ConfigurationError(`${text} Change what it names.`, options);
  return error;
}

/** Whether RunTask has surely started nothing: after any other error a task may exist. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && (CONFIGURATION.has(error.name) || NO_ROOM.test(error.message));
}
