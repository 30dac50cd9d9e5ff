import type { IChainable } from 'aws-cdk-lib/aws-stepfunctions';
import type { EtlStepConfig, IEtlStep } from './step';
import { validateStepId } from './step-id';
import { bindOnce } from '../validation';

/** A step of the user's own states. */
export class ChainableStep implements IEtlStep {
  constructor(
    public readonly stepId: string,
    private readonly states: IChainable,
  ) {
    validateStepId(stepId);
  }

  public bind(): EtlStepConfig {
    bindOnce(this, `'${this.stepId}'`);
    return { chain: this.states };
  }
}
