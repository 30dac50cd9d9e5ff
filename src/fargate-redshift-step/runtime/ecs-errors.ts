import { callsOf } from '../../etl-step/runtime/aws-errors';
import { CapacityError, ConfigurationError } from '../../runtime/errors';

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

/** Makes the calls of ECS: the error that they throw is the one that the state machine acts on. */
export const { ask, errorOf: ecsError } = callsOf('ECS', (error, text) => {
  const options = { cause: error };
  if (NO_ROOM.test(error.message)) {
    return new CapacityError(
      `${text} If that stays so, give the step subnets in more zones or raise the account's Fargate quota.`,
      options,
    );
  }
  return CONFIGURATION.has(error.name) ? new ConfigurationError(`${text} Change what it names.`, options) : undefined;
});
