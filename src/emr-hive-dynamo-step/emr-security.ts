import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnSecurityConfiguration } from 'aws-cdk-lib/aws-emr';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { keepRevisions } from '../kept-revisions';

/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html */
const VOLUME_ACTIONS = [
  'kms:Encrypt',
  'kms:Decrypt',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:DescribeKey',
];

/** The key of the clusters' disks. They live as long as a cluster, so nothing is lost with it. */
export function createDiskKey(scope: Construct, serviceRole: iam.IRole, instanceRole: iam.IRole): kms.Key {
  const stack = Stack.of(scope);
  const key = new kms.Key(scope, 'DiskKey', {
    description: `Disks of the EMR clusters of ${scope.node.path}`,
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const grantsOfAws = { Bool: { 'kms:GrantIsForAWSResource': 'true' } };
  // volumes: EBS encrypts them for whoever launches the instance, with grants of its own
  key.grant(serviceRole, ...VOLUME_ACTIONS);
  serviceRole.addToPrincipalPolicy(
    new iam.PolicyStatement({ actions: ['kms:CreateGrant'], resources: [key.keyArn], conditions: grantsOfAws }),
  );
  /*
   * Spot instances are launched by a role of EC2's, which cannot be named as a principal before its first use has
   * created it. No kms:ViaService: EC2 Spot and EMR also ask KMS themselves, which that condition would refuse, and the
   * volume could not be attached.
   */
  const spotRole = {
    StringEquals: { 'kms:CallerAccount': stack.account },
    ArnEquals: {
      'aws:PrincipalArn': stack.formatArn({
        service: 'iam',
        region: '',
        resource: 'role',
        resourceName: 'aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot',
      }),
    },
  };
  const allowSpotRole = (actions: string[], conditions: Record<string, unknown>) =>
    key.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.AnyPrincipal()],
        actions,
        resources: ['*'], // of a key policy: this key
        conditions,
      }),
    );
  allowSpotRole(VOLUME_ACTIONS, spotRole);
  allowSpotRole(['kms:CreateGrant'], { ...spotRole, ...grantsOfAws });
  // instance stores: the instances themselves encrypt them.
  // https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-encryption-enable.html
  key.grant(instanceRole, 'kms:Decrypt', 'kms:GenerateDataKey', 'kms:DescribeKey');
  return key;
}

/** Encryption at rest, and instance metadata that only sessions can read. */
export function createSecurityConfiguration(
  scope: Construct,
  diskKey: kms.IKey,
  workBucket: IBucket,
): CfnSecurityConfiguration {
  const configuration = new CfnSecurityConfiguration(scope, 'SecurityConfiguration', {
    securityConfiguration: {
      EncryptionConfiguration: {
        // needs certificates of the user's; all traffic to S3 and DynamoDB is TLS anyway
        EnableInTransitEncryption: false,
        EnableAtRestEncryption: true,
        AtRestEncryptionConfiguration: {
          // the mode is sent with each object that a cluster writes, so it must be the bucket's own
          S3EncryptionConfiguration: workBucket.encryptionKey
            ? { EncryptionMode: 'SSE-KMS', AwsKmsKey: workBucket.encryptionKey.keyArn }
            : { EncryptionMode: 'SSE-S3' },
          LocalDiskEncryptionConfiguration: {
            EncryptionKeyProviderType: 'AwsKms',
            AwsKmsKey: diskKey.keyArn,
            EnableEbsEncryption: true,
          },
        },
      },
      InstanceMetadataServiceConfiguration: { MinimumInstanceMetadataServiceVersion: 2, HttpPutResponseHopLimit: 1 },
    },
  });
  // executions that began before a change launch with the old one, whose name their state machine holds; it costs
  // nothing
  keepRevisions(configuration);
  return configuration;
}
