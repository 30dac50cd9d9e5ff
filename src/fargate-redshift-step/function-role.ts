import { Stack } from 'aws-cdk-lib';
import type { ICluster, TaskDefinition } from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

export interface FunctionRoleProps {
  readonly cluster: ICluster;
  readonly definition: TaskDefinition;
}

/** The role of the function that launches, checks and stops tasks. */
export function createFunctionRole(scope: Construct, { cluster, definition }: FunctionRoleProps): iam.Role {
  const stack = Stack.of(scope);
  const role = new iam.Role(scope, 'FunctionRole', {
    description: `Launches, checks and stops the tasks of ${scope.node.path}`,
    assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
  });
  const tasks = stack.formatArn({ service: 'ecs', resource: 'task', resourceName: `${cluster.clusterName}/*` });
  const inCluster = { ArnEquals: { 'ecs:cluster': cluster.clusterArn } };
  const allow = (statement: iam.PolicyStatementProps) => role.addToPolicy(new iam.PolicyStatement(statement));

  allow({
    sid: 'RunTasks',
    actions: ['ecs:RunTask'],
    // executions that began before a deployment run the revision they began with
    resources: [
      stack.formatArn({ service: 'ecs', resource: 'task-definition', resourceName: `${definition.family}:*` }),
    ],
    conditions: inCluster,
  });
  allow({
    sid: 'TagTasks',
    actions: ['ecs:TagResource'],
    resources: [tasks],
    conditions: { StringEquals: { 'ecs:CreateAction': 'RunTask' } },
  });
  allow({ sid: 'UseTasks', actions: ['ecs:DescribeTasks', 'ecs:StopTask'], resources: [tasks], conditions: inCluster });
  allow({
    sid: 'FindTasks',
    actions: ['ecs:ListTasks'],
    resources: ['*'], // on Fargate ListTasks knows no resources, only the condition
    conditions: inCluster,
  });
  allow({
    sid: 'PassTaskRoles',
    actions: ['iam:PassRole'],
    resources: [definition.taskRole.roleArn, definition.obtainExecutionRole().roleArn],
    conditions: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
  });
  return role;
}
