import type { FailureDetails, Step, StepConfig, StepState } from '@aws-sdk/client-emr';

/** One step of a cluster. */
export class LocalStep {
  state: StepState = 'PENDING';
  failure?: FailureDetails;
  private readonly created = new Date();
  private started?: Date;
  private ended?: Date;

  constructor(
    readonly id: string,
    readonly config: StepConfig,
  ) {}

  get isEnded(): boolean {
    return this.ended !== undefined || this.state === 'CANCELLED';
  }

  begin(): void {
    this.state = 'RUNNING';
    this.started = new Date();
  }

  end(state: StepState, failure?: FailureDetails): void {
    this.state = state;
    this.failure = failure;
    this.ended = new Date();
  }

  describe(): Step {
    const { Jar, MainClass, Args, Properties = [] } = this.config.HadoopJarStep!;
    return {
      Id: this.id,
      Name: this.config.Name,
      ActionOnFailure: this.config.ActionOnFailure ?? 'TERMINATE_CLUSTER',
      Config: {
        Jar,
        MainClass,
        Args,
        Properties: Object.fromEntries(Properties.map(({ Key, Value }) => [Key!, Value!])),
      },
      Status: {
        State: this.state,
        StateChangeReason: {},
        FailureDetails: this.failure,
        Timeline: { CreationDateTime: this.created, StartDateTime: this.started, EndDateTime: this.ended },
      },
    };
  }
}
