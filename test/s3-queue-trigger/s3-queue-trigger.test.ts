import { App, Duration, Lazy, RemovalPolicy, Size, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { EventDelivery, S3QueueTrigger, type S3QueueTriggerProps } from '../../src';
import { METRICS } from '../../src/metrics/contract';

type Options = Partial<S3QueueTriggerProps>;

function stateMachine(stack: Stack, type = sfn.StateMachineType.STANDARD): sfn.StateMachine {
  return new sfn.StateMachine(stack, 'Machine', {
    definitionBody: sfn.DefinitionBody.fromChainable(new sfn.Pass(stack, 'Pass')),
    stateMachineType: type,
  });
}

function make(options: Options = {}, stopFunctions?: (stack: Stack) => lambda.IFunction[]) {
  const stack = new Stack(new App(), 'Stack', { env: { account: '111122223333', region: 'eu-west-1' } });
  const bucket = new s3.Bucket(stack, 'Landing');
  const trigger = new S3QueueTrigger(stack, 'Trigger', { bucket, ...options });
  trigger.startExecutionsOf(stateMachine(stack), { stopFunctions: stopFunctions?.(stack) });
  return { stack, bucket, trigger };
}

const templateOf = (options: Options = {}) => Template.fromStack(make(options).stack);

/** Variables of the function with that description. */
function environment(template: Template, description: RegExp): Record<string, unknown> {
  const [resource] = Object.values(template.findResources('AWS::Lambda::Function')).filter(({ Properties }) =>
    description.test(Properties.Description),
  );
  return resource.Properties.Environment.Variables;
}

/** All that the function may do, of the role whose logical id matches. */
function statements(template: Template, role: RegExp): { Sid?: string; Action: unknown; Resource: unknown }[] {
  return Object.values(template.findResources('AWS::IAM::Policy'))
    .filter(({ Properties }) => Properties.Roles.some((reference: { Ref: string }) => role.test(reference.Ref)))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
}

describe('the queue', () => {
  test('waits six times as long as a function may take, and the window, before it delivers again', () => {
    templateOf({ batchingWindow: Duration.seconds(120) }).hasResourceProperties('AWS::SQS::Queue', {
      VisibilityTimeout: 6 * 180 + 120,
      RedrivePolicy: { maxReceiveCount: 5 },
    });
  });

  test('and its dead-letter queue keep messages for 14 days, encrypted by SQS, and refuse plain HTTP', () => {
    const template = templateOf();
    template.resourcePropertiesCountIs(
      'AWS::SQS::Queue',
      { MessageRetentionPeriod: 1_209_600, SqsManagedSseEnabled: true },
      2,
    );
    template.resourcePropertiesCountIs(
      'AWS::SQS::QueuePolicy',
      {
        PolicyDocument: {
          Statement: Match.arrayWith([
            Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
          ]),
        },
      },
      2,
    );
  });

  test('hands the function large batches, few at a time, and gets back which messages failed', () => {
    templateOf().hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 10_000,
      MaximumBatchingWindowInSeconds: 60,
      ScalingConfig: { MaximumConcurrency: 2 },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });

  test('hands out at once, and therefore few messages, if there is no window', () => {
    templateOf({ batchingWindow: Duration.seconds(0) }).hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 10,
      MaximumBatchingWindowInSeconds: Match.absent(),
    });
  });
});

describe('the ledger', () => {
  test('is a table with an index of what waits', () => {
    const template = templateOf();
    template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      Properties: {
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        GlobalSecondaryIndexes: [
          {
            IndexName: 'waiting',
            KeySchema: [
              { AttributeName: 'waiting', KeyType: 'HASH' },
              { AttributeName: 'arrived', KeyType: 'RANGE' },
            ],
            Projection: { ProjectionType: 'ALL' },
          },
        ],
        AttributeDefinitions: Match.arrayWith([
          { AttributeName: 'waiting', AttributeType: 'N' },
          { AttributeName: 'arrived', AttributeType: 'S' },
        ]),
        BillingMode: 'PAY_PER_REQUEST',
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
        DeletionProtectionEnabled: true,
      },
    });
  });

  test('tells every function its limits', () => {
    const template = templateOf({
      maxFilesPerExecution: 100,
      maxBytesPerExecution: Size.mebibytes(1),
      maxConcurrentExecutions: 4,
      maxAttempts: 2,
    });
    for (const description of [/^Enters/, /^Tries/, /^Takes/]) {
      expect(environment(template, description)).toMatchObject({
        MAX_FILES_PER_EXECUTION: '100',
        MAX_BYTES_PER_EXECUTION: '1048576',
        MAX_CONCURRENT_EXECUTIONS: '4',
        MAX_ATTEMPTS: '2',
        STATE_MACHINE_ARN: { Ref: expect.stringMatching(/^Machine/) },
      });
    }
  });

  test('has the limits that are documented unless told otherwise', () => {
    const variables = environment(templateOf(), /^Enters/);
    expect(variables).toMatchObject({
      MAX_FILES_PER_EXECUTION: '10000',
      MAX_BYTES_PER_EXECUTION: '536870912',
      MAX_CONCURRENT_EXECUTIONS: '1',
      MAX_ATTEMPTS: '3',
    });
  });

  test.each([
    [1, '5'],
    [8, '5'],
    [9, '6'],
    [10_000, '16'],
    [50_000, '18'],
  ])('pauses only after more failures than one bad file among %i can cause: %s', (maxFilesPerExecution, failures) => {
    expect(environment(templateOf({ maxFilesPerExecution }), /^Takes/).PAUSE_AFTER_FAILURES).toBe(failures);
  });
});

describe('the work bucket', () => {
  test('is private, encrypted, and forgets runs after half a year', () => {
    templateOf().hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Retain',
      Properties: {
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        LifecycleConfiguration: {
          Rules: [
            Match.objectLike({
              Prefix: 'runs/',
              ExpirationInDays: 180,
              AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
            }),
          ],
        },
      },
    });
  });

  test("may be the user's", () => {
    const stack = new Stack(new App(), 'Stack');
    const workBucket = new s3.Bucket(stack, 'Work');
    const trigger = new S3QueueTrigger(stack, 'Trigger', { bucket: new s3.Bucket(stack, 'Landing'), workBucket });
    trigger.startExecutionsOf(stateMachine(stack));
    expect(trigger.workBucket).toBe(workBucket);
    Template.fromStack(stack).resourceCountIs('AWS::S3::Bucket', 2);
  });
});

test('with DESTROY everything goes, data and all', () => {
  const template = templateOf({ removalPolicy: RemovalPolicy.DESTROY });
  template.hasResource('AWS::DynamoDB::Table', {
    DeletionPolicy: 'Delete',
    Properties: { DeletionProtectionEnabled: false },
  });
  template.hasResource('AWS::S3::Bucket', {
    DeletionPolicy: 'Delete',
    Properties: { LifecycleConfiguration: Match.anyValue() },
  });
  template.resourceCountIs('Custom::S3AutoDeleteObjects', 1);
});

test("a key of the user's encrypts queues, ledger and work bucket, and the functions may use it", () => {
  const stack = new Stack(new App(), 'Stack');
  const encryptionKey = new kms.Key(stack, 'Key');
  const trigger = new S3QueueTrigger(stack, 'Trigger', { bucket: new s3.Bucket(stack, 'Landing'), encryptionKey });
  trigger.startExecutionsOf(stateMachine(stack));
  const template = Template.fromStack(stack);
  const key = { 'Fn::GetAtt': [Match.stringLikeRegexp('^Key'), 'Arn'] };
  template.resourcePropertiesCountIs('AWS::SQS::Queue', { KmsMasterKeyId: key }, 2);
  template.hasResourceProperties('AWS::DynamoDB::Table', {
    SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: key },
  });
  template.hasResourceProperties('AWS::S3::Bucket', {
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [
        Match.objectLike({ ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: key } }),
      ],
    },
  });
  // S3 must be able to send its notifications to the queue
  template.hasResourceProperties('AWS::KMS::Key', {
    KeyPolicy: { Statement: Match.arrayWith([Match.objectLike({ Principal: { Service: 's3.amazonaws.com' } })]) },
  });
  for (const role of [/Arrivals/, /Advance/, /Sweep/, /Teardown/, /Operator/]) {
    expect(
      statements(template, role).filter(({ Action }) => [Action].flat().includes('kms:GenerateDataKey')),
    ).toHaveLength(1);
  }
});

describe('functions', () => {
  test('may do what they do, and nothing else', () => {
    const template = Template.fromStack(
      make({ prefix: 'in/' }, stack => [
        lambda.Function.fromFunctionArn(stack, 'Stop', 'arn:aws:lambda:eu-west-1:111122223333:function:stop:7'),
      ]).stack,
    );
    const sids = (role: RegExp) => statements(template, role).map(({ Sid, Action }) => Sid ?? [Action].flat().join());
    const writeLogs = 'logs:CreateLogStream,logs:PutLogEvents';
    const dispatch = ['UseLedger', 'FindWaitingFiles', 'WritePlansAndLists'];
    const follow = ['ReadRuns', 'ListWorkBucket', 'StartExecutions', 'states:DescribeExecution', 'StopCompute'];
    const consume =
      'sqs:ReceiveMessage,sqs:ChangeMessageVisibility,sqs:GetQueueUrl,sqs:DeleteMessage,sqs:GetQueueAttributes';
    expect(sids(/Arrivals/)).toEqual([
      writeLogs,
      's3:GetObject,s3:GetObjectVersion',
      's3:ListBucket',
      ...dispatch,
      consume,
      'StartExecutions',
    ]);
    expect(sids(/Advance/)).toEqual([writeLogs, ...dispatch, ...follow]);
    expect(sids(/Sweep/)).toEqual([writeLogs, ...dispatch, ...follow]);
    const last = follow.indexOf('states:DescribeExecution');
    expect(sids(/Teardown/)).toEqual([
      writeLogs,
      ...dispatch,
      ...follow.slice(0, last),
      'ListExecutions',
      'states:StopExecution',
      ...follow.slice(last),
    ]);
    expect(sids(/Operator/)).toEqual([
      writeLogs,
      's3:GetObject,s3:GetObjectVersion',
      's3:ListBucket',
      'UseLedger',
      'FindWaitingFiles',
      'ReadListsOfRuns',
      'ListWorkBucket',
    ]);
    expect(JSON.stringify(statements(template, /Trigger/).map(({ Resource }) => Resource))).not.toContain('"*"');
    const managed = Object.entries(
      template.findResources('AWS::IAM::Role', { Properties: { ManagedPolicyArns: Match.anyValue() } }),
    );
    expect(managed.map(([id]) => id)).toEqual([expect.stringMatching(/^BucketNotificationsHandler/)]); // CDK's own
  });

  test('know and may call what stops compute, exactly in the version given', () => {
    const arn = 'arn:aws:lambda:eu-west-1:111122223333:function:stop:7';
    const template = Template.fromStack(
      make({}, stack => [
        lambda.Function.fromFunctionArn(stack, 'Stop', arn),
        lambda.Function.fromFunctionArn(stack, 'Stop2', `${arn}2`),
      ]).stack,
    );
    expect(environment(template, /^Takes/).STOP_FUNCTIONS).toBe(`${arn},${arn}2`);
    expect(environment(template, /^Enters/)).not.toHaveProperty('STOP_FUNCTIONS');
    expect(statements(template, /Advance/).find(({ Sid }) => Sid === 'StopCompute')!.Resource).toEqual([
      arn,
      `${arn}2`,
    ]);
  });

  test('the one that stops runs alone knows and may call what is kept between runs', () => {
    const arn = 'arn:aws:lambda:eu-west-1:111122223333:function:keeper';
    const stack = new Stack(new App(), 'Stack');
    const trigger = new S3QueueTrigger(stack, 'Trigger', { bucket: new s3.Bucket(stack, 'Landing') });
    trigger.startExecutionsOf(stateMachine(stack), {
      teardownFunctions: [lambda.Function.fromFunctionArn(stack, 'Keeper', arn)],
    });
    const template = Template.fromStack(stack);
    const knowing = Object.values(template.findResources('AWS::Lambda::Function')).filter(({ Properties }) =>
      JSON.stringify(Properties).includes(arn),
    );
    expect(
      knowing.map(({ Properties }) => [Properties.Description, Properties.Environment.Variables.TEARDOWN_FUNCTIONS]),
    ).toEqual([[expect.stringMatching(/^Stops the runs/), arn]]);
    expect(statements(template, /Trigger/).filter(({ Resource }) => Resource === arn)).toHaveLength(1);
    expect(statements(template, /Teardown/)).toContainEqual(
      expect.objectContaining({ Sid: 'EndKeptCompute', Action: 'lambda:InvokeFunction', Resource: arn }),
    );
  });

  test('have a log group each, kept for a month, and three minutes; the one that stops runs has all that Lambda gives', () => {
    const template = templateOf();
    template.resourcePropertiesCountIs('AWS::Logs::LogGroup', { RetentionInDays: 30 }, 5);
    expect(
      Object.values(template.findResources('AWS::Lambda::Function', { Properties: { Timeout: 900 } })).map(
        ({ Properties }) => Properties.Description,
      ),
    ).toEqual([expect.stringMatching(/^Stops the runs/)]);
    template.resourcePropertiesCountIs(
      'AWS::Lambda::Function',
      { Timeout: 180, MemorySize: 1024, Runtime: 'nodejs22.x' },
      3,
    );
  });

  test('are called when an execution ends, and every minute', () => {
    const template = templateOf();
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [{ Ref: Match.stringLikeRegexp('^Machine') }],
          status: ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      },
      Targets: [{ Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('TriggerAdvance'), 'Arn'] } }],
    });
    template.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(1 minute)',
      Targets: [{ Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('TriggerSweep'), 'Arn'] } }],
    });
  });
});

describe('the operator function', () => {
  test('knows the bucket and the same filters as the arrivals', () => {
    const template = templateOf({
      prefix: 'in/',
      suffixes: ['.csv'],
      minFileSize: Size.bytes(1),
      maxFileSize: Size.kibibytes(1),
    });
    const filters = { KEY_PREFIX: 'in/', KEY_SUFFIXES: '[".csv"]', MIN_FILE_SIZE: '1', MAX_FILE_SIZE: '1024' };
    expect(environment(template, /^Enters/)).toMatchObject(filters);
    expect(environment(template, /^Does what/)).toEqual({
      ...filters,
      LANDING_BUCKET: { Ref: expect.stringMatching(/^Landing/) },
      LEDGER_TABLE: expect.anything(),
      WORK_BUCKET: expect.anything(),
      PAUSE_AFTER_FAILURES: '16',
      METRICS_TRIGGER: expect.stringMatching(/^Stack-Trigger-/),
    });
  });

  test('answers before the AWS CLI gives up', () => {
    templateOf().hasResourceProperties('AWS::Lambda::Function', {
      Description: Match.stringLikeRegexp('^Does what'),
      Timeout: 60,
    });
  });

  test('depends on no state machine: steps may name it in their messages', () => {
    const template = templateOf();
    const [operator] = Object.entries(template.findResources('AWS::IAM::Policy')).filter(([id]) => /Operator/.test(id));
    expect(JSON.stringify(operator)).not.toMatch(/Machine/);
  });

  test('is called by whom it is granted to, and by nobody else', () => {
    const { stack, trigger } = make();
    const grant = trigger.grantOperate(new iam.Role(stack, 'OnCall', { assumedBy: new iam.AccountRootPrincipal() }));
    expect(grant.success).toBe(true);
    const arn = { 'Fn::GetAtt': [expect.stringMatching(/^TriggerOperator/), 'Arn'] };
    expect(statements(Template.fromStack(stack), /OnCall/)).toEqual([
      { Action: 'lambda:InvokeFunction', Effect: 'Allow', Resource: [arn, { 'Fn::Join': ['', [arn, ':*']] }] },
    ]);
  });
});

test('a retention reaches every function that ends a file', () => {
  const template = templateOf({ ledgerRetention: Duration.days(60) });
  for (const description of [/^Enters/, /^Tries/, /^Takes/, /^Stops/, /^Does what/]) {
    expect(environment(template, description)).toMatchObject({ LEDGER_RETENTION_SECONDS: String(60 * 86_400) });
  }
  expect(environment(templateOf(), /^Tries/)).not.toHaveProperty('LEDGER_RETENTION_SECONDS');
});

test('log retention, tracing and architecture reach every function', () => {
  const { stack } = make({
    logRetention: logs.RetentionDays.ONE_YEAR,
    tracing: lambda.Tracing.ACTIVE,
    architecture: lambda.Architecture.ARM_64,
  });
  const template = Template.fromStack(stack);
  template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 365 });
  const functions = template.findResources('AWS::Lambda::Function', {
    Properties: { LoggingConfig: Match.anyValue() },
  });
  expect(
    Object.values(functions).map(({ Properties }) => [Properties.TracingConfig, Properties.Architectures]),
  ).toEqual(Array(5).fill([{ Mode: 'Active' }, ['arm64']]));
});

describe('events', () => {
  test.each([
    ['onRunFailed', 'Etl Run Failed'],
    ['onFileRejected', 'Etl File Rejected'],
    ['onPaused', 'Etl Paused'],
  ] as const)('%s makes a rule for the trigger alone', (method, detailType) => {
    const { stack, trigger } = make();
    trigger[method]('Rule', {
      target: { bind: () => ({ arn: 'arn:aws:sns:eu-west-1:111122223333:on-call' }) },
      eventPattern: { detail: { more: [1] } },
    });
    const template = Template.fromStack(stack);
    const { EVENTS_TRIGGER } = environment(template, /^Tries/);
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['cdk-etl-steps'],
        'detail-type': [detailType],
        detail: { trigger: [EVENTS_TRIGGER], more: [1] },
      },
      Targets: [Match.objectLike({ Arn: 'arn:aws:sns:eu-west-1:111122223333:on-call' })],
    });
  });

  test('are sent by those who know of them, to the default bus, and only if somebody listens', () => {
    const { stack, trigger } = make();
    trigger.onPaused('Paused');
    trigger.onRunFailed('Failed');
    const template = Template.fromStack(stack);
    for (const role of [/Arrivals/, /Advance/, /Sweep/, /Teardown/, /Operator/]) {
      const sends = statements(template, role).filter(({ Sid }) => Sid === 'SendEvents');
      expect(sends).toEqual([expect.objectContaining({ Action: 'events:PutEvents' })]);
      expect(JSON.stringify(sends[0].Resource)).toContain(':events:eu-west-1:111122223333:event-bus/default');
    }
    expect(JSON.stringify(templateOf().toJSON())).not.toMatch(/PutEvents|EVENTS_TRIGGER/);
  });
});

describe('metrics', () => {
  const names = Object.getOwnPropertyNames(S3QueueTrigger.prototype).filter(name =>
    /^metric./.test(name),
  ) as 'metricFilesLoaded'[];

  test.each(names)('%s asks for what the functions record', name => {
    const { stack, trigger } = make();
    const metric = trigger[name]();
    expect(`metric${metric.metricName}`).toBe(name);
    expect(METRICS).toHaveProperty(metric.metricName);
    expect(metric.namespace).toBe('cdk-etl-steps');
    const variables = environment(Template.fromStack(stack), /^Takes/);
    expect(metric.dimensions).toEqual({ Trigger: variables.METRICS_TRIGGER });
    expect(variables.METRICS_TRIGGER).toMatch(/^Stack-Trigger-/);
  });

  test('all of a trigger have a method, options change them, others are refused', () => {
    expect(names).toHaveLength(11);
    const { trigger } = make();
    expect(trigger.metricFilesLoaded({ period: Duration.hours(1), statistic: 'max' })).toMatchObject({
      period: Duration.hours(1),
      statistic: 'Maximum',
    });
    expect(trigger.metric('FilesLoaded')).toMatchObject({ statistic: 'Sum', unit: 'Count' });
    expect(() => trigger.metric('RowsRead')).toThrow(
      /Stack\/Trigger has no metric 'RowsRead': it must be one of FilesArrived, /,
    );
  });
});

describe('alarms', () => {
  const action = { bind: () => ({ alarmActionArn: 'arn:aws:sns:eu-west-1:111122223333:on-call' }) };

  test('are off unless somebody is to be told', () => {
    templateOf().resourceCountIs('AWS::CloudWatch::Alarm', 0);
  });

  test.each<[RegExp, object, RegExp]>([
    [
      /DeadLetters/,
      { MetricName: 'ApproximateNumberOfMessagesVisible', Namespace: 'AWS/SQS', Threshold: 1, Statistic: 'Maximum' },
      /aws sqs start-message-move-task --source-arn /,
    ],
    [/OldestFile/, { MetricName: 'OldestFileAge', Threshold: 21_600, Statistic: 'Maximum' }, /6 hours.*"showWaiting"/],
    [/RunFailed/, { MetricName: 'RunsFailed', Threshold: 1, Statistic: 'Sum' }, /"showFailures".*"putBack","runId"/],
    [
      /FileRejected/,
      { MetricName: 'FilesRejected', Threshold: 1, Statistic: 'Sum' },
      /"showFailures".*"putBack","fileIds"/,
    ],
    [/Paused/, { MetricName: 'Paused', Threshold: 1, Statistic: 'Maximum' }, /"showWaiting".*"resume"/],
    [
      /SweepErrors/,
      { MetricName: 'Errors', Namespace: 'AWS/Lambda', Threshold: 3, Period: 300, Statistic: 'Sum' },
      /log says which part failed/,
    ],
    [
      /StuckStop/,
      { MetricName: 'RunsStopping', Threshold: 1, Period: 60, EvaluationPeriods: 30, Statistic: 'Sum' },
      /30 minutes.*cost money/,
    ],
  ])('%s tells what to do', (id, properties, text) => {
    const alarms = templateOf({ alarmActions: [action] }).findResources('AWS::CloudWatch::Alarm');
    expect(Object.keys(alarms)).toHaveLength(7);
    const [[, { Properties }]] = Object.entries(alarms).filter(([name]) => id.test(name));
    expect(Properties).toMatchObject({
      EvaluationPeriods: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
      AlarmActions: ['arn:aws:sns:eu-west-1:111122223333:on-call'],
      ...properties,
    });
    const description = [Properties.AlarmDescription['Fn::Join']?.[1] ?? Properties.AlarmDescription]
      .flat()
      .map((part: unknown) => (typeof part === 'string' ? part : '<name>'))
      .join('');
    expect(description).toMatch(text);
    expect(description.length).toBeLessThan(700); // CloudWatch takes 1,024, names and ARNs included
  });
});

describe('by notification', () => {
  const filters = (options: Options) =>
    Object.values(templateOf(options).findResources('Custom::S3BucketNotifications'))
      .flatMap(({ Properties }) => Properties.NotificationConfiguration.QueueConfigurations)
      .map(({ Events, Filter }) => {
        const rules: { Name: string; Value: string }[] = Filter?.Key.FilterRules ?? [];
        return [Events, Object.fromEntries(rules.map(({ Name, Value }) => [Name, Value]))];
      });

  test.each<[string, Options, object[]]>([
    ['everything', {}, [{}]],
    [
      'prefix and suffixes',
      { prefix: 'in/', suffixes: ['.csv', '.csv.gz'] },
      [
        { prefix: 'in/', suffix: '.csv' },
        { prefix: 'in/', suffix: '.csv.gz' },
      ],
    ],
    [
      'a suffix that covers another, which S3 would refuse',
      { suffixes: ['.gz', '.csv.gz', '.csv'] },
      [{ suffix: '.gz' }, { suffix: '.csv' }],
    ],
    [
      'what S3 compares encoded: only the part before it',
      { prefix: 'in box/', suffixes: ['-ü.csv'] },
      [{ prefix: 'in', suffix: '.csv' }],
    ],
    ['suffixes of which no part is plain', { suffixes: ['ü', '.csv'] }, [{}]],
  ])('events come of %s', (_, options, expected) => {
    expect(filters(options)).toEqual(expected.map(filter => [['s3:ObjectCreated:*'], filter]));
  });

  test('the function knows the whole prefix and all suffixes', () => {
    expect(
      environment(
        templateOf({
          minFileSize: Size.kibibytes(1),
          maxFileSize: Size.gibibytes(2),
          minRunInterval: Duration.hours(1),
        }),
        /^Enters/,
      ),
    ).toMatchObject({ MIN_FILE_SIZE: '1024', MAX_FILE_SIZE: '2147483648', MIN_RUN_INTERVAL_SECONDS: '3600' });
    expect(environment(templateOf({ prefix: 'in box/', suffixes: ['.gz', '.csv.gz'] }), /^Enters/)).toMatchObject({
      KEY_PREFIX: 'in box/',
      KEY_SUFFIXES: '[".gz",".csv.gz"]',
    });
  });

  test('a bucket of another stack is refused, and the way out named', () => {
    const app = new App();
    const bucket = new s3.Bucket(new Stack(app, 'Other'), 'Landing');
    expect(() => new S3QueueTrigger(new Stack(app, 'Stack'), 'Trigger', { bucket })).toThrow(
      /Other\/Landing is in the stack Other.*EventDelivery.EVENT_BRIDGE/,
    );
  });
});

describe('by EventBridge', () => {
  const pattern = (options: Options) => {
    const rules = templateOf({ ...options, delivery: EventDelivery.EVENT_BRIDGE }).findResources('AWS::Events::Rule', {
      Properties: { EventPattern: { source: ['aws.s3'] } },
    });
    const [
      {
        Properties: { EventPattern },
      },
    ] = Object.values(rules);
    return EventPattern;
  };

  test.each<[Options, object | undefined]>([
    [{}, undefined],
    [{ prefix: 'in box/' }, { key: [{ prefix: 'in box/' }] }],
    [{ suffixes: ['.csv', '.gz'] }, { key: [{ wildcard: '*.csv' }, { wildcard: '*.gz' }] }],
    [{ prefix: 'a*b\\', suffixes: ['.csv'] }, { key: [{ wildcard: 'a\\*b\\\\*.csv' }] }],
  ])('a rule takes the new objects: %j', (options, object) => {
    expect(pattern(options)).toEqual({
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: { bucket: { name: [{ Ref: expect.stringMatching(/^Landing/) }] }, ...(object && { object }) },
    });
  });

  test('the bucket may be in another stack, and sends its events to EventBridge', () => {
    const app = new App();
    const other = new Stack(app, 'Other');
    const stack = new Stack(app, 'Stack');
    const bucket = new s3.Bucket(other, 'Landing');
    new S3QueueTrigger(stack, 'Trigger', { bucket, delivery: EventDelivery.EVENT_BRIDGE }).startExecutionsOf(
      stateMachine(stack),
    );
    Template.fromStack(other).hasResourceProperties('Custom::S3BucketNotifications', {
      NotificationConfiguration: { EventBridgeConfiguration: {} },
    });
    Template.fromStack(stack).hasResourceProperties('AWS::SQS::QueuePolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Principal: { Service: 'events.amazonaws.com' },
            Action: Match.arrayWith(['sqs:SendMessage']),
          }),
        ]),
      },
    });
  });

  test('a bucket that the app does not own is left as it is, with a warning', () => {
    const stack = new Stack(new App(), 'Stack');
    const bucket = s3.Bucket.fromBucketName(stack, 'Landing', 'landing');
    new S3QueueTrigger(stack, 'Trigger', { bucket, delivery: EventDelivery.EVENT_BRIDGE }).startExecutionsOf(
      stateMachine(stack),
    );
    Template.fromStack(stack).resourceCountIs('Custom::S3BucketNotifications', 0);
    Annotations.fromStack(stack).hasWarning(
      '/Stack/Trigger',
      Match.stringLikeRegexp('landing is not made by this app'),
    );
  });
});

describe.each(Object.values(EventDelivery))("with a key of the user's, events delivered by %s", delivery => {
  const service = delivery === EventDelivery.EVENT_BRIDGE ? 'events.amazonaws.com' : 's3.amazonaws.com';
  const ownAccount = { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } };

  test('queue and key let the service in for this account only', () => {
    const stack = new Stack(new App(), 'Stack');
    const encryptionKey = new kms.Key(stack, 'Key');
    const bucket = new s3.Bucket(stack, 'Landing');
    new S3QueueTrigger(stack, 'Trigger', { bucket, encryptionKey, delivery }).startExecutionsOf(stateMachine(stack));
    const template = Template.fromStack(stack);
    const statementsFor = (type: string, property: string) =>
      Object.values(template.findResources(type))
        .flatMap(({ Properties }) => Properties[property].Statement)
        .filter(({ Principal }) => Principal.Service === service);
    for (const [type, property] of [
      ['AWS::SQS::QueuePolicy', 'PolicyDocument'],
      ['AWS::KMS::Key', 'KeyPolicy'],
    ]) {
      const found = statementsFor(type, property);
      expect(found).toHaveLength(1);
      expect(found[0].Condition.StringEquals).toEqual(ownAccount);
    }
    expect(statementsFor('AWS::KMS::Key', 'KeyPolicy')[0].Action).toEqual(['kms:Decrypt', 'kms:GenerateDataKey']);
  });

  test('a key that the app does not own is named in a warning, with the statement that it needs', () => {
    const stack = new Stack(new App(), 'Stack');
    const encryptionKey = kms.Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-west-1:111122223333:key/k');
    const bucket = new s3.Bucket(stack, 'Landing');
    new S3QueueTrigger(stack, 'Trigger', { bucket, encryptionKey, delivery }).startExecutionsOf(stateMachine(stack));
    Annotations.fromStack(stack).hasWarning(
      '/Stack/Trigger',
      Match.stringLikeRegexp(`key/k is not made by this app.*lets ${service} use it.*kms:GenerateDataKey`),
    );
  });
});

describe('reading the files', () => {
  test("is granted for the prefix, in every version, with the bucket's key", () => {
    const stack = new Stack(new App(), 'Stack');
    const bucket = new s3.Bucket(stack, 'Landing', { encryption: s3.BucketEncryption.KMS });
    const trigger = new S3QueueTrigger(stack, 'Trigger', { bucket, prefix: 'in/' });
    trigger.startExecutionsOf(stateMachine(stack));
    const grant = trigger.grantReadFiles(new iam.Role(stack, 'Reader', { assumedBy: new iam.AccountRootPrincipal() }));
    expect(grant.success).toBe(true);
    const arn = { 'Fn::GetAtt': [expect.stringMatching(/^Landing/), 'Arn'] };
    expect(statements(Template.fromStack(stack), /Reader/)).toEqual([
      {
        Action: ['s3:GetObject', 's3:GetObjectVersion'],
        Effect: 'Allow',
        Resource: { 'Fn::Join': ['', [arn, '/in/*']] },
      },
      { Action: 's3:ListBucket', Effect: 'Allow', Resource: arn },
      {
        Action: 'kms:Decrypt',
        Effect: 'Allow',
        Resource: { 'Fn::GetAtt': [expect.stringMatching(/^LandingKey/), 'Arn'] },
      },
    ]);
  });
});

describe('what is refused', () => {
  test.each<[Options, RegExp]>([
    [
      { maxFilesPerExecution: 0 },
      /'maxFilesPerExecution' of the trigger Stack\/Trigger must be a whole number from 1 to 50000, got 0/,
    ],
    [{ maxFilesPerExecution: 50_001 }, /got 50001/],
    [{ maxFilesPerExecution: 1.5 }, /got 1.5/],
    [{ maxConcurrentExecutions: 1_001 }, /'maxConcurrentExecutions' .* from 1 to 1000, got 1001/],
    [{ maxAttempts: 11 }, /'maxAttempts' .* from 1 to 10, got 11/],
    [
      { batchingWindow: Duration.seconds(301) },
      /'batchingWindow' .* whole seconds from 0 seconds to 5 minutes, got 5 minutes 1 second/,
    ],
    [{ batchingWindow: Duration.millis(1_500) }, /got 1500 milliseconds/],
    [
      { batchingWindow: Duration.seconds(Lazy.number({ produce: () => 30 })) },
      /'batchingWindow' .* must be known when the app is synthesized/,
    ],
    [{ maxBytesPerExecution: Size.bytes(0) }, /'maxBytesPerExecution' .* at least 1 byte, got 0 bytes/],
    [{ minRunInterval: Duration.days(8) }, /'minRunInterval' .* whole seconds from 1 second to 7 days, got 8 days/],
    [{ maxFileSize: Size.bytes(0) }, /'maxFileSize' .* at least 1 byte, got 0 bytes/],
    [
      { maxFileSize: Size.bytes(Lazy.number({ produce: () => 1 })) },
      /'maxFileSize' .* known when the app is synthesized, got a token/,
    ],
    [
      { minFileSize: Size.bytes(2), maxFileSize: Size.bytes(1) },
      /'minFileSize' .* at most 'maxFileSize', 1 bytes, got 2 bytes/,
    ],
    [
      { ledgerRetention: Duration.days(29) },
      /'ledgerRetention' of the trigger Stack\/Trigger .*30 days.*29 days.*dead-letter queue/,
    ],
    [{ suffixes: [] }, /'suffixes' .* got \[\]/],
    [{ suffixes: ['.csv', ''] }, /'suffixes' .* got \[".csv",""\]/],
    [{ removalPolicy: RemovalPolicy.SNAPSHOT }, /'removalPolicy' .* got snapshot/],
  ])('%j', (options, message) => {
    expect(() => make(options)).toThrow(message);
  });

  test.each(['', 'r', 'runs/', 'runs/in/'])('to load from the prefix %p what the runs themselves write', prefix => {
    const stack = new Stack(new App(), 'Stack');
    const bucket = new s3.Bucket(stack, 'Landing');
    expect(() => new S3QueueTrigger(stack, 'Trigger', { bucket, workBucket: bucket, prefix })).toThrow(
      /would load what its own runs write/,
    );
  });

  test('one bucket for both is possible with a prefix beside runs/', () => {
    const stack = new Stack(new App(), 'Stack');
    const bucket = new s3.Bucket(stack, 'Landing');
    expect(() => new S3QueueTrigger(stack, 'Trigger', { bucket, workBucket: bucket, prefix: 'in/' })).not.toThrow();
  });

  test('a second state machine', () => {
    const { stack, trigger } = make();
    expect(() => trigger.startExecutionsOf(sfn.StateMachine.fromStateMachineName(stack, 'Second', 'second'))).toThrow(
      /Stack\/Trigger starts Stack\/Machine already.*Stack\/Second/,
    );
  });

  test('an EXPRESS state machine', () => {
    const stack = new Stack(new App(), 'Stack');
    const trigger = new S3QueueTrigger(stack, 'Trigger', { bucket: new s3.Bucket(stack, 'Landing') });
    expect(() => trigger.startExecutionsOf(stateMachine(stack, sfn.StateMachineType.EXPRESS))).toThrow(
      /Stack\/Machine is of type EXPRESS, but must be STANDARD/,
    );
  });

  test('more stop functions than an environment can name', () => {
    expect(() =>
      make({}, stack =>
        Array.from({ length: 21 }, (_, number) =>
          lambda.Function.fromFunctionName(stack, `Stop${number}`, `stop-${number}`),
        ),
      ),
    ).toThrow(/'stopFunctions' .* at most 20, got 21/);
  });

  test('no state machine', () => {
    const app = new App();
    const stack = new Stack(app, 'Stack');
    new S3QueueTrigger(stack, 'Trigger', { bucket: new s3.Bucket(stack, 'Landing') });
    expect(() => app.synth()).toThrow(/Stack\/Trigger starts nothing: call startExecutionsOf/);
  });
});

test('a prefix that begins with a slash is suspicious', () => {
  Annotations.fromStack(make({ prefix: '/in' }).stack).hasWarning(
    '/Stack/Trigger',
    Match.stringLikeRegexp("prefix '/in' begins with a slash"),
  );
});

test('two syntheses give one template', () => {
  expect(templateOf({ prefix: 'in/' }).toJSON()).toEqual(templateOf({ prefix: 'in/' }).toJSON());
});

test('two triggers in one stack do not disturb each other', () => {
  const { stack, bucket } = make({ prefix: 'a/' });
  new S3QueueTrigger(stack, 'Second', { bucket, prefix: 'b/' }).startExecutionsOf(
    sfn.StateMachine.fromStateMachineName(stack, 'Other', 'other'),
  );
  Template.fromStack(stack).resourceCountIs('AWS::DynamoDB::Table', 2);
});
