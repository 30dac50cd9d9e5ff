import { SFNClient } from '@aws-sdk/client-sfn';

let client: SFNClient | undefined;

/** The Step Functions client of this function, made at its first use. */
export function sfn(): SFNClient {
  return (client ??= new SFNClient({}));
}
