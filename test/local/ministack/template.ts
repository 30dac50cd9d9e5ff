// The resources that ministack.test.ts tries MiniStack with.

const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });

/** Tells what it got in an object of the bucket RECORDS, or fails as its event wants it. */
const RECORDER = `
const { S3Client, PutObjectCommand } = require('@aws-sdk/client-s3');
const { randomUUID } = require('crypto');
exports.handler = async event => {
  if (event.echo !== undefined && !event.fail) return event.echo;
  const kind = event.fail ? 'failure' : event.Records ? 'batch' : event.source ? 'event' : 'call';
  await new S3Client({}).send(new PutObjectCommand({ Bucket: process.env.RECORDS, Key: kind + '/' + randomUUID(), Body: JSON.stringify(event) }));
  if (event.fail) throw Object.assign(new Error(event.message), { name: event.fail });
  const failed = (event.Records || []).filter(record => record.body.includes('refused') && record.attributes.ApproximateReceiveCount === '1');
  return { version: process.env.AWS_LAMBDA_FUNCTION_VERSION, batchItemFailures: failed.map(record => ({ itemIdentifier: record.messageId })) };
};`;

const invoke = (event: object, more: object = {}) => ({
  Type: 'Task',
  QueryLanguage: 'JSONata',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: '${Version}', Payload: event },
  ...more,
});

/** The shape of a step: a JSONPath Parallel around a JSONata loop that waits, with a Catch by the error's name. */
const loop = (id: string) => ({
  Type: 'Parallel',
  ResultSelector: { 'result.$': '$[0]' },
  ResultPath: `$.results['${id}']`,
  Catch: [{ ErrorEquals: ['Etl.Data'], ResultPath: '$.error', Next: 'Bad' }],
  Branches: [
    {
      StartAt: `${id} Launch`,
      States: {
        [`${id} Launch`]: invoke(
          {
            echo: {
              step: id,
              polls: 0,
              execution: '{% $states.context.Execution.Id %}',
              run: '{% $states.input.run %}',
            },
          },
          {
            Assign: { job: '{% $states.result.Payload %}' },
            Output: '{% $states.input %}',
            Next: `${id} Finished?`,
          },
        ),
        [`${id} Finished?`]: {
          Type: 'Choice',
          QueryLanguage: 'JSONata',
          Default: `${id} Wait`,
          Choices: [{ Condition: '{% $job.polls >= 2 %}', Next: `${id} Done` }],
        },
        [`${id} Wait`]: { Type: 'Wait', QueryLanguage: 'JSONata', Seconds: '{% 10 %}', Next: `${id} Check` },
        [`${id} Check`]: invoke(
          {
            fail: '{% $lookup($states.input, "fail") ? $states.input.fail : "" %}',
            message: '{"files":["a"]}',
            echo: '{% $merge([$job, {"polls": $job.polls + 1}]) %}',
          },
          {
            Assign: { job: '{% $states.result.Payload %}' },
            Output: '{% $states.input %}',
            Retry: [{ ErrorEquals: ['Etl.Transient'], MaxAttempts: 2, IntervalSeconds: 1, JitterStrategy: 'FULL' }],
            Next: `${id} Finished?`,
          },
        ),
        [`${id} Done`]: { Type: 'Pass', QueryLanguage: 'JSONata', Output: '{% $job %}', End: true },
      },
    },
  ],
});

const machine = (states: object, startAt: string, more: object = {}) => ({
  Type: 'AWS::StepFunctions::StateMachine',
  Properties: {
    RoleArn: arn('Role'),
    DefinitionString: {
      'Fn::Sub': [JSON.stringify({ StartAt: startAt, States: states, ...more }), { Version: { Ref: 'Version' } }],
    },
  },
});

export const TEMPLATE = {
  Resources: {
    Records: { Type: 'AWS::S3::Bucket' },
    Landing: {
      Type: 'AWS::S3::Bucket',
      DependsOn: 'QueuePolicy',
      Properties: {
        VersioningConfiguration: { Status: 'Enabled' },
        NotificationConfiguration: {
          QueueConfigurations: [
            {
              Event: 's3:ObjectCreated:*',
              Queue: arn('Queue'),
              Filter: { S3Key: { Rules: [{ Name: 'prefix', Value: 'orders/' }] } },
            },
          ],
        },
        Tags: [{ Key: 'colour', Value: 'green' }],
      },
    },
    Queue: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 2 } },
    QueuePolicy: {
      Type: 'AWS::SQS::QueuePolicy',
      Properties: {
        Queues: [{ Ref: 'Queue' }],
        PolicyDocument: {
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: 's3.amazonaws.com' },
              Action: 'sqs:SendMessage',
              Resource: arn('Queue'),
            },
          ],
        },
      },
    },
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: {
          Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
        },
      },
    },
    Recorder: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Runtime: 'nodejs22.x',
        Handler: 'index.handler',
        Code: { ZipFile: RECORDER },
        Role: arn('Role'),
        Timeout: 30,
        Environment: { Variables: { RECORDS: { Ref: 'Records' } } },
      },
    },
    Version: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'Recorder' } } },
    Mapping: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        EventSourceArn: arn('Queue'),
        FunctionName: { Ref: 'Recorder' },
        BatchSize: 1000,
        MaximumBatchingWindowInSeconds: 60,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
      },
    },
    Step: machine(
      {
        one: { ...loop('one'), Next: 'two' },
        two: { ...loop('two'), End: true },
        Bad: { Type: 'Fail', ErrorPath: '$.error.Error', CausePath: '$.error.Cause' },
      },
      'one',
    ),
    Branches: machine(
      {
        Both: {
          Type: 'Parallel',
          End: true,
          Branches: ['a', 'b'].map(id => ({
            StartAt: id,
            States: { [id]: { ...loop(id), Catch: undefined, End: true } },
          })),
        },
      },
      'Both',
    ),
    Slow: machine(
      {
        Loop: {
          Type: 'Parallel',
          End: true,
          Branches: [
            {
              StartAt: 'Again',
              States: {
                Again: invoke({ polled: '{% $states.context.Execution.Name %}' }, { Next: 'Pause' }),
                Pause: { Type: 'Wait', Seconds: 5, Next: 'Again' },
              },
            },
          ],
        },
      },
      'Loop',
      { TimeoutSeconds: 2 },
    ),
    StatusRule: {
      Type: 'AWS::Events::Rule',
      Properties: {
        EventPattern: {
          source: ['aws.states'],
          'detail-type': ['Step Functions Execution Status Change'],
          detail: {
            stateMachineArn: [{ Ref: 'Step' }, { Ref: 'Slow' }],
            status: ['SUCCEEDED', 'FAILED', 'ABORTED', 'TIMED_OUT'],
          },
        },
        Targets: [{ Id: 'recorder', Arn: arn('Recorder') }],
      },
    },
    MinuteRule: {
      Type: 'AWS::Events::Rule',
      Properties: { ScheduleExpression: 'rate(1 minute)', Targets: [{ Id: 'recorder', Arn: arn('Recorder') }] },
    },
    // types that deployments need no more of than an id
    Network: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.1.0.0/16' } },
    Subnet: { Type: 'AWS::EC2::Subnet', Properties: { VpcId: { Ref: 'Network' }, CidrBlock: '10.1.0.0/24' } },
    Address: { Type: 'AWS::EC2::EIP', Properties: { Domain: 'vpc' } },
    Gateway: {
      Type: 'AWS::EC2::NatGateway',
      Properties: { SubnetId: { Ref: 'Subnet' }, AllocationId: { 'Fn::GetAtt': ['Address', 'AllocationId'] } },
    },
    Group: { Type: 'AWS::EC2::SecurityGroup', Properties: { VpcId: { Ref: 'Network' }, GroupDescription: 'one' } },
    ...Object.fromEntries(
      ['Ingress', 'Egress'].map(direction => [
        direction,
        {
          Type: `AWS::EC2::SecurityGroup${direction}`,
          Properties: {
            GroupId: { Ref: 'Group' },
            IpProtocol: 'tcp',
            FromPort: 443,
            ToPort: 443,
            CidrIp: { 'Fn::GetAtt': ['Network', 'CidrBlock'] },
          },
        },
      ]),
    ),
    Encryption: { Type: 'AWS::EMR::SecurityConfiguration', Properties: { SecurityConfiguration: {} } },
    Table: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: ['id', 'waiting', 'arrived'].map(name => ({ AttributeName: name, AttributeType: 'S' })),
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        GlobalSecondaryIndexes: [
          {
            IndexName: 'waiting',
            Projection: { ProjectionType: 'ALL' },
            KeySchema: [
              { AttributeName: 'waiting', KeyType: 'HASH' },
              { AttributeName: 'arrived', KeyType: 'RANGE' },
            ],
          },
        ],
      },
    },
  },
  Outputs: {
    ...Object.fromEntries(
      [
        'Records',
        'Landing',
        'Version',
        'Step',
        'Branches',
        'Slow',
        'Table',
        'Gateway',
        'Ingress',
        'Egress',
        'Encryption',
      ].map(id => [id, { Value: { Ref: id } }]),
    ),
    Range: { Value: { 'Fn::GetAtt': ['Network', 'CidrBlock'] } },
  },
};
