import { S3Client } from '@aws-sdk/client-s3';

let client: S3Client | undefined;

/** The S3 client of this function, made at its first use. */
export function s3(): S3Client {
  return (client ??= new S3Client({}));
}
