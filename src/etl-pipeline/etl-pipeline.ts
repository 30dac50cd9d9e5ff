import { ArnFormat, Duration, Names, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as iam from 'aws-cdk-lib/aws-iam';
import { type IFunction, Tracing } from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { IEtlTrigger } from './etl-trigger';
import { validateTimeout } from './execution-history';
import { FileStaging } from './file-staging';
import { createDashboard, type PipelineDashboardProps } from './pipeline-dashboard';
import { pollingSteps, stepConstructs, validateStack, validateSteps } from './pipeline-steps';
import type { Dataset } from '../dataset/dataset';
import { bindStep } from '../etl-step/parallel-step';
import type { IEtlStep } from '../etl-step/step';
import { acknowledgeFindings } from '../findings/acknowledge-findings';
import { createLogGroup, type EtlFunctionOptions } from '../function-options';

/** Longer than a load that goes well, short enough that one that hangs is noticed on the same day. */
const DEFAULT_TIMEOUT = Duration.hours(12);

/** Properties of an EtlPipeline. */
export interface EtlPipelineProps extends EtlFunctionOptions {
  /** Columns, key and format of the files. */
  readonly dataset: Dataset;

  /** The trigger that decides which files are loaded, and when. It serves this pipeline alone, in the same stack. */
  readonly trigger: IEtlTrigger;

  /**
   * Steps that load the files of a run, in this order: each begins once the one before is done.
   * At least one; constructs among them are in the same stack.
   */
  readonly steps: IEtlStep[];

  /**
   * The longest time that an execution may take, staging and all steps together. After it the execution ends, the
   * steps' compute is stopped, and the run's files are FAILED: another attempt would take as long.
   *
   * @default Duration.hours(12) - longer than a load that goes well, short enough that one that hangs is noticed on the
   * same day
   */
  readonly timeout?: Duration;
}

/**
 * Loads the files that a trigger collects: a state machine whose every execution takes one run of files through the
 * steps.
 *
 * First it copies each file, the exact version that arrived, to the run's folder in the work bucket, and looks at its
 * beginning: files that cannot be loaded are set aside with the reason, the others go on. If no file is left, the
 * execution ends well and starts no compute. A step that fails fails the execution with its error, after its compute
 * was stopped; the trigger then decides whether the run is tried again.
 *
 * @example
 *
 * const trigger = new S3QueueTrigger(this, 'Uploads', { bucket: landing, prefix: 'orders/' });
 * const pipeline = new EtlPipeline(this, 'Orders', {
 *   dataset: new Dataset({
 *     name: 'orders',
 *     format: DataFormat.csv(),
 *     columns: [Column.string('order_id'), Column.decimal('amount', 12, 2)],
 *     key: ['order_id'],
 *   }),
 *   trigger,
 *   steps: [new EmrHiveDynamoStep(this, 'ToDynamo', { table, compute: EmrCompute.instanceFleets({ vpc }) })],
 * });
 */
export class EtlPipeline extends Construct {
  /** One execution for each attempt of each run. */
  public readonly stateMachine: sfn.StateMachine;

  /** The trigger that starts the executions. */
  public readonly trigger: IEtlTrigger;

  private readonly widgets: Pick<PipelineDashboardProps, 'triggerWidgets' | 'stepWidgets'>;

  /**
   * @throws Error if there is no step, two steps have one id, a step is used twice, trigger or steps are in another
   * stack, or the time-out is longer than an execution with these steps can last
   */
  constructor(scope: Construct, id: string, props: EtlPipelineProps) {
    super(scope, id);
    const { dataset, trigger } = props;
    const timeout = props.timeout ?? DEFAULT_TIMEOUT;
    validateStack(this, trigger, 'the trigger');
    validateSteps(this, props.steps);
    validateTimeout(timeout, pollingSteps(props.steps));
    this.trigger = trigger;

    const { workBucket } = trigger;
    const { operatorFunction, dashboardWidgets: triggerWidgets = [] } = trigger.describe();
    const functions: EtlFunctionOptions = {
      logRetention: props.logRetention,
      tracing: props.tracing,
      architecture: props.architecture,
    };
    const staging = new FileStaging(this, 'Staging', {
      ...functions,
      dataset: dataset._definition,
      workBucket,
      operatorFunction,
    });
    trigger.grantReadFiles(staging);
    const stepScope = new Construct(this, 'Steps');
    const steps = props.steps.map(step => bindStep(stepScope, step, { dataset, workBucket, operatorFunction }));
    const succeed = new sfn.Succeed(this, 'Loaded');
    const load = [...steps.map(step => step.chain), succeed].reduce((chain, next) => sfn.Chain.start(chain).next(next));
    const anythingToLoad = new sfn.Choice(this, 'Anything to load?')
      .when(sfn.Condition.numberGreaterThan('$.staged.files', 0), load)
      .otherwise(succeed);

    this.stateMachine = new sfn.StateMachine(this, 'StateMachine', {
      definitionBody: sfn.DefinitionBody.fromChainable(staging.states.next(anythingToLoad)),
      comment: `Loads files of dataset '${dataset.name}'`,
      timeout,
      tracingEnabled: props.tracing !== Tracing.DISABLED,
      logs: {
        destination: this.createLogGroup(functions),
        level: sfn.LogLevel.ALL,
        includeExecutionData: false, // causes of errors may quote what is in a file
      },
    });

    this.widgets = { triggerWidgets, stepWidgets: steps.flatMap(step => step.dashboardWidgets ?? []) };
    const stopFunctions = steps.flatMap(step => step.stopFunctions ?? []);
    const dependencies = [this, ...stepConstructs(props.steps), ...steps.flatMap(step => step.dependencies ?? [])];
    const teardownFunctions = steps.flatMap(step => step.teardownFunctions ?? []);
    trigger.startExecutionsOf(this.stateMachine, { stopFunctions, teardownFunctions, dependencies });
    this.allowDescribingExecutions(stopFunctions);
    acknowledgeFindings(this, { except: stepScope });
  }

  /**
   * Adds a CloudWatch dashboard: what arrived, what waits, what was loaded or failed, and what each step did. The first
   * three dashboards of an account are free, others cost $3 a month.
   *
   * @param id of the dashboard, in the scope of the pipeline
   */
  public addDashboard(id: string): cloudwatch.Dashboard {
    return createDashboard(this, id, {
      attempts: [
        this.metricAttemptsSucceeded({ label: 'Succeeded', color: cloudwatch.Color.GREEN }),
        this.metricAttemptsFailed({ label: 'Failed', color: cloudwatch.Color.RED }),
        this.metricAttemptsTimedOut({ label: 'Timed out', color: cloudwatch.Color.ORANGE }),
        this.metricAttemptsAborted({ label: 'Aborted', color: cloudwatch.Color.GREY }),
      ],
      attemptDuration: this.metricAttemptDuration({ label: 'Duration' }),
      ...this.widgets,
    });
  }

  /** Attempts that succeeded: executions of the state machine. Sum. */
  public metricAttemptsSucceeded(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.stateMachine.metricSucceeded(options);
  }

  /** Attempts that failed, those that are followed by another included. Sum. */
  public metricAttemptsFailed(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.stateMachine.metricFailed(options);
  }

  /** Attempts that took longer than `timeout`. Sum. */
  public metricAttemptsTimedOut(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.stateMachine.metricTimedOut(options);
  }

  /** Attempts that somebody has aborted. Sum. */
  public metricAttemptsAborted(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.stateMachine.metricAborted(options);
  }

  /** Milliseconds that an attempt took, staging and all steps together. Maximum. */
  public metricAttemptDuration(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.stateMachine.metricTime({ statistic: cloudwatch.Stats.MAXIMUM, ...options });
  }

  /**
   * With the prefix that log delivery knows: under another one each group lengthens a resource policy that is limited
   * to 5,120 characters.
   */
  private createLogGroup(options: EtlFunctionOptions): logs.LogGroup {
    return createLogGroup(this, 'Logs', options, {
      logGroupName: `/aws/vendedlogs/states/${Names.uniqueResourceName(this, { maxLength: 128, separator: '-' })}`,
    });
  }

  /**
   * A launch asks whether its execution still runs. In a policy of its own: the state machine depends on the functions
   * and on their roles' policies.
   */
  private allowDescribingExecutions(functions: IFunction[]): void {
    const roles = [...new Set(functions.flatMap(handler => handler.role ?? []))];
    if (roles.length === 0) return;
    new iam.Policy(this, 'DescribeExecutions', {
      roles,
      statements: [
        new iam.PolicyStatement({
          actions: ['states:DescribeExecution'],
          resources: [
            Stack.of(this).formatArn({
              service: 'states',
              resource: 'execution',
              resourceName: `${this.stateMachine.stateMachineName}:*`,
              arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            }),
          ],
        }),
      ],
    });
  }
}
