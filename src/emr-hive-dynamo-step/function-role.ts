import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { STEP_TAG } from './contract';

export interface FunctionRoleProps {
  readonly serviceRole: iam.IRole;
  readonly instanceRole: iam.IRole;
  /** Value of STEP_TAG of the clusters that the function may touch. */
  readonly tagValue: string;
}

/** The role of the function that launches, checks and stops clusters. */
export function createFunctionRole(scope: Construct, { serviceRole, instanceRole, tagValue }: FunctionRoleProps): iam.Role {
  const stack = Stack.of(scope);
  const clusters = stack.formatArn({ service: 'elasticmapreduce', resource: 'cluster', resourceName: '*' });
  const role = new iam.Role(scope, 'FunctionRole', {
    description: `Launches, checks and stops the EMR clusters of ${scope.node.path}`,
    assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
  });
  const allow = (statement: iam.PolicyStatementProps) => role.addToPolicy(new iam.PolicyStatement(statement));

  allow({
    sid: 'LaunchClusters',
    actions: ['elasticmapreduce:RunJobFlow'],
    resources: ['*'], // there is no cluster yet
    conditions: { StringEquals: { [`elasticmapreduce:RequestTag/${STEP_TAG}`]: tagValue } },
  });
  allow({
    sid: 'TagClusters',
    actions: ['elasticmapreduce:AddTags'],
    resources: [clusters],
    conditions: { StringEquals: { [`elasticmapreduce:RequestTag/${STEP_TAG}`]: tagValue } },
  });
  allow({
    sid: 'UseClusters',
    actions: ['elasticmapreduce:DescribeCluster', 'elasticmapreduce:ListSteps', 'elasticmapreduce:TerminateJobFlows'],
    resources: [clusters],
    conditions: { StringEquals: { [`elasticmapreduce:ResourceTag/${STEP_TAG}`]: tagValue } },
  });
  allow({
    sid: 'FindClusters',
    actions: ['elasticmapreduce:ListClusters'],
    resources: ['*'], // ListClusters knows no resources
  });
  allow({
    sid: 'PassServiceRole',
    actions: ['iam:PassRole'],
    resources: [serviceRole.roleArn],
    conditions: { StringLike: { 'iam:PassedToService': 'elasticmapreduce.amazonaws.com*' } }, // with .cn in China
  });
  allow({
    sid: 'PassInstanceRole',
    actions: ['iam:PassRole'],
    resources: [instanceRole.roleArn],
    conditions: { StringLike: { 'iam:PassedToService': 'ec2.amazonaws.com*' } },
  });
  allow({
    sid: 'FirstCluster', // EMR cleans up with this role where it can no longer use the service role
    actions: ['iam:CreateServiceLinkedRole'],
    resources: [stack.formatArn({
      service: 'iam', region: '', resource: 'role', resourceName: 'aws-service-role/elasticmapreduce.amazonaws.com*/AWSServiceRoleForEMRCleanup*',
    })],
    conditions: { StringLike: { 'iam:AWSServiceName': 'elasticmapreduce.amazonaws.com*' } },
  });
  return role;
}
