import { ECSClient } from '@aws-sdk/client-ecs';

let client: ECSClient | undefined;

/** The ECS client of this function, made at its first use. */
export function ecs(): ECSClient {
  return (client ??= new ECSClient({}));
}
