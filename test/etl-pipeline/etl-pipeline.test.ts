import { App, Duration, Lazy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import {
  Column,
  DataFormat,
  Dataset,
  EtlPipeline,
  EtlStep,
  S3QueueTrigger,
  type EtlPipelineProps,
  type EtlStepBindOptions,
  type EtlStepConfig,
  type EtlTriggerDescription,
  type IEtlStep,
  type IEtlTrigger,
  type StartExecutionsOptions,
} from '../../src';
import { jobLoop } from '../../src/etl-step/job-loop';
import { nagFindings } from '../nag-findings';
import { allStates, definitionErrors, stateMachineDefinition } from '../state-machine-definition';

const dataset = new Dataset({
  name: 'orders',
  format: DataFormat.csv(),
  columns: [Column.string('order_id'), Column.string('note', { header: '{% note %}' })],
});

/** A step with compute, as users write them. */
class JobStep extends Construct implements IEtlStep {
  public readonly stepId: string;
  public readonly handler: lambda.Function;
  public bound?: EtlStepBindOptions;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.stepId = id;
    this.handler = new lambda.Function(this, 'Function', {
      runtime: lambda.Runtime.NODEJS_22_X,
      handler: 'index.handler',
      code: lambda.Code.fromInline('exports.handler = async () => ({})'),
    });
  }

  public bind(scope: Construct, options: EtlStepBindOptions): EtlStepConfig {
    this.bound = options;
    const chain = jobLoop(scope, {
      stepId: this.stepId,
      handler: this.handler.currentVersion,
      maxRuntime: Duration.hours(1),
    });
    return { chain, stopFunctions: [this.handler] };
  }
}

function newStack(): Stack {
  return new Stack(new App(), 'Stack', { env: { account: '111111111111', region: 'eu-west-1' } });
}

function newPipeline(stack: Stack, props: Partial<EtlPipelineProps> = {}): EtlPipeline {
  const trigger = new S3QueueTrigger(stack, 'Trigger', { bucket: new s3.Bucket(stack, 'Landing'), prefix: 'orders/' });
  return new EtlPipeline(stack, 'Orders', {
    dataset,
    trigger,
    ...props,
    steps: props.steps ?? [new JobStep(stack, 'A')],
  });
}

describe('the state machine', () => {
  const stack = newStack();
  const [a, b, c] = ['A', 'B', 'C'].map(id => new JobStep(stack, id));
  const pipeline = newPipeline(stack, {
    steps: [a, EtlStep.parallel('Both', [b, c]), EtlStep.fromChainable('Notify', new sfn.Pass(stack, 'Send'))],
  });
  const template = Template.fromStack(stack);
  const definition = stateMachineDefinition(template);
  const states = allStates(definition);

  test('is valid Amazon States Language', () => expect(definitionErrors(definition)).toBe(''));

  test('stages files, then takes the steps in order, each in a Parallel of its own', () => {
    const order = [definition.StartAt];
    for (let next = definition.StartAt; ;) {
      const state = definition.States[next];
      next = state.Type === 'Choice' ? state.Choices[0].Next : state.Next;
      if (!next) break;
      order.push(next);
    }
    expect(order).toEqual([
      'Stage files',
      'Stage files: Result',
      'Anything to load?',
      'A',
      'A: Result',
      'Both',
      'Both: Results',
      'Notify',
      'Notify: Result',
      'Loaded',
    ]);
    expect(definition.States.A).toMatchObject({ Type: 'Parallel', ResultPath: "$.results['A']" });
    expect(definition.States['A: Result']).toMatchObject({
      InputPath: "$.results['A'][0]",
      ResultPath: "$.results['A']",
    });
    expect(definition.States.Loaded).toEqual({ Type: 'Succeed' });
  });

  test('starts no step if no file is left', () => {
    expect(definition.States['Anything to load?']).toMatchObject({
      Choices: [{ Variable: '$.staged.files', NumericGreaterThan: 0, Next: 'A' }],
      Default: 'Loaded',
    });
  });

  test('calls staging again until it is done', () => {
    expect(states['Stage files: Begin'].Assign).toEqual({ answer: { nextChunk: 0 } });
    expect(states['Stage files: Copy']).toMatchObject({
      Next: 'Stage files: Finished?',
      Assign: { answer: '{% $states.result.Payload %}' },
      Retry: [{ ErrorEquals: expect.arrayContaining(['Etl.Transient']) }],
    });
    expect(states['Stage files: Finished?']).toMatchObject({
      Choices: [{ Condition: "{% $answer.status = 'done' %}", Next: 'Stage files: Done' }],
      Default: 'Stage files: Copy',
    });
    expect(states['Stage files: Done'].Output).toBe('{% $answer.summary %}');
  });

  test('tells staging the run, its files and the dataset, headers as they are', () => {
    expect(states['Stage files: Copy'].Arguments.Payload).toEqual({
      contract: 1,
      runId: '{% $states.input.runId %}',
      attempt: '{% $states.input.attempt %}',
      files: '{% $states.input.files %}',
      nextChunk: '{% $answer.nextChunk %}',
      dataset: expect.objectContaining({
        name: 'orders',
        columns: [
          expect.objectContaining({ header: 'order_id' }),
          expect.objectContaining({ header: '{% "{% note %}" %}' }),
        ],
      }),
    });
  });

  test('binds each step with the dataset and the work bucket', () => {
    const { workBucket } = pipeline.trigger;
    const { operatorFunction } = pipeline.trigger.describe();
    for (const step of [a, b, c]) expect(step.bound).toEqual({ dataset, workBucket, operatorFunction });
  });

  test('is STANDARD, traced, logged without data and limited in time', () => {
    template.hasResourceProperties('AWS::StepFunctions::StateMachine', {
      StateMachineType: Match.absent(), // STANDARD
      TracingConfiguration: { Enabled: true },
      LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
    });
    expect(definition.TimeoutSeconds).toBe(12 * 3600);
    template.hasResourceProperties('AWS::Logs::LogGroup', {
      LogGroupName: Match.stringLikeRegexp('^/aws/vendedlogs/states/Stack-Orders-'),
      RetentionInDays: 30,
    });
  });

  test('is what the trigger starts', () => {
    expect(() => pipeline.trigger.startExecutionsOf(pipeline.stateMachine)).toThrow(
      'starts Stack/Orders/StateMachine already',
    );
  });

  test('leaves compute that the trigger ends through every step', () => {
    const handed = Object.values(template.findResources('AWS::Lambda::Function'))
      .map(({ Properties }) => Properties.Environment?.Variables.STOP_FUNCTIONS)
      .filter(Boolean);
    expect(handed.length).toBeGreaterThanOrEqual(2); // advance and sweep
    for (const arns of handed) {
      expect(arns['Fn::Join'][1].filter((part: unknown) => part !== ',')).toEqual(
        ['A', 'B', 'C'].map(step => ({ 'Fn::GetAtt': [expect.stringMatching(`^${step}Function`), 'Arn'] })),
      );
    }
  });

  test('may be described by every function that stops compute, by a policy that only the end of all runs depends on', () => {
    const policies = Object.entries(template.findResources('AWS::IAM::Policy')).filter(
      ([, { Properties }]) => JSON.stringify(Properties).includes('Executions') && Properties.Roles.length === 3,
    );
    expect(policies).toHaveLength(1);
    const [[id, { Properties }]] = policies;
    expect(Properties.PolicyDocument.Statement).toEqual([
      { Action: 'states:DescribeExecution', Effect: 'Allow', Resource: expect.anything() },
    ]);
    expect(JSON.stringify(Properties.PolicyDocument.Statement[0].Resource)).toMatch(
      /:states:eu-west-1:111111111111:execution:.*OrdersStateMachine.*:\*/,
    );
    expect(Properties.Roles.map((role: any) => role.Ref)).toEqual(
      ['A', 'B', 'C'].map(step => expect.stringMatching(`^${step}FunctionServiceRole`)),
    );
    const dependents = Object.values(template.toJSON().Resources as { [id: string]: any }).filter(
      ({ DependsOn = [] }) => [DependsOn].flat().includes(id),
    );
    expect(dependents.map(({ Type }) => Type)).toEqual(['Custom::StopRuns']);
  });
});

describe('staging', () => {
  const stack = newStack();
  newPipeline(stack);
  const template = Template.fromStack(stack);
  const statements = (() => {
    const policies = template.findResources('AWS::IAM::Policy', {
      Properties: { Roles: [{ Ref: Match.stringLikeRegexp('^OrdersStagingRole') }] },
    });
    return Object.values(policies).flatMap(policy => policy.Properties.PolicyDocument.Statement);
  })();
  const withSid = (sid: string) => statements.find(statement => statement.Sid === sid);

  test('reads the landing bucket below the prefix', () => {
    expect(statements).toContainEqual(expect.objectContaining({ Action: ['s3:GetObject', 's3:GetObjectVersion'] }));
  });

  test('writes nothing but what it stages', () => {
    const writing = statements.filter(({ Action }) => [Action].flat().some(action => /^s3:(Put|Delete)/.test(action)));
    expect(writing).toEqual([withSid('WriteStagedFiles')]);
    expect(JSON.stringify(writing[0].Resource).match(/\/runs[^"]*/g)).toEqual([
      '/runs/*/input/*',
      '/runs/*/staging/*',
      '/runs/*/staged.json',
    ]);
  });

  test('keeps the versions of its function for executions that began before', () => {
    const version = stateMachineDefinition(template);
    const name = allStates(version)['Stage files: Copy'].Arguments.FunctionName.slice(2, -1);
    expect(template.findResources('AWS::Lambda::Version')[name]).toMatchObject({
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
    });
  });

  test('has a log group of its own, kept for a month', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Role: { 'Fn::GetAtt': [Match.stringLikeRegexp('^OrdersStagingRole'), 'Arn'] },
      LoggingConfig: { LogGroup: { Ref: Match.stringLikeRegexp('^OrdersStagingLogs') } },
      Timeout: 900,
    });
    template.resourcePropertiesCountIs(
      'AWS::Logs::LogGroup',
      { RetentionInDays: 30 },
      Object.keys(template.findResources('AWS::Logs::LogGroup')).length,
    );
  });
});

test('logs are kept as long as one likes', () => {
  const stack = newStack();
  newPipeline(stack, { logRetention: logs.RetentionDays.ONE_WEEK });
  Template.fromStack(stack).resourcePropertiesCountIs('AWS::Logs::LogGroup', { RetentionInDays: 7 }, 2);
});

describe('the time-out', () => {
  const synthesize = (timeout: Duration, makeSteps = (stack: Stack): IEtlStep[] => [new JobStep(stack, 'A')]) => {
    const stack = newStack();
    newPipeline(stack, { timeout, steps: makeSteps(stack) });
    return stateMachineDefinition(Template.fromStack(stack)).TimeoutSeconds;
  };
  const inParallel = (stack: Stack) => [
    EtlStep.parallel(
      'All',
      ['A', 'B', 'C', 'D'].map(id => new JobStep(stack, id)),
    ),
  ];
  const limit = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      return Number(/'timeout' must be at most (\d+) hours/.exec((error as Error).message)?.[1]);
    }
    return undefined;
  };

  test('may be chosen', () => expect(synthesize(Duration.days(2))).toBe(2 * 24 * 3600));

  test('is limited by the events of an execution, the more the more steps run at once', () => {
    const one = limit(() => synthesize(Duration.days(365)))!;
    const four = limit(() => synthesize(Duration.days(365), inParallel))!;
    expect(one).toBeGreaterThan(6 * 24);
    expect(one).toBeLessThan(((25_000 / 9) * 300) / 3600); // polls at the longest pause, and nothing else
    expect(four).toBeGreaterThan(12);
    expect(four).toBeLessThan(one / 4);
    expect(synthesize(Duration.hours(one))).toBe(one * 3600);
    expect(() => synthesize(Duration.hours(one + 1))).toThrow(
      `'timeout' must be at most ${one} hours for 1 step at once, got`,
    );
    expect(synthesize(Duration.hours(four), inParallel)).toBe(four * 3600);
    expect(() => synthesize(Duration.hours(four + 1), inParallel)).toThrow(
      `'timeout' must be at most ${four} hours for 4 steps at once, got`,
    );
  });

  test('is not limited where nothing is polled', () => {
    expect(synthesize(Duration.days(300), stack => [EtlStep.fromChainable('A', new sfn.Pass(stack, 'One'))])).toBe(
      300 * 24 * 3600,
    );
  });

  test('is not judged before it is known', () => {
    expect(() =>
      newPipeline(newStack(), { timeout: Duration.seconds(Lazy.number({ produce: () => 3600 })) }),
    ).not.toThrow();
  });
});

describe('refuses', () => {
  test('no steps', () =>
    expect(() => newPipeline(newStack(), { steps: [] })).toThrow("'steps' must have at least one step, got none."));

  test('two steps with one id, wherever they are', () => {
    const stack = newStack();
    const steps = [
      new JobStep(stack, 'A'),
      EtlStep.parallel('Both', [EtlStep.fromChainable('A', new sfn.Pass(stack, 'One'))]),
    ];
    expect(() => newPipeline(stack, { steps })).toThrow("'A' is there twice");
  });

  test('a step in two places', () => {
    const stack = newStack();
    const step = new JobStep(stack, 'A');
    expect(() => newPipeline(stack, { steps: [step, EtlStep.parallel('Both', [step])] })).toThrow(
      "The step 'A' is in 'steps' twice.",
    );
  });

  test("the id of a user's own step", () => {
    const stack = newStack();
    const step: IEtlStep = { stepId: 'a b', bind: scope => ({ chain: new sfn.Pass(scope, 'One') }) };
    expect(() => newPipeline(stack, { steps: [step] })).toThrow("got 'a b'");
  });

  test('a trigger or a step of another stack', () => {
    const stack = newStack();
    const other = new Stack(stack.node.root as App, 'Other');
    expect(() => newPipeline(stack, { steps: [new JobStep(other, 'A')] })).toThrow(
      "the pipeline is in 'Stack', the step 'A' in 'Other'",
    );
    const trigger = new S3QueueTrigger(other, 'Trigger', {
      bucket: new s3.Bucket(other, 'Landing'),
      prefix: 'orders/',
    });
    expect(() => new EtlPipeline(stack, 'P', { dataset, trigger, steps: [new JobStep(stack, 'B')] })).toThrow(
      "the pipeline is in 'Stack', the trigger in 'Other'",
    );
  });
});

test('two syntheses give one template', () => {
  const synthesize = () => {
    const stack = newStack();
    newPipeline(stack);
    return Template.fromStack(stack).toJSON();
  };
  expect(synthesize()).toEqual(synthesize());
});

test('cdk-nag finds nothing', () => {
  const stack = newStack();
  newPipeline(stack);
  expect(nagFindings(stack.node.findChild('Orders') as Construct)).toEqual([]);
});

describe('the trigger', () => {
  /** One that somebody else has written. */
  class OtherTrigger extends Construct implements IEtlTrigger {
    public readonly workBucket = new s3.Bucket(this, 'Work');
    public readonly started: [sfn.IStateMachine, StartExecutionsOptions?][] = [];

    public grantReadFiles(grantee: iam.IGrantable): iam.Grant {
      return this.workBucket.grantRead(grantee);
    }

    public startExecutionsOf(stateMachine: sfn.IStateMachine, options?: StartExecutionsOptions): void {
      this.started.push([stateMachine, options]);
    }

    public describe(): EtlTriggerDescription {
      return {};
    }
  }

  test('may be another one than S3QueueTrigger', () => {
    const stack = newStack();
    const trigger = new OtherTrigger(stack, 'Trigger');
    const step = new JobStep(stack, 'Step');
    const pipeline = new EtlPipeline(stack, 'Pipeline', { dataset, trigger, steps: [step] });
    expect(trigger.started).toEqual([
      [pipeline.stateMachine, expect.objectContaining({ stopFunctions: [step.handler] })],
    ]);
    expect(step.bound!.operatorFunction).toBeUndefined();
    for (const { Properties } of Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Function'))) {
      expect(Properties.Environment?.Variables ?? {}).not.toHaveProperty('OPERATOR_FUNCTION');
    }
  });

  test('has an operator function, which staging and steps can name in their messages', () => {
    const stack = newStack();
    const trigger = new S3QueueTrigger(stack, 'Trigger', { bucket: new s3.Bucket(stack, 'Landing') });
    const step = new JobStep(stack, 'Step');
    new EtlPipeline(stack, 'Pipeline', { dataset, trigger, steps: [step] });
    expect(step.bound!.operatorFunction).toBe(trigger.operatorFunction);
    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', {
      Description: Match.stringLikeRegexp('^Copies the files'),
      Environment: { Variables: { OPERATOR_FUNCTION: { Ref: Match.stringLikeRegexp('^TriggerOperator') } } },
    });
  });
});

test('has metrics of its attempts', () => {
  const pipeline = newPipeline(newStack());
  const metrics = [
    pipeline.metricAttemptsSucceeded(),
    pipeline.metricAttemptsFailed(),
    pipeline.metricAttemptsTimedOut(),
    pipeline.metricAttemptsAborted(),
    pipeline.metricAttemptDuration(),
    pipeline.metricAttemptDuration({ statistic: 'p50' }),
  ];
  expect(metrics.map(({ metricName, statistic }) => `${metricName} ${statistic}`)).toEqual([
    'ExecutionsSucceeded Sum',
    'ExecutionsFailed Sum',
    'ExecutionsTimedOut Sum',
    'ExecutionsAborted Sum',
    'ExecutionTime Maximum',
    'ExecutionTime p50',
  ]);
  for (const { dimensions } of metrics) {
    expect(dimensions).toEqual({ StateMachineArn: pipeline.stateMachine.stateMachineArn });
  }
});

describe('the dashboard', () => {
  const widgetsOf = (template: Template) => {
    const [
      {
        Properties: { DashboardBody },
      },
    ] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
    const text =
      typeof DashboardBody === 'string'
        ? DashboardBody
        : DashboardBody['Fn::Join'][1].map((part: unknown) => (typeof part === 'string' ? part : 'token')).join('');
    return (JSON.parse(text) as { widgets: { properties: { title: string } }[] }).widgets.map(
      ({ properties }) => properties.title,
    );
  };

  test('shows what arrives, waits and fails, and below what each step loads', () => {
    const stack = newStack();
    const trigger = new S3QueueTrigger(stack, 'Trigger', { bucket: new s3.Bucket(stack, 'Landing') });
    const step: IEtlStep = {
      stepId: 'Load',
      bind: scope => ({
        chain: new sfn.Pass(scope, 'Pass'),
        dashboardWidgets: [new cloudwatch.GraphWidget({ title: 'Load' })],
      }),
    };
    const inner: IEtlStep = {
      ...step,
      stepId: 'Inner',
      bind: scope => ({ ...step.bind(scope, undefined!), chain: new sfn.Pass(scope, 'Inner pass') }),
    };
    new EtlPipeline(stack, 'Pipeline', {
      dataset,
      trigger,
      steps: [step, EtlStep.parallel('Both', [inner])],
    }).addDashboard('Dashboard');
    expect(widgetsOf(Template.fromStack(stack))).toEqual([
      'Files',
      'Waiting',
      'Runs',
      'Dead letters',
      'Attempts',
      'Load',
      'Load',
    ]);
  });

  test('is there only if it is asked for', () => {
    const stack = newStack();
    const trigger = new S3QueueTrigger(stack, 'Trigger', { bucket: new s3.Bucket(stack, 'Landing') });
    new EtlPipeline(stack, 'Pipeline', { dataset, trigger, steps: [new JobStep(stack, 'Step')] });
    Template.fromStack(stack).resourceCountIs('AWS::CloudWatch::Dashboard', 0);
  });
});

describe('log retention, tracing and architecture', () => {
  const pipelineWith = (props: Partial<EtlPipelineProps>) => {
    const stack = newStack();
    const trigger = new S3QueueTrigger(stack, 'Trigger', { bucket: new s3.Bucket(stack, 'Landing') });
    new EtlPipeline(stack, 'Pipeline', { dataset, trigger, steps: [new JobStep(stack, 'Step')], ...props });
    return Template.fromStack(stack);
  };

  test('reach the staging function and the state machine', () => {
    const template = pipelineWith({
      logRetention: logs.RetentionDays.ONE_YEAR,
      tracing: lambda.Tracing.DISABLED,
      architecture: lambda.Architecture.ARM_64,
    });
    template.hasResourceProperties('AWS::Lambda::Function', {
      Description: Match.stringLikeRegexp('^Copies'),
      Architectures: ['arm64'],
    });
    template.hasResourceProperties('AWS::StepFunctions::StateMachine', { TracingConfiguration: { Enabled: false } });
    template.resourcePropertiesCountIs('AWS::Logs::LogGroup', { RetentionInDays: 365 }, 2);
  });

  test('have defaults', () => {
    const template = pipelineWith({});
    template.hasResourceProperties('AWS::Lambda::Function', {
      Description: Match.stringLikeRegexp('^Copies'),
      Architectures: Match.absent(),
      TracingConfig: Match.absent(),
    });
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
  });
});
