import { Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { STEP_TAG } from './contract';

/** The role of the function that launches, checks and stops loads. */
export function createFunctionRole(scope: Construct, table: ITable): iam.Role {
  const role = new iam.Role(scope, 'FunctionRole', {
    description: `Launches, checks and stops the EMR clusters of ${scope.node.path}`,
    assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
  });
  role.addToPolicy(
    new iam.PolicyStatement({ sid: 'DescribeTable', actions: ['dynamodb:DescribeTable'], resources: [table.tableArn] }),
  );
  return role;
}

export interface GrantClustersProps {
  readonly serviceRole: iam.IRole;
  readonly instanceRole: iam.IRole;
  /** Value of STEP_TAG of the clusters that the function may touch. */
  readonly tagValue: string;
}

/** Clusters of the step's own. */
export function grantClusters(role: iam.Role, { serviceRole, instanceRole, tagValue }: GrantClustersProps): void {
  const stack = Stack.of(role);
  const clusters = clustersArn(role);
  const allow = (statement: iam.PolicyStatementProps) => role.addToPolicy(new iam.PolicyStatement(statement));

  allow({
    sid: 'LaunchClusters',
    actions: ['elasticmapreduce:RunJobFlow'],
    resources: ['*'], // there is no cluster yet
    conditions: { StringEquals: { [`elasticmapreduce:RequestTag/${STEP_TAG}`]: tagValue } },
  });
  allow({
    sid: 'TagClusters', // RunJobFlow with tags needs it
    actions: ['elasticmapreduce:AddTags'],
    resources: [clusters],
    conditions: { StringEquals: { [`elasticmapreduce:RequestTag/${STEP_TAG}`]: tagValue } },
  });
  allow({
    sid: 'UseClusters',
    actions: [
      'elasticmapreduce:DescribeCluster',
      'elasticmapreduce:ListSteps',
      'elasticmapreduce:ListInstances',
      'elasticmapreduce:TerminateJobFlows',
    ],
    resources: [clusters],
    conditions: ofStep(tagValue),
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
    resources: [
      stack.formatArn({
        service: 'iam',
        region: '',
        resource: 'role',
        resourceName: 'aws-service-role/elasticmapreduce.amazonaws.com*/AWSServiceRoleForEMRCleanup*',
      }),
    ],
    conditions: { StringLike: { 'iam:AWSServiceName': 'elasticmapreduce.amazonaws.com*' } },
  });
}

/** Steps on clusters that the step keeps. */
export function grantSteps(role: iam.Role, tagValue: string): void {
  role.addToPolicy(
    new iam.PolicyStatement({
      sid: 'UseSteps',
      actions: ['elasticmapreduce:AddJobFlowSteps', 'elasticmapreduce:CancelSteps'],
      resources: [clustersArn(role)],
      conditions: ofStep(tagValue),
    }),
  );
}

/** Steps on a cluster of the user's, which stays as it is. */
export function grantExistingCluster(role: iam.Role, clusterId: string): void {
  role.addToPolicy(
    new iam.PolicyStatement({
      sid: 'UseCluster',
      actions: [
        'elasticmapreduce:DescribeCluster',
        'elasticmapreduce:ListSteps',
        'elasticmapreduce:AddJobFlowSteps',
        'elasticmapreduce:CancelSteps',
      ],
      resources: [
        Stack.of(role).formatArn({ service: 'elasticmapreduce', resource: 'cluster', resourceName: clusterId }),
      ],
    }),
  );
}

/** Job runs of an application of EMR Serverless. */
export function grantServerless(role: iam.Role, applicationArn: string, jobRole: iam.IRole): void {
  const allow = (statement: iam.PolicyStatementProps) => role.addToPolicy(new iam.PolicyStatement(statement));
  allow({
    sid: 'StartJobRuns',
    actions: ['emr-serverless:StartJobRun', 'emr-serverless:ListJobRuns'],
    resources: [applicationArn],
  });
  allow({
    sid: 'UseJobRuns',
    actions: ['emr-serverless:GetJobRun', 'emr-serverless:CancelJobRun'],
    resources: [`${applicationArn}/jobruns/*`],
  });
  allow({
    sid: 'PassJobRole',
    actions: ['iam:PassRole'],
    resources: [jobRole.roleArn],
    conditions: { StringLike: { 'iam:PassedToService': 'emr-serverless.amazonaws.com*' } }, // with .cn in China
  });
}

const clustersArn = (role: iam.Role): string =>
  Stack.of(role).formatArn({ service: 'elasticmapreduce', resource: 'cluster', resourceName: '*' });

const ofStep = (tagValue: string) => ({ StringEquals: { [`elasticmapreduce:ResourceTag/${STEP_TAG}`]: tagValue } });
