import { Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { ISecurityGroup } from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { EMR_MANAGED_TAG, STEP_TAG } from './contract';
import type { EmrNetwork } from './emr-network';

/*
 * The managed policy AmazonEMRServicePolicy_v2 admits only subnets and security groups with a tag, which the CDK cannot
 * put on imported ones. These statements follow it, but name subnets and security groups; what a cluster creates they
 * know by EMR's tag, and change it only with the tag of the step beside it, so no step reaches another one's instances.
 * EMR puts a cluster's tags on both.
 *
 * Left out on purpose:
 * - ec2:CreateVpcEndpoint and ec2:ModifyVpcEndpoint, which EMR uses from release 7.5 on for an interface endpoint of
 *   its own in the VPC ("emr-service-vpce"). It would outlive the clusters, cost by the hour, and keep the step's
 *   security groups from being deleted with the stack. The managed policy allows it in tagged VPCs only ("for an
 *   optimal experience"), so clusters do without.
 * - security groups, placement groups, capacity reservations, key pairs, custom automatic scaling: the clusters use
 *   none of EMR's.
 */

export interface ServiceRoleProps {
  readonly network: EmrNetwork;
  /** Of the user's, for the instances. */
  readonly securityGroups: ISecurityGroup[];
  readonly instanceRole: iam.IRole;
  /** Value of STEP_TAG. */
  readonly tagValue: string;
}

/** The role that EMR assumes to run the clusters' instances. */
export function createServiceRole(
  scope: Construct,
  { network, securityGroups, instanceRole, tagValue }: ServiceRoleProps,
): iam.Role {
  const stack = Stack.of(scope);
  const ec2Arn = (resource: string, resourceName: string, account?: string) =>
    stack.formatArn({ service: 'ec2', resource, resourceName, account });
  const all = (...resources: string[]) => resources.map(resource => ec2Arn(resource, '*'));
  const groupArn = (group: ISecurityGroup) => ec2Arn('security-group', group.securityGroupId);
  const groupArns = [network.primary, network.core, ...(network.serviceAccess ? [network.serviceAccess] : [])].map(
    groupArn,
  );
  // a shared subnet belongs to another account; its id is unique everywhere
  const networkArns = [
    ...network.subnetIds.map(subnetId => ec2Arn('subnet', subnetId, '*')),
    ...groupArns,
    ...securityGroups.map(groupArn),
  ];
  const requestTagged = { StringEquals: { [`aws:RequestTag/${EMR_MANAGED_TAG}`]: 'true' } };
  const resourceTagged = { StringEquals: { [`aws:ResourceTag/${EMR_MANAGED_TAG}`]: 'true' } };
  const ofThisStep = { StringEquals: { ...resourceTagged.StringEquals, [`aws:ResourceTag/${STEP_TAG}`]: tagValue } };

  const role = new iam.Role(scope, 'ServiceRole', {
    description: `EMR for ${scope.node.path}`,
    assumedBy: new iam.ServicePrincipal('elasticmapreduce.amazonaws.com', {
      conditions: {
        StringEquals: { 'aws:SourceAccount': stack.account },
        ArnLike: { 'aws:SourceArn': stack.formatArn({ service: 'elasticmapreduce', resource: '*' }) },
      },
    }),
  });
  const allow = (statement: iam.PolicyStatementProps) => role.addToPolicy(new iam.PolicyStatement(statement));

  allow({
    sid: 'LaunchInNetwork',
    actions: [
      'ec2:CreateNetworkInterface',
      'ec2:RunInstances',
      'ec2:CreateFleet',
      'ec2:CreateLaunchTemplate',
      'ec2:CreateLaunchTemplateVersion',
    ],
    resources: networkArns,
  });
  allow({
    sid: 'LaunchFromTemplates',
    actions: ['ec2:CreateFleet', 'ec2:RunInstances', 'ec2:CreateLaunchTemplateVersion'],
    resources: all('launch-template'),
    conditions: resourceTagged,
  });
  allow({
    sid: 'CreateTagged',
    actions: ['ec2:CreateLaunchTemplate', 'ec2:RunInstances', 'ec2:CreateFleet', 'ec2:CreateNetworkInterface'],
    resources: all('launch-template', 'instance', 'volume', 'network-interface'),
    conditions: requestTagged,
  });
  allow({
    sid: 'LaunchWith',
    actions: ['ec2:RunInstances', 'ec2:CreateFleet', 'ec2:CreateLaunchTemplate', 'ec2:CreateLaunchTemplateVersion'],
    // images of EMR's have no account in their ARN
    resources: [...all('network-interface', 'fleet'), ec2Arn('image', 'ami-*', '')],
  });
  allow({
    sid: 'ManageTagged',
    actions: [
      'ec2:DeleteLaunchTemplate',
      'ec2:DeleteNetworkInterface',
      'ec2:ModifyInstanceAttribute',
      'ec2:TerminateInstances',
    ],
    resources: all('launch-template', 'network-interface', 'instance'),
    conditions: ofThisStep,
  });
  allow({
    sid: 'TagTagged',
    actions: ['ec2:CreateTags', 'ec2:DeleteTags'],
    resources: all('instance', 'volume', 'network-interface', 'launch-template'),
    conditions: ofThisStep,
  });
  allow({
    sid: 'TagOnCreate',
    actions: ['ec2:CreateTags'],
    resources: all('instance', 'volume', 'network-interface', 'launch-template'),
    conditions: {
      StringEquals: {
        'ec2:CreateAction': ['RunInstances', 'CreateFleet', 'CreateLaunchTemplate', 'CreateNetworkInterface'],
      },
    },
  });
  allow({
    sid: 'CompleteSecurityGroups',
    actions: [
      'ec2:AuthorizeSecurityGroupEgress',
      'ec2:AuthorizeSecurityGroupIngress',
      'ec2:RevokeSecurityGroupEgress',
      'ec2:RevokeSecurityGroupIngress',
    ],
    resources: groupArns,
  });
  allow({
    sid: 'Describe',
    actions: [
      'ec2:DescribeAccountAttributes',
      'ec2:DescribeCapacityReservations',
      'ec2:DescribeDhcpOptions',
      'ec2:DescribeImages',
      'ec2:DescribeInstances',
      'ec2:DescribeInstanceTypeOfferings',
      'ec2:DescribeLaunchTemplates',
      'ec2:DescribeNetworkAcls',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribePlacementGroups',
      'ec2:DescribeRouteTables',
      'ec2:DescribeSecurityGroups',
      'ec2:DescribeSubnets',
      'ec2:DescribeVolumes',
      'ec2:DescribeVolumeStatus',
      'ec2:DescribeVpcAttribute',
      'ec2:DescribeVpcEndpoints',
      'ec2:DescribeVpcs',
    ],
    resources: ['*'], // Describe actions of EC2 know no resources
  });
  allow({
    sid: 'PassInstanceRole',
    actions: ['iam:PassRole'],
    resources: [instanceRole.roleArn],
    conditions: { StringLike: { 'iam:PassedToService': 'ec2.amazonaws.com*' } }, // ec2.amazonaws.com.cn in China
  });
  allow({
    sid: 'FirstSpotRequest',
    actions: ['iam:CreateServiceLinkedRole'],
    resources: [
      stack.formatArn({
        service: 'iam',
        region: '',
        resource: 'role',
        resourceName: 'aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot',
      }),
    ],
    conditions: { StringEquals: { 'iam:AWSServiceName': 'spot.amazonaws.com' } },
  });
  return role;
}

/** The role of the instances. */
export function createInstanceRole(scope: Construct, table: ITable): iam.Role {
  const role = new iam.Role(scope, 'InstanceRole', {
    description: `Instances of the EMR clusters of ${scope.node.path}`,
    assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com'),
  });
  grantTable(role, table);
  return role;
}

/** What the DynamoDB connector does. */
export function grantTable(instanceRole: iam.IRole, table: ITable): void {
  // the connector reads the table's key and capacity, and writes in batches only
  instanceRole.addToPrincipalPolicy(
    new iam.PolicyStatement({
      sid: 'LoadTable',
      actions: ['dynamodb:DescribeTable', 'dynamodb:BatchWriteItem'],
      resources: [table.tableArn],
    }),
  );
  table.encryptionKey?.grantEncryptDecrypt(instanceRole);
}

/** What the instances read and write of a run. */
export function grantRunFolders(
  instanceRole: iam.IRole,
  workBucket: IBucket,
  inputFolder: string,
  stepFolder: string,
): void {
  instanceRole.addToPrincipalPolicy(
    new iam.PolicyStatement({
      sid: 'ReadInput',
      actions: ['s3:GetObject'],
      resources: [workBucket.arnForObjects(`${inputFolder}*`)],
    }),
  );
  instanceRole.addToPrincipalPolicy(
    new iam.PolicyStatement({
      sid: 'UseStepFolder', // the script, the counts, rejected rows, logs; Hive moves its results by copy and delete
      actions: [
        's3:GetObject',
        's3:PutObject',
        's3:DeleteObject',
        's3:AbortMultipartUpload',
        's3:ListMultipartUploadParts',
      ],
      resources: [workBucket.arnForObjects(`${stepFolder}*`)],
    }),
  );
  instanceRole.addToPrincipalPolicy(
    new iam.PolicyStatement({
      sid: 'ListWorkBucket', // without it a missing object is answered as forbidden
      actions: ['s3:ListBucket', 's3:GetBucketLocation'],
      resources: [workBucket.bucketArn],
    }),
  );
  workBucket.encryptionKey?.grantEncryptDecrypt(instanceRole);
}

/** The clusters write their logs where the function reads them. */
export function grantLogs(instanceRole: iam.Role, functionRole: iam.Role, logBucket: IBucket, prefix: string): void {
  instanceRole.addToPolicy(
    new iam.PolicyStatement({
      sid: 'WriteLogs',
      actions: ['s3:PutObject'],
      resources: [logBucket.arnForObjects(`${prefix}/*`)],
    }),
  );
  logBucket.encryptionKey?.grantEncryptDecrypt(instanceRole);
  grantLogReading(functionRole, logBucket, prefix);
}

/** The function reads why a load failed. */
export function grantLogReading(functionRole: iam.Role, logBucket: IBucket, prefix?: string): void {
  functionRole.addToPolicy(
    new iam.PolicyStatement({
      sid: 'ReadLogs',
      actions: ['s3:GetObject'],
      resources: [logBucket.arnForObjects(prefix ? `${prefix}/*` : '*')],
    }),
  );
  functionRole.addToPolicy(
    new iam.PolicyStatement({
      sid: 'ListLogBucket', // without it a missing log is answered as forbidden
      actions: ['s3:ListBucket'],
      resources: [logBucket.bucketArn],
    }),
  );
  logBucket.encryptionKey?.grantDecrypt(functionRole);
}
