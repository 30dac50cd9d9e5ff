import { App, Duration, Stack, Token } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Column } from '../../src/dataset/column';
import { DataFormat } from '../../src/dataset/data-format';
import { Dataset } from '../../src/dataset/dataset';
import { EtlStep } from '../../src/etl-step/etl-step';
import type { JobFunctionOptions } from '../../src/etl-step/job-function-step';
import { bindStep } from '../../src/etl-step/parallel-step';
import type { IEtlStep } from '../../src/etl-step/step';
import { allStates, definitionErrors, stateMachineDefinition } from '../state-machine-definition';

const dataset = new Dataset({ name: 'orders', format: DataFormat.csv(), columns: [Column.string('order_id')] });
const pass = (stack: Stack, name: string) => new sfn.Pass(stack, name);

function synthesize(makeStep: (stack: Stack) => IEtlStep) {
  const stack = new Stack(new App(), 'Stack');
  const { chain, stopFunctions = [] } = bindStep(stack, makeStep(stack), {
    dataset,
    workBucket: new Bucket(stack, 'Work'),
  });
  new sfn.StateMachine(stack, 'Machine', { definitionBody: sfn.DefinitionBody.fromChainable(chain) });
  const definition = stateMachineDefinition(Template.fromStack(stack));
  expect(definitionErrors(definition)).toBe('');
  return { definition, stopFunctions };
}

describe('fromChainable', () => {
  test('isolates the states and puts their output among the results', () => {
    const { definition } = synthesize(stack =>
      EtlStep.fromChainable('to-lake', pass(stack, 'One').next(pass(stack, 'Two'))),
    );
    expect(definition).toEqual({
      StartAt: 'to-lake',
      States: {
        'to-lake': {
          Type: 'Parallel',
          ResultPath: "$.results['to-lake']",
          Branches: [
            { StartAt: 'One', States: { One: { Type: 'Pass', Next: 'Two' }, Two: { Type: 'Pass', End: true } } },
          ],
          Next: 'to-lake: Result',
        },
        'to-lake: Result': {
          Type: 'Pass',
          InputPath: "$.results['to-lake'][0]",
          ResultPath: "$.results['to-lake']",
          End: true,
        },
      },
    });
  });

  test('has no compute to stop', () => {
    expect(synthesize(stack => EtlStep.fromChainable('A', pass(stack, 'One'))).stopFunctions).toEqual([]);
  });
});

describe('fromJobFunction', () => {
  function inStack(
    options?: JobFunctionOptions,
    handlerOf = (made: lambda.Function): lambda.IFunction => made.currentVersion,
  ) {
    const stack = new Stack(new App(), 'Stack');
    const made = new lambda.Function(stack, 'Job', {
      runtime: lambda.Runtime.NODEJS_22_X,
      handler: 'index.handler',
      code: lambda.Code.fromInline('exports.handler = async () => ({})'),
    });
    const handler = handlerOf(made);
    const step = EtlStep.fromJobFunction('Export', handler, options);
    const config = bindStep(stack, step, { dataset, workBucket: new Bucket(stack, 'Work') });
    new sfn.StateMachine(stack, 'Machine', { definitionBody: sfn.DefinitionBody.fromChainable(config.chain) });
    return { stack, step, handler, config };
  }

  test('launches, checks and stops through the function, with the arguments that it was given', () => {
    const { stack, handler, config } = inStack({ launchArguments: { target: 'lake' }, maxRuntime: Duration.hours(1) });
    const definition = stateMachineDefinition(Template.fromStack(stack));
    expect(definitionErrors(definition)).toBe('');
    const states = allStates(definition);
    expect(states['Export: Launch'].Arguments.Payload).toMatchObject({
      action: 'launch',
      arguments: '{% $arguments %}',
    });
    expect(states['Export: Check'].Arguments.Payload).toMatchObject({ action: 'check', job: '{% $answer.job %}' });
    expect(states['Export: Stop'].Arguments.Payload).toMatchObject({ action: 'stop' });
    expect(states['Export: Begin'].Assign).toMatchObject({
      deadline: '{% $millis() + 3600000 %}',
      arguments: { target: 'lake' },
    });
    expect(config.stopFunctions).toEqual([handler]);
  });

  test('lets the function read what is staged, and use the folder of its step alone', () => {
    const { stack } = inStack();
    const statements = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy')).flatMap(
      policy => policy.Properties.PolicyDocument.Statement,
    );
    const keys = (action: string) =>
      statements
        .filter(statement => [statement.Action].flat().includes(action))
        .flatMap(statement => [statement.Resource].flat().map((arn: any) => arn['Fn::Join'][1].at(-1)));
    expect(keys('s3:GetObject')).toEqual(['/runs/*/input/*', '/runs/*/staged.json', '/runs/*/Export/*']);
    expect(keys('s3:PutObject')).toEqual(['/runs/*/Export/*']);
  });

  test.each([
    [
      'a version: executions go on with the version that they began with',
      (made: lambda.Function) => made.currentVersion,
      [':*'],
    ],
    ['a function: the newest code', (made: lambda.Function) => made, [undefined, ':*']],
  ])('the state machine may call %s', (_, handlerOf, suffixes) => {
    const { stack } = inStack({}, handlerOf);
    const [policy] = Object.entries(Template.fromStack(stack).findResources('AWS::IAM::Policy'))
      .filter(([id]) => id.startsWith('Machine'))
      .map(([, found]) => found);
    const called = policy.Properties.PolicyDocument.Statement.flatMap((statement: any) => [statement.Resource].flat());
    expect(called.map((arn: any) => arn['Fn::Join']?.[1].at(-1))).toEqual(suffixes);
  });

  test('belongs to one pipeline', () => {
    const { stack, step } = inStack();
    expect(() => bindStep(new Stack(stack, 'Other'), step, { dataset, workBucket: new Bucket(stack, 'More') })).toThrow(
      "The step 'Export' is in a pipeline already. Make a step of its own for each place.",
    );
  });

  test.each([Duration.seconds(59), Duration.days(8)])('refuses a maxRuntime of %p', maxRuntime => {
    expect(() => inStack({ maxRuntime })).toThrow('maxRuntime must be whole seconds from 1 minute to 7 days');
  });
});

describe('parallel', () => {
  test('runs the steps side by side and joins their results', () => {
    const { definition } = synthesize(stack =>
      EtlStep.parallel('Both', [
        EtlStep.fromChainable('A', pass(stack, 'One')),
        EtlStep.parallel('Inner', [EtlStep.fromChainable('B', pass(stack, 'Two'))]),
      ]),
    );
    expect(Object.keys(definition.States)).toEqual(['Both', 'Both: Results']);
    expect(definition.States.Both.Branches!.map(branch => branch.StartAt)).toEqual(['A', 'Inner']);
    expect(definition.States['Both: Results']).toMatchObject({
      QueryLanguage: 'JSONata',
      Output: '{% $merge([$states.input[0], { "results": $merge($states.input.results) }]) %}',
    });
    expect(allStates(definition)).toHaveProperty('B: Result');
  });

  test('has the stop functions of all its steps', () => {
    const made: lambda.IFunction[] = [];
    const step = (stack: Stack, stepId: string): IEtlStep => {
      const stop = lambda.Function.fromFunctionArn(
        stack,
        `${stepId}Stop`,
        `arn:aws:lambda:eu-west-1:111111111111:function:${stepId}`,
      );
      made.push(stop);
      return { stepId, bind: scope => ({ chain: new sfn.Pass(scope, `${stepId}Pass`), stopFunctions: [stop] }) };
    };
    const { stopFunctions } = synthesize(stack =>
      EtlStep.parallel('Both', [step(stack, 'A'), EtlStep.parallel('Inner', [step(stack, 'B')])]),
    );
    expect(stopFunctions).toEqual(made);
  });

  test('needs a step', () => {
    expect(() => EtlStep.parallel('Both', [])).toThrow(
      "EtlStep.parallel('Both') must have at least one step, got none.",
    );
  });
});

describe('a step', () => {
  test.each(['', 'a b', 'a.b', 'a/b', 'ü', 'x'.repeat(41)])("cannot be called '%s'", stepId => {
    const stack = new Stack();
    const message = `The id of a step must have 1 to 40 of the characters A-Z a-z 0-9 _ -, got '${stepId}'.`;
    expect(() => EtlStep.fromChainable(stepId, pass(stack, 'One'))).toThrow(message);
    expect(() => EtlStep.parallel(stepId, [])).toThrow(message);
  });

  test.each(['input', 'staging'])("cannot be called '%s', like a folder of the pipeline's", stepId => {
    expect(() => EtlStep.fromChainable(stepId, pass(new Stack(), 'One'))).toThrow(
      `must not be input or staging, folders of a run that are the pipeline's, got '${stepId}'`,
    );
  });

  test('cannot be called by what is known at deployment only', () => {
    expect(() => EtlStep.fromChainable(Token.asString({ Ref: 'X' }), pass(new Stack(), 'One'))).toThrow(
      'must be concrete text, got a token',
    );
  });

  test('may be called anything else', () => {
    const { definition } = synthesize(stack => EtlStep.fromChainable('2nd_Step-x', pass(stack, 'One')));
    expect(definition.StartAt).toBe('2nd_Step-x');
  });

  test.each([
    (stack: Stack) => EtlStep.fromChainable('A', pass(stack, 'One')),
    (stack: Stack) => EtlStep.parallel('A', [EtlStep.fromChainable('B', pass(stack, 'One'))]),
  ])('is bound once', makeStep => {
    const stack = new Stack();
    const step = makeStep(stack);
    const options = { dataset, workBucket: new Bucket(stack, 'Work') };
    step.bind(stack, options);
    expect(() => step.bind(stack, options)).toThrow("The step 'A' is in a pipeline already.");
  });
});
