import type { Duration } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct, IDependable } from 'constructs';
import { bindJobFunction } from './job-function';
import { jobLoop } from './job-loop';
import type { EtlStepBindOptions, EtlStepConfig } from './step';
import { etlMetric } from '../metrics/etl-metric';
import { graph } from '../metrics/graph';
import { bindOnce } from '../validation';

export interface StepJobsProps {
  /** Answers launch, check and stop (contract.ts). */
  readonly handler: lambda.Function;
  /** The role of the handler. */
  readonly role: iam.Role;
  readonly maxRuntime: Duration;
  /** Costs of the step's compute, for the pipeline's dashboard. */
  readonly cost: cloudwatch.IMetric;
}

/** The part of a step's jobs that is known only when the step is bound. */
export interface BoundJobs {
  /** Handed to every launch and check, as it is. May hold tokens. */
  readonly arguments: object;
  /** See EtlStepConfig. */
  readonly dependencies: IDependable[];
  /** Whether compute is kept from one run to the next, which the handler ends before the pipeline is deleted. */
  readonly keepsCompute?: boolean;
}

/** The jobs of a step with compute of its own: the function behind them, their states and their graphs. */
export class StepJobs {
  constructor(
    private readonly step: Construct,
    private readonly props: StepJobsProps,
  ) {}

  /**
   * @param bindCompute called once the function knows its pipeline
   * @throws Error if the step is bound already
   */
  public bind(scope: Construct, options: EtlStepBindOptions, bindCompute: () => BoundJobs): EtlStepConfig {
    const stepId = this.step.node.id;
    const { handler, role, maxRuntime } = this.props;
    bindOnce(this.step, this.step.node.path);
    bindJobFunction(handler, role, stepId, options);
    const { arguments: launchArguments, dependencies, keepsCompute } = bindCompute();
    return {
      chain: jobLoop(scope, {
        stepId,
        handler: handler.currentVersion,
        arguments: { ...launchArguments },
        maxRuntime,
      }),
      stopFunctions: [handler],
      teardownFunctions: keepsCompute ? [handler] : [],
      dependencies,
      dashboardWidgets: this.graphs(),
    };
  }

  private graphs(): cloudwatch.IWidget[] {
    const { step } = this;
    const rows = (['RowsRead', 'RowsWritten', 'RowsRejected', 'DuplicatesDropped'] as const).map(name =>
      etlMetric(step, name),
    );
    return [
      graph(step.node.id, rows, [etlMetric(step, 'LoadDuration')]),
      graph(`${step.node.id}: compute`, [this.props.cost]),
    ];
  }
}
