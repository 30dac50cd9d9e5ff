import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECSClient } from '@aws-sdk/client-ecs';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

export type Clients = ReturnType<typeof createClients>;

/**
 * Configures a client for the local AWS, and by nothing of the user's own AWS configuration.
 * @param environment the variables that lead an SDK there
 */
export function clientConfiguration(environment: Record<string, string>) {
  return {
    endpoint: environment.AWS_ENDPOINT_URL,
    region: environment.AWS_REGION,
    credentials: { accessKeyId: environment.AWS_ACCESS_KEY_ID, secretAccessKey: environment.AWS_SECRET_ACCESS_KEY },
  };
}

export function createClients(environment: Record<string, string>) {
  const configuration = clientConfiguration(environment);
  const dynamodb = new DynamoDBClient(configuration);
  return {
    dynamodb,
    documents: DynamoDBDocumentClient.from(dynamodb),
    ecs: new ECSClient(configuration),
    lambda: new LambdaClient(configuration),
    s3: new S3Client({ ...configuration, forcePathStyle: true }),
    sfn: new SFNClient(configuration),
  };
}
