import validate from 'asl-validator';
import type { Template } from 'aws-cdk-lib/assertions';

/** A state of a state machine; what a test needs to look at of it is up to the test. */
export interface State {
  readonly Type: string;
  readonly QueryLanguage?: string;
  readonly Next?: string;
  readonly Branches?: Definition[];
  readonly [field: string]: any;
}

export interface Definition {
  readonly StartAt: string;
  readonly States: { [name: string]: State };
  readonly TimeoutSeconds?: number;
}

/**
 * The definition of the template's only state machine; `${LogicalId}` and `${LogicalId.Attribute}` stand for what the
 * deployment fills in.
 */
export function stateMachineDefinition(template: Template): Definition {
  const machines = Object.values(template.findResources('AWS::StepFunctions::StateMachine'));
  if (machines.length !== 1) throw new Error(`The template must have one state machine, got ${machines.length}.`);
  return JSON.parse(text(machines[0].Properties.DefinitionString));
}

/** Every state by its name, those inside of Parallel states too. */
export function allStates(definition: Definition): { [name: string]: State } {
  const states = { ...definition.States };
  for (const state of Object.values(definition.States)) {
    for (const branch of state.Branches ?? []) Object.assign(states, allStates(branch));
  }
  return states;
}

/** What asl-validator finds wrong with the definition, state by state in its own query language; empty if nothing. */
export function definitionErrors(definition: Definition): string {
  // the validator takes a string of several lines for neither an expression nor text, and it writes into what it is
  // given
  const copy = JSON.parse(
    JSON.stringify(definition, (_, value) => (typeof value === 'string' ? value.replace(/\n/g, ' ') : value)),
  );
  const { isValid, errorsText } = validate(copy, { checkPaths: true, checkArn: false });
  return isValid ? '' : errorsText('\n');
}

function text(value: any): string {
  if (typeof value === 'string') return value;
  if ('Fn::Join' in value) return value['Fn::Join'][1].map(text).join(value['Fn::Join'][0]);
  if ('Fn::GetAtt' in value) return `\${${value['Fn::GetAtt'].join('.')}}`;
  if ('Fn::GetStackOutput' in value) {
    return `\${${value['Fn::GetStackOutput'].StackName}.${value['Fn::GetStackOutput'].OutputName}}`;
  }
  if (value.Ref === 'AWS::Partition') return 'aws';
  if ('Ref' in value) return `\${${value.Ref}}`;
  throw new Error(`Not understood in a definition: ${JSON.stringify(value)}`);
}
