import { App, Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { jobLoop } from '../../src/etl-step/job-loop';
import { allStates, definitionErrors, stateMachineDefinition } from '../state-machine-definition';

function synthesize(props: { arguments?: { [key: string]: unknown } } = {}): Template {
  const stack = new Stack(new App(), 'Stack');
  const handler = new lambda.Function(stack, 'Job', {
    runtime: lambda.Runtime.NODEJS_22_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline('exports.handler = async () => ({})'),
  });
  const states = jobLoop(stack, {
    stepId: 'ToTarget',
    handler: handler.currentVersion,
    maxRuntime: Duration.hours(2),
    ...props,
  });
  new sfn.StateMachine(stack, 'Machine', { definitionBody: sfn.DefinitionBody.fromChainable(states) });
  return Template.fromStack(stack);
}

const template = synthesize();
const definition = stateMachineDefinition(template);
const states = allStates(definition);
const state = (name: string) => states[`ToTarget: ${name}`];

test('is valid Amazon States Language', () => {
  expect(definitionErrors(definition)).toBe('');
  expect(definitionErrors(stateMachineDefinition(synthesize({ arguments: { script: '{% a\nb', list: ['%}'] } })))).toBe(
    '',
  );
});

test('the default query language stays JSONPath, each state inside is JSONata', () => {
  expect(definition).not.toHaveProperty('QueryLanguage');
  expect(
    Object.entries(states)
      .filter(([, { QueryLanguage }]) => QueryLanguage !== 'JSONata')
      .map(([name]) => name),
  ).toEqual(['ToTarget: Job']);
});

test('launch tells the function all it needs', () => {
  expect(state('Launch')).toMatchObject({
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: {
      Payload: {
        contract: 1,
        action: 'launch',
        runId: '{% $states.input.runId %}',
        attempt: '{% $states.input.attempt %}',
        executionArn: '{% $states.context.Execution.Id %}',
        relaunch: '{% $relaunch %}',
        arguments: '{% $arguments %}',
      },
    },
  });
});

test('check tells the same, and the job that launch or the check before answered', () => {
  expect(state('Check').Arguments.Payload).toEqual({
    ...state('Launch').Arguments.Payload,
    action: 'check',
    job: '{% $answer.job %}',
  });
  expect(state('Check').Assign).toEqual({ answer: '{% $states.result.Payload %}' });
});

test('arguments stand in the definition once, as they are, whatever they look like', () => {
  const given = stateMachineDefinition(synthesize({ arguments: { script: '{% $x %}', more: ['a'] } }));
  const assigned = allStates(given)['ToTarget: Begin'].Assign;
  expect(assigned.arguments).toEqual({ script: '{% "{% $x %}" %}', more: ['a'] });
  expect(JSON.stringify(given).match(/\$x/g)).toHaveLength(1);
});

test.each(['Launch', 'Check', 'Stop'])(
  '%s is tried again after what passes by itself, and after nothing else',
  name => {
    expect(state(name).Retry).toEqual([
      {
        ErrorEquals: [
          'Etl.Transient',
          'Lambda.ClientExecutionTimeoutException',
          'Lambda.ServiceException',
          'Lambda.AWSLambdaException',
          'Lambda.SdkClientException',
          'Lambda.TooManyRequestsException',
          'Lambda.Unknown',
          'Sandbox.Timedout',
        ],
        IntervalSeconds: 5,
        BackoffRate: 2,
        MaxAttempts: 8,
        MaxDelaySeconds: 300,
        JitterStrategy: 'FULL',
      },
    ]);
  },
);

test('missing capacity leads to another launch, twice at most', () => {
  for (const name of ['Launch', 'Check']) {
    expect(state(name).Catch).toEqual([
      expect.objectContaining({ ErrorEquals: ['Etl.Capacity'], Next: 'ToTarget: Launch elsewhere?' }),
    ]);
  }
  expect(state('Launch elsewhere?')).toMatchObject({
    Choices: [{ Condition: '{% $relaunch < 2 and $millis() < $deadline %}', Next: 'ToTarget: Wait for capacity' }],
    Default: 'ToTarget: No capacity',
  });
  expect(state('Wait for capacity')).toMatchObject({
    Assign: { relaunch: '{% $relaunch + 1 %}' },
    Next: 'ToTarget: Launch',
  });
});

test('takes no longer than its maxRuntime', () => {
  expect(state('Begin').Assign).toMatchObject({ relaunch: 0, deadline: '{% $millis() + 7200000 %}' });
  expect(state('Finished?').Choices).toEqual([
    { Condition: "{% $answer.status = 'done' %}", Next: 'ToTarget: Done' },
    { Condition: '{% $millis() >= $deadline %}', Next: 'ToTarget: Took too long' },
  ]);
  expect(state('Took too long')).toMatchObject({
    Type: 'Fail',
    Error: 'Etl.Timeout',
    Cause: expect.stringMatching(/'ToTarget' was not done after 2 hours/),
  });
});

test('any failure leads to stop, and then to the error that there was', () => {
  expect(state('Job')).toMatchObject({
    Type: 'Parallel',
    OutputPath: '$[0]',
    Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'ToTarget: Stop' }],
  });
  expect(state('Stop')).toMatchObject({
    Next: 'ToTarget: Stopped?',
    Catch: [{ ErrorEquals: ['States.ALL'], Next: 'ToTarget: Failed' }],
  });
  expect(state('Stop').Arguments.Payload).toEqual({
    contract: 1,
    action: 'stop',
    runId: '{% $states.input.runId %}',
    attempt: '{% $states.input.attempt %}',
  });
  expect(state('Stopped?')).toMatchObject({
    Choices: [{ Next: 'ToTarget: Failed' }],
    Default: 'ToTarget: Wait for stop',
  });
  expect(state('Failed')).toMatchObject({ Type: 'Fail', Error: '{% $states.input.error.Error %}' });
});

test('stop is asked until it says that nothing is left, 60 times at most', () => {
  expect(state('Stop').Output).toBe(
    '{% $merge([$states.input, { "stop": $merge([$states.result.Payload, ' +
      '{ "asked": ($exists($states.input.stop) ? $states.input.stop.asked : 0) + 1 }]) }]) %}',
  );
  expect(state('Stopped?').Choices).toEqual([
    {
      Condition: "{% $states.input.stop.status = 'ended' or $states.input.stop.asked >= 60 %}",
      Next: 'ToTarget: Failed',
    },
  ]);
  expect(state('Wait for stop')).toMatchObject({
    Seconds: '{% $states.input.stop.waitSeconds %}',
    Next: 'ToTarget: Stop',
  });
});

test('names a version, and the machine may invoke those of executions that began before too', () => {
  const [version] = Object.keys(template.findResources('AWS::Lambda::Version'));
  expect(state('Launch').Arguments.FunctionName).toBe(`\${${version}}`);
  template.hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: [
        {
          Action: 'lambda:InvokeFunction',
          Effect: 'Allow',
          Resource: { 'Fn::Join': ['', [{ 'Fn::GetAtt': [Match.stringLikeRegexp('^Job'), 'Arn'] }, ':*']] },
        },
      ],
    },
  });
});
