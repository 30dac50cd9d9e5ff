import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { RUN_RETENTION_DAYS } from '../file-ledger/contract';

export interface WorkBucketProps {
  readonly encryptionKey?: IKey;
  readonly removalPolicy: RemovalPolicy;
}

/** The bucket in which runs keep what they need and what they leave, for a trigger that was not given one. */
export function createWorkBucket(scope: Construct, { encryptionKey, removalPolicy }: WorkBucketProps): s3.Bucket {
  const bucket = new s3.Bucket(scope, 'WorkBucket', {
    encryption: encryptionKey ? s3.BucketEncryption.KMS : s3.BucketEncryption.S3_MANAGED,
    encryptionKey,
    bucketKeyEnabled: encryptionKey ? true : undefined, // one call to KMS for many of a run's objects
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    lifecycleRules: [
      {
        id: 'SettledRuns',
        prefix: 'runs/',
        expiration: Duration.days(RUN_RETENTION_DAYS),
        abortIncompleteMultipartUploadAfter: Duration.days(7),
      },
    ],
    removalPolicy,
    autoDeleteObjects: removalPolicy === RemovalPolicy.DESTROY, // else a bucket that was used cannot be deleted
  });
  return bucket;
}
