import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import {
  Column,
  DataFormat,
  Dataset,
  FargateRedshiftStep,
  FargateRedshiftStepProps,
  RedshiftServerlessOptions,
  RedshiftWarehouse,
} from '../../src';

export const ENV = { account: '123456789012', region: 'eu-west-1' };
export const WORKGROUP_ARN = 'arn:aws:redshift-serverless:eu-west-1:123456789012:workgroup/1234';

export const ORDERS = new Dataset({
  name: 'orders',
  format: DataFormat.csv(),
  columns: [Column.string('order_id'), Column.decimal('amount', 12, 2)],
  key: ['order_id'],
});

export function copyRole(scope: Construct): iam.Role {
  return new iam.Role(scope, 'Copy', { assumedBy: new iam.ServicePrincipal('redshift.amazonaws.com') });
}

export function workgroup(scope: Construct, more: Partial<RedshiftServerlessOptions> = {}): RedshiftWarehouse {
  return RedshiftWarehouse.serverless({
    workgroupName: 'wg',
    workgroupArn: WORKGROUP_ARN,
    database: 'dev',
    ...more,
    copyRole: more.copyRole ?? copyRole(scope),
  });
}

export interface StepStack {
  readonly app: App;
  readonly stack: Stack;
  readonly step: FargateRedshiftStep;
  readonly template: () => Template;
}

/** A step in a state machine of its own. What `make` does not say is a workgroup and a VPC with private subnets. */
export function stepStack(
  make: (stack: Stack) => Partial<FargateRedshiftStepProps> = () => ({}),
  bucketProps: (stack: Stack) => s3.BucketProps = () => ({}),
): StepStack {
  const app = new App();
  const stack = new Stack(app, 'Stack', { env: ENV });
  const props = make(stack);
  const step = new FargateRedshiftStep(stack, 'ToRedshift', {
    schema: 'analytics',
    table: 'orders',
    ...props,
    warehouse: props.warehouse ?? workgroup(stack),
    ...(props.vpc || props.cluster ? {} : { vpc: new ec2.Vpc(stack, 'Vpc') }),
  });
  const workBucket = new s3.Bucket(stack, 'Work', bucketProps(stack));
  const { chain } = step.bind(new Construct(stack, 'States'), { dataset: ORDERS, workBucket });
  new sfn.StateMachine(stack, 'Machine', { definitionBody: sfn.DefinitionBody.fromChainable(chain) });
  return { app, stack, step, template: () => Template.fromStack(stack) };
}

/** The statements of the policies of a role, known by the beginning of its logical id. */
export function statementsOf(template: Template, role: string): any[] {
  const policies = Object.values(template.findResources('AWS::IAM::Policy'));
  return policies
    .filter(({ Properties }) => Properties.Roles.some((ref: { Ref?: string }) => ref.Ref?.startsWith(role)))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
}
