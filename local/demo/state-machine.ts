import type { DeployedStep, Target } from './deployed';
import type { DatasetDefinition } from '../../src/dataset/contract';
import type { EmrHiveDynamoArguments } from '../../src/emr-hive-dynamo-step/contract';
import type { FargateRedshiftArguments } from '../../src/fargate-redshift-step/contract';

/** What a state machine's definition says of its pipeline. */
export interface PipelineDefinition {
  readonly dataset?: DatasetDefinition;
  readonly steps: DeployedStep[];
}

interface States {
  readonly StartAt: string;
  readonly States: Record<string, State>;
}

/** As far as it is read here: https://states-language.net. */
interface State {
  readonly Next?: string;
  readonly Default?: string;
  readonly Choices?: { readonly Next: string }[];
  readonly Branches?: States[];
  readonly ItemProcessor?: States;
  readonly ResultPath?: string | null;
  readonly Arguments?: { readonly Payload?: { readonly dataset?: DatasetDefinition } };
  /** A step with compute of its own keeps what it is to load in a variable: src/etl-step/job-loop.ts. */
  readonly Assign?: { readonly arguments?: Partial<EmrHiveDynamoArguments> & Partial<FargateRedshiftArguments> };
}

/** Where a pipeline keeps a step's result, and so the mark of the state that holds the step. */
const RESULT_PATH = /^\$\.results(?:\['([\w-]+)'\]|\.([\w-]+))$/;

/** Reads the definition of a pipeline's state machine: the dataset of its files, and its steps in their order. */
export function readDefinition(definition: string): PipelineDefinition {
  const machine = JSON.parse(definition) as States;
  const dataset = allStates(machine).find(state => state.Arguments?.Payload?.dataset)?.Arguments!.Payload!.dataset;
  return { dataset: dataset && unescaped(dataset), steps: stepsOf(machine) };
}

function stepsOf(machine: States, within: string[] = []): DeployedStep[] {
  return inOrder(machine).flatMap(([name, state]) => {
    const stepId = state.Branches && stepOf(state);
    if (!stepId) return inside(state).flatMap(held => stepsOf(held, [...within, name]));
    const launches = inside(state).flatMap(allStates);
    return [{ stepId, within, target: launches.map(targetOf).find(target => target !== undefined) }];
  });
}

function stepOf({ ResultPath: path }: State): string | undefined {
  const [, quoted, plain] = RESULT_PATH.exec(path ?? '') ?? [];
  return quoted ?? plain;
}

function targetOf({ Assign: variables }: State): Target | undefined {
  const { load, table } = variables?.arguments ?? {};
  if (load) {
    const { schema, mode, warehouse } = unescaped(load);
    const { host, port } = warehouse;
    return { engine: 'Redshift', schema, table: unescaped(load.table), mode, host, port };
  }
  return table ? { engine: 'DynamoDB', table: unescaped(table.name) } : undefined;
}

function allStates(machine: States): State[] {
  return inOrder(machine).flatMap(([, state]) => [state, ...inside(state).flatMap(allStates)]);
}

function inside({ Branches: branches = [], ItemProcessor: items }: State): States[] {
  return items ? [...branches, items] : branches;
}

/** As the machine runs them: what comes next before what is only chosen between. */
function inOrder({ StartAt: first, States: states }: States): [string, State][] {
  const found = new Set<string>();
  const visit = (name: string | undefined): void => {
    if (name === undefined || found.has(name)) return;
    found.add(name);
    const { Next: next, Choices: choices = [], Default: otherwise } = states[name];
    for (const following of [next, ...choices.map(choice => choice.Next), otherwise]) visit(following);
  };
  visit(first);
  return [...found].map(name => [name, states[name]]);
}

/** Texts that look like JSONata stand in the definition as expressions: string literals with the escapes of JSON. */
function unescaped<Value>(value: Value): Value {
  if (typeof value === 'string') {
    const literal = /^\{% (".*") %\}$/s.exec(value)?.[1];
    return (literal === undefined ? value : JSON.parse(literal)) as Value;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(unescaped) as Value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, unescaped(item)])) as Value;
}
