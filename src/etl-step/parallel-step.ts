import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { isolatedStates } from './isolated-states';
import type { EtlStepBindOptions, EtlStepConfig, IEtlStep } from './step';
import { validatePresence, validateStepId } from './step-id';
import { bindOnce } from '../validation';

/** Steps side by side. Its states hand on their input with `results` of the steps inside. */
export class ParallelStep implements IEtlStep {
  public readonly steps: IEtlStep[];
  constructor(
    public readonly stepId: string,
    steps: IEtlStep[],
  ) {
    validateStepId(stepId);
    if (steps.length === 0) {
      throw new Error(
        `EtlStep.parallel('${stepId}') must have at least one step, got none. Add a step or leave it out.`,
      );
    }
    validatePresence(`EtlStep.parallel('${stepId}')`, steps);
    this.steps = [...steps];
  }

  public bind(scope: Construct, options: EtlStepBindOptions): EtlStepConfig {
    bindOnce(this, `'${this.stepId}'`);
    const parallel = sfn.Parallel.jsonPath(scope, this.stepId);
    const configs = this.steps.map(step => bindStep(scope, step, options));
    for (const { chain } of configs) parallel.branch(chain);
    // the outputs of the branches differ in `results` only: each has those of the steps before, and its own
    const merge = sfn.Pass.jsonata(scope, `${this.stepId}: Results`, {
      outputs: '{% $merge([$states.input[0], { "results": $merge($states.input.results) }]) %}',
    });
    return {
      chain: parallel.next(merge),
      stopFunctions: configs.flatMap(config => config.stopFunctions ?? []),
      teardownFunctions: configs.flatMap(config => config.teardownFunctions ?? []),
      dependencies: configs.flatMap(config => config.dependencies ?? []),
      dashboardWidgets: configs.flatMap(config => config.dashboardWidgets ?? []),
    };
  }
}

/**
 * Binds a step in a scope of its own. The states hand on their input, with the step's result in `results`, whatever the
 * step's own states return.
 */
export function bindStep(scope: Construct, step: IEtlStep, options: EtlStepBindOptions): EtlStepConfig {
  const ownScope = new Construct(scope, step.stepId);
  const config = step.bind(ownScope, options) as EtlStepConfig | undefined;
  if (!config?.chain) {
    throw new Error(
      `bind() of the step '${step.stepId}' must return the step's states as { chain: … }, got ` +
        `${config === undefined ? 'undefined' : 'no chain'}. Return what the step runs.`,
    );
  }
  if (step instanceof ParallelStep) return config;
  // in brackets, as Step Functions wants names with other characters than letters and digits:
  // https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html#amazon-states-language-reference-paths
  return { ...config, chain: isolatedStates(ownScope, step.stepId, config.chain, `$.results['${step.stepId}']`) };
}
