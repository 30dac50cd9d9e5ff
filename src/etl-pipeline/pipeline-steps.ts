import { Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { PollingSteps } from './execution-history';
import { ChainableStep } from '../etl-step/chainable-step';
import { ParallelStep } from '../etl-step/parallel-step';
import type { IEtlStep } from '../etl-step/step';
import { validatePresence, validateStepId } from '../etl-step/step-id';

/**
 * @throws Error if there is no step, an id is not allowed or not unique, a step is used twice, or a step belongs to
 * another stack
 */
export function validateSteps(pipeline: Construct, steps: IEtlStep[]): void {
  if (steps.length === 0) {
    throw new Error("'steps' must have at least one step, got none. Add what the files are to be loaded into.");
  }
  validatePresence("'steps'", steps);
  const seen = new Map<string, IEtlStep>();
  for (const step of withSteps(steps)) {
    validateStepId(step.stepId);
    const other = seen.get(step.stepId);
    if (other === step) {
      throw new Error(`The step '${step.stepId}' is in 'steps' twice. Make a step of its own for each place.`);
    }
    if (other) {
      throw new Error(
        `The ids of a pipeline's steps must differ, those inside EtlStep.parallel included: '${step.stepId}' is ` +
          'there twice. Rename one.',
      );
    }
    seen.set(step.stepId, step);
    if (Construct.isConstruct(step)) validateStack(pipeline, step, `the step '${step.stepId}'`);
  }
}

/**
 * They refer to each other both ways, which CloudFormation allows within a stack only.
 * @throws Error if the part belongs to another stack than the pipeline
 */
export function validateStack(pipeline: Construct, part: Construct, description: string): void {
  const [own, other] = [Stack.of(pipeline), Stack.of(part)];
  if (own === other) return;
  throw new Error(
    `A pipeline, its trigger and its steps must be in one stack: the pipeline is in '${own.node.path}', ` +
      `${description} in '${other.node.path}'. ` +
      'Move it; buckets, tables, networks and warehouses may be in other stacks.',
  );
}

export function pollingSteps(steps: IEtlStep[]): PollingSteps {
  const each = steps.map(step => withSteps([step]).filter(isPolling).length);
  return {
    inSequence: each.filter(count => count > 0).length,
    atOnce: Math.max(0, ...each),
    inAll: each.reduce((sum, count) => sum + count, 0),
  };
}

/** The steps that are constructs, those inside EtlStep.parallel included. */
export function stepConstructs(steps: IEtlStep[]): Construct[] {
  return withSteps(steps).filter(step => Construct.isConstruct(step));
}

/** The states of a chain are the user's: whether they poll is not known. */
function isPolling(step: IEtlStep): boolean {
  return !(step instanceof ParallelStep || step instanceof ChainableStep);
}

/** The steps and those inside them. */
function withSteps(steps: IEtlStep[]): IEtlStep[] {
  return steps.flatMap(step => (step instanceof ParallelStep ? [step, ...withSteps(step.steps)] : [step]));
}
