import { randomBytes } from 'crypto';
import { setTimeout as pause } from 'timers/promises';
import type {
  CancelStepsInfo,
  Cluster,
  ClusterState,
  ClusterStateChangeReason,
  ClusterStateChangeReasonCode,
  FailureDetails,
  Instance,
  RunJobFlowInput,
  StepConfig,
  StepState,
} from '@aws-sdk/client-emr';
import type { ClusterFault } from './faults';
import type { HiveStepRunner } from './hive-step';
import { LocalStep } from './step';

/** What a cluster or a step has just become. */
export interface EmrChange {
  readonly clusterId: string;
  readonly clusterName: string;
  /** Absent: the cluster itself has changed. */
  readonly stepId?: string;
  readonly state: ClusterState | StepState;
  readonly reason?: string;
}

/** How long each state lasts, in milliseconds. */
export interface ClusterPace {
  readonly starting: number;
  readonly bootstrapping: number;
  readonly terminating: number;
  /** WAITING, before the cluster ends by itself; absent: it waits for ever. */
  readonly idle?: number;
}

/** Clusters that end for any other reason are TERMINATED_WITH_ERRORS. */
const WITHOUT_ERRORS: ClusterStateChangeReasonCode[] = ['ALL_STEPS_COMPLETED', 'USER_REQUEST'];

/** EMR's ids end in 13 upper-case letters or digits. */
const newId = (prefix: string): string => `${prefix}-${randomBytes(7).toString('hex').toUpperCase().slice(0, 13)}`;

/** One cluster, from its request to its end. */
export class LocalCluster {
  readonly id = newId('j');
  readonly created = new Date();
  state: ClusterState = 'STARTING';
  readonly steps: LocalStep[] = [];
  private reason?: ClusterStateChangeReason;
  private ready?: Date;
  private ended?: Date;
  /** Aborted when the cluster is to end, or when it has something to do. */
  private waiting = new AbortController();
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly request: RunJobFlowInput,
    private readonly runner: HiveStepRunner,
    private readonly pace: ClusterPace,
    private readonly onChange: (change: EmrChange) => void,
    private readonly fault?: ClusterFault,
  ) {
    this.addSteps(request.Steps ?? []);
  }

  get isEnding(): boolean {
    return this.state === 'TERMINATING' || this.isEnded;
  }

  get isEnded(): boolean {
    return this.state === 'TERMINATED' || this.state === 'TERMINATED_WITH_ERRORS';
  }

  /** Ends with the cluster. */
  async live(): Promise<void> {
    this.become('STARTING');
    await this.wait(this.pace.starting);
    this.strike('STARTING');
    if (!this.isEnding) {
      this.become('BOOTSTRAPPING');
      await this.wait(this.pace.bootstrapping);
      this.strike('BOOTSTRAPPING');
    }
    this.ready = new Date();
    while (!this.isEnding) await this.work();

    // the engine cannot be interrupted, and a cluster whose work goes on has not ended
    await this.running.catch(() => {});
    await pause(this.pace.terminating);
    this.ended = new Date();
    this.become(WITHOUT_ERRORS.includes(this.reason!.Code!) ? 'TERMINATED' : 'TERMINATED_WITH_ERRORS');
  }

  addSteps(configs: StepConfig[]): string[] {
    const added = configs.map(config => new LocalStep(newId('s'), config));
    this.steps.push(...added);
    for (const step of added) this.tell(step);
    this.waiting.abort();
    return added.map(step => step.id);
  }

  cancelStep(stepId: string): CancelStepsInfo {
    const step = this.steps.find(candidate => candidate.id === stepId);
    if (step?.state !== 'PENDING' && step?.state !== 'RUNNING') {
      return {
        StepId: stepId,
        Status: 'FAILED',
        Reason: step ? `Cannot cancel a step that is ${step.state}` : 'No such step',
      };
    }
    step.state = step.state === 'RUNNING' ? 'CANCEL_PENDING' : 'CANCELLED';
    this.tell(step);
    return { StepId: stepId, Status: 'SUBMITTED' };
  }

  end(reason: ClusterStateChangeReason): void {
    if (this.isEnding) return;
    this.reason = reason;
    this.become('TERMINATING');
    for (const step of this.steps.filter(({ isEnded }) => !isEnded)) {
      step.end('CANCELLED');
      this.tell(step);
    }
    this.waiting.abort();
  }

  describe(): Cluster {
    const { Instances: instances, Steps: _steps, JobFlowRole, ...request } = this.request;
    const subnets = instances?.Ec2SubnetIds ?? (instances?.Ec2SubnetId ? [instances.Ec2SubnetId] : []);
    return {
      ...request,
      Id: this.id,
      ClusterArn: this.arn,
      Status: this.status,
      InstanceCollectionType: 'INSTANCE_FLEET',
      AutoTerminate: !instances?.KeepJobFlowAliveWhenNoSteps,
      TerminationProtected: instances?.TerminationProtected ?? false,
      StepConcurrencyLevel: 1,
      Ec2InstanceAttributes: {
        Ec2SubnetId: subnets[0],
        RequestedEc2SubnetIds: subnets,
        IamInstanceProfile: JobFlowRole,
        EmrManagedMasterSecurityGroup: instances?.EmrManagedMasterSecurityGroup,
        EmrManagedSlaveSecurityGroup: instances?.EmrManagedSlaveSecurityGroup,
        ServiceAccessSecurityGroup: instances?.ServiceAccessSecurityGroup,
      },
    } as Cluster;
  }

  get summary(): Pick<Cluster, 'Id' | 'Name' | 'Status' | 'ClusterArn' | 'NormalizedInstanceHours'> {
    return {
      Id: this.id,
      Name: this.request.Name,
      Status: this.status,
      NormalizedInstanceHours: 0,
      ClusterArn: this.arn,
    };
  }

  /** One for each unit of the fleets' capacity, all there for as long as the cluster. */
  get instances(): Instance[] {
    const fleets = this.request.Instances?.InstanceFleets ?? [];
    return fleets.flatMap(({ TargetOnDemandCapacity = 0, TargetSpotCapacity = 0 }) =>
      Array.from({ length: TargetOnDemandCapacity + TargetSpotCapacity }, () => ({
        Status: {
          State: this.isEnded ? ('TERMINATED' as const) : ('RUNNING' as const),
          Timeline: { CreationDateTime: this.created, ReadyDateTime: this.ready, EndDateTime: this.ended },
        },
      })),
    );
  }

  get arn(): string {
    return `arn:aws:elasticmapreduce:us-east-1:000000000000:cluster/${this.id}`;
  }

  private get status(): Cluster['Status'] {
    return {
      State: this.state,
      StateChangeReason: this.reason ?? {},
      ErrorDetails: this.reason === this.fault?.reason ? this.fault?.details : undefined,
      Timeline: { CreationDateTime: this.created, ReadyDateTime: this.ready, EndDateTime: this.ended },
    };
  }

  /** The next step, or what follows when there is none. */
  private async work(): Promise<void> {
    const step = this.steps.find(candidate => candidate.state === 'PENDING');
    if (step) {
      if (this.state !== 'RUNNING') this.become('RUNNING');
      await this.runStep(step);
    } else if (!this.request.Instances?.KeepJobFlowAliveWhenNoSteps) {
      this.end({ Code: 'ALL_STEPS_COMPLETED', Message: 'Steps completed' });
    } else {
      if (this.state !== 'WAITING') this.become('WAITING');
      this.strike('WAITING');
      if (this.isEnding) return;
      await this.wait(this.pace.idle);
      // EMR does not document what it gives as the reason
      if (this.steps.every(({ state }) => state !== 'PENDING')) {
        this.end({ Code: 'ALL_STEPS_COMPLETED', Message: 'Auto-terminated, as it was idle' });
      }
    }
  }

  private async runStep(step: LocalStep): Promise<void> {
    step.begin();
    this.tell(step);
    const run = this.runner.run(step.config, { clusterId: this.id, stepId: step.id, logUri: this.request.LogUri });
    this.running = run;
    this.strike('RUNNING');
    let failure: FailureDetails | undefined;
    try {
      failure = await run;
    } catch (error) {
      // neither the script nor the data: this machine's S3 does not take the logs
      return this.end({ Code: 'INTERNAL_ERROR', Message: (error as Error).message });
    }
    if (step.isEnded) return; // the cluster has ended meanwhile
    if (step.state === 'CANCEL_PENDING') {
      step.end('CANCELLED');
      this.tell(step);
      return;
    }
    step.end(failure ? 'FAILED' : 'COMPLETED', failure);
    this.tell(step);
    if (failure) this.afterFailure(step);
  }

  private afterFailure(failed: LocalStep): void {
    const action = failed.config.ActionOnFailure ?? 'TERMINATE_CLUSTER';
    if (action === 'CONTINUE') return;
    if (action !== 'CANCEL_AND_WAIT') return this.end({ Code: 'STEP_FAILURE', Message: 'Shut down as step failed' });
    for (const step of this.steps.filter(({ state }) => state === 'PENDING')) {
      step.end('CANCELLED');
      this.tell(step);
    }
  }

  private strike(during: ClusterFault['during']): void {
    if (this.fault?.during === during) this.end(this.fault.reason);
  }

  private become(state: ClusterState): void {
    this.state = state;
    this.onChange({ clusterId: this.id, clusterName: this.request.Name!, state, reason: this.reason?.Message });
  }

  private tell({ id, state, failure }: LocalStep): void {
    this.onChange({ clusterId: this.id, clusterName: this.request.Name!, stepId: id, state, reason: failure?.Message });
  }

  /** Until the time has passed (never, without one), the cluster is to end, or a step has been added. */
  private async wait(milliseconds?: number): Promise<void> {
    const began = Date.now();
    this.waiting = new AbortController();
    try {
      await pause(milliseconds ?? 2 ** 31 - 1, undefined, { signal: this.waiting.signal, ref: false });
    } catch {
      // only a step was added: a cluster that starts goes on starting
      const left = milliseconds === undefined || this.state === 'WAITING' ? 0 : milliseconds - (Date.now() - began);
      if (left > 0 && !this.isEnding) await this.wait(left);
    }
  }
}
