import { LambdaClient } from '@aws-sdk/client-lambda';

let client: LambdaClient | undefined;

/** The Lambda client of this function, made at its first use. */
export function lambda(): LambdaClient {
  return (client ??= new LambdaClient({}));
}
