import { EventBridgeClient } from '@aws-sdk/client-eventbridge';

let client: EventBridgeClient | undefined;

/** The EventBridge client of this function, made at its first use. */
export function eventBridge(): EventBridgeClient {
  return (client ??= new EventBridgeClient({}));
}
