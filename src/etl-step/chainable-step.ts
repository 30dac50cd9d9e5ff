import type { IChainable } from 'aws-cdk-lib/aws-stepfunctions';
import type { EtlStepConfig, IEtlStep } from './etl-step';
import { validateStepId } from './step-id';

/** A step of the user's own states. */
export class ChainableStep implements IEtlStep {
  private bound = false;

  constructor(
    public readonly stepId: string,
    private readonly states: IChainable,
  ) {
    validateStepId(stepId);
  }

  public bind(): EtlStepConfig {
    if (this.bound) {
      throw new Error(`The step '${this.stepId}' belongs to a pipeline already. Make another step for each use.`);
    }
    this.bound = true;
    return { chain: this.states };
  }
}
