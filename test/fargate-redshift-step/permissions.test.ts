import { App, Stack } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { ENV, statementsOf, stepStack, WORKGROUP_ARN, workgroup } from './step-stack';
import { nagFindings } from '../nag-findings';

const attribute = (name: string) => ({ 'Fn::GetAtt': [expect.stringMatching(`^${name}`), 'Arn'] });
const joined = (...parts: unknown[]) => ({ 'Fn::Join': ['', parts] });
const inWorkBucket = (key: string) => joined(attribute('Work'), `/${key}`);
const ecsArn = (...parts: unknown[]) => joined('arn:', { Ref: 'AWS::Partition' }, ...parts);
const allow = (Action: unknown, Resource: unknown, more: object = {}) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...more,
});

describe('each role may do this and nothing else:', () => {
  const template = stepStack().template();
  const inCluster = { Condition: { ArnEquals: { 'ecs:cluster': attribute('ToRedshiftTaskCluster') } } };
  const tasks = ecsArn(
    ':ecs:eu-west-1:123456789012:task/',
    { Ref: expect.stringMatching('^ToRedshiftTaskCluster') },
    '/*',
  );

  test('the function', () => {
    expect(statementsOf(template, 'ToRedshiftFunctionRole')).toEqual([
      allow(
        'ecs:RunTask',
        ecsArn(
          expect.stringMatching(
            /^:ecs:eu-west-1:123456789012:task-definition\/StackToRedshiftTaskDefinition[0-9A-F]{8}:\*$/,
          ),
        ),
        { Sid: 'RunTasks', ...inCluster },
      ),
      allow('ecs:TagResource', tasks, {
        Sid: 'TagTasks',
        Condition: { StringEquals: { 'ecs:CreateAction': 'RunTask' } },
      }),
      allow(['ecs:DescribeTasks', 'ecs:StopTask'], tasks, { Sid: 'UseTasks', ...inCluster }),
      allow('ecs:ListTasks', '*', { Sid: 'FindTasks', ...inCluster }),
      allow(
        'iam:PassRole',
        [attribute('ToRedshiftTaskDefinitionTaskRole'), attribute('ToRedshiftTaskDefinitionExecutionRole')],
        {
          Sid: 'PassTaskRoles',
          Condition: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
        },
      ),
      allow(['logs:CreateLogStream', 'logs:PutLogEvents'], attribute('ToRedshiftLogs')),
      allow(['s3:GetObject', 's3:PutObject'], inWorkBucket('runs/*/ToRedshift/*'), { Sid: 'UseStepFolder' }),
      allow('s3:ListBucket', attribute('Work'), { Sid: 'ListWorkBucket' }),
    ]);
  });

  test('the task', () => {
    expect(statementsOf(template, 'ToRedshiftTaskDefinitionTaskRole')).toEqual([
      allow(['redshift-serverless:GetWorkgroup', 'redshift-serverless:GetCredentials'], WORKGROUP_ARN),
      allow('s3:GetObject', ['runs/*/input/*', 'runs/*/staged.json', 'runs/*/ToRedshift/*'].map(inWorkBucket)),
      allow('s3:PutObject', inWorkBucket('runs/*/ToRedshift/*')),
      allow('s3:ListBucket', attribute('Work')),
    ]);
  });

  test('ECS, to start the task', () => {
    expect(statementsOf(template, 'ToRedshiftTaskDefinitionExecutionRole')).toEqual([
      allow(
        ['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage'],
        ecsArn(':ecr:eu-west-1:123456789012:repository/cdk-hnb659fds-container-assets-123456789012-eu-west-1'),
      ),
      allow('ecr:GetAuthorizationToken', '*'), // ECR knows no resource for it
      allow(['logs:CreateLogStream', 'logs:PutLogEvents'], attribute('ToRedshiftTaskLogs')),
    ]);
  });

  test('COPY', () => {
    expect(statementsOf(template, 'Copy')).toEqual([
      allow('s3:GetObject', ['runs/*/input/*', 'runs/*/ToRedshift/*'].map(inWorkBucket)),
      allow('s3:ListBucket', attribute('Work')),
    ]);
  });
});

test('with a secret the task reads it and gets no credentials by IAM', () => {
  const { template } = stepStack(stack => ({
    warehouse: workgroup(stack, { secret: new secretsmanager.Secret(stack, 'Login') }),
  }));
  const statements = statementsOf(template(), 'ToRedshiftTaskDefinitionTaskRole');
  expect(statements).toEqual(
    expect.arrayContaining([
      allow(['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'], {
        Ref: expect.stringMatching('^Login'),
      }),
      allow('redshift-serverless:GetWorkgroup', WORKGROUP_ARN),
    ]),
  );
  expect(JSON.stringify(statements)).not.toContain('GetCredentials');
});

test('everybody who uses the work bucket may use its key', () => {
  const template = stepStack(
    () => ({}),
    stack => ({ encryptionKey: new kms.Key(stack, 'Key') }),
  ).template();
  const kmsActions = (role: string) =>
    statementsOf(template, role)
      .flatMap(({ Action }) => Action)
      .filter(action => action.startsWith('kms:'));
  const both = ['kms:Decrypt', 'kms:Encrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*'];
  expect(kmsActions('ToRedshiftFunctionRole')).toEqual(both);
  expect(kmsActions('ToRedshiftTaskDefinitionTaskRole')).toEqual(both);
  expect(kmsActions('Copy')).toEqual(['kms:Decrypt']);
});

describe('the role of COPY', () => {
  test('of another stack gets a policy in this one, so that the stacks depend on each other in one direction only', () => {
    const { app, template } = stepStack(stack => {
      const warehouse = new Stack(stack.node.root as App, 'Warehouse', { env: ENV });
      return {
        warehouse: workgroup(stack, {
          copyRole: new iam.Role(warehouse, 'Copy', { assumedBy: new iam.ServicePrincipal('redshift.amazonaws.com') }),
        }),
      };
    });
    template().hasResourceProperties('AWS::IAM::Policy', {
      Roles: [{ 'Fn::ImportValue': Match.stringLikeRegexp('^Warehouse:') }],
      PolicyDocument: {
        Statement: [Match.objectLike({ Action: 's3:GetObject' }), Match.objectLike({ Action: 's3:ListBucket' })],
      },
    });
    expect((app.node.findChild('Warehouse') as Stack).dependencies).toEqual([]);
  });

  test('that must not be changed is left alone', () => {
    const { template } = stepStack(stack => ({
      warehouse: workgroup(stack, {
        copyRole: iam.Role.fromRoleArn(stack, 'Copy', 'arn:aws:iam::123456789012:role/copy', { mutable: false }),
      }),
    }));
    expect(JSON.stringify(template().findResources('AWS::IAM::Policy'))).not.toContain('role/copy');
  });

  test('that is imported gets a policy', () => {
    const { template } = stepStack(stack => ({
      warehouse: workgroup(stack, {
        copyRole: iam.Role.fromRoleArn(stack, 'Copy', 'arn:aws:iam::123456789012:role/copy'),
      }),
    }));
    template().hasResourceProperties('AWS::IAM::Policy', { Roles: ['copy'] });
  });
});

test('cdk-nag finds nothing', () => {
  expect(nagFindings(stepStack().step)).toEqual([]);
});
