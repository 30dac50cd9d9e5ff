import { Duration, ITaggableV2, Stack, TagManager, TagType } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { FargateRedshiftArguments } from './contract';
import { LAUNCH_TIMEOUT_SECONDS } from './contract';
import { grantCopy } from './copy-role';
import { FargateRedshiftFunction } from './fargate-redshift-function';
import type { FargateTaskOptions } from './fargate-task-options';
import { createFunctionRole } from './function-role';
import { grantStatements } from './grant-statements';
import { DEFAULT_SCHEMA, loadWork, RedshiftLoadOptions, validateLoadOptions } from './load-options';
import { LoaderTask } from './loader-task';
import type { RedshiftWarehouse } from './redshift-warehouse';
import type { DatasetDefinition } from '../dataset/contract';
import { jobFunctionOptions } from '../etl-step/job-function';
import type { EtlStepBindOptions, EtlStepConfig, IEtlStep } from '../etl-step/step';
import { validateStepId } from '../etl-step/step-id';
import { StepJobs } from '../etl-step/step-jobs';
import { acknowledgeFindings } from '../findings/acknowledge-findings';
import { RUN_FOLDERS } from '../findings/acknowledged-findings';
import type { EtlFunctionOptions } from '../function-options';
import { etlMetric } from '../metrics/etl-metric';
import { validateDuration } from '../validation';

const DEFAULT_MAX_RUNTIME = Duration.hours(2);
const SHORTEST_MAX_RUNTIME = Duration.minutes(5);
const LONGEST_MAX_RUNTIME = Duration.hours(24);

/** Properties of a FargateRedshiftStep. */
export interface FargateRedshiftStepProps extends FargateTaskOptions, RedshiftLoadOptions, EtlFunctionOptions {
  /** The warehouse to load into. */
  readonly warehouse: RedshiftWarehouse;

  /**
   * The longest time that a load may take, the start of its task included: 5 minutes to 24 hours. After it the task is
   * stopped and the run's files are FAILED: another attempt would take as long.
   *
   * @default Duration.hours(2)
   */
  readonly maxRuntime?: Duration;
}

/**
 * Loads the rows of a run into a Redshift table, with a task on Fargate that is started for the run and ends with it.
 *
 * The loader reads the staged files once, side by side on all of the task's CPUs, and keeps every row that breaks the
 * dataset's rules with the reason, its file and its line. It copies the others into a temporary table and writes them,
 * as `mode` says, in one transaction that also records the run: a task that is repeated changes nothing. Tags of the
 * step, for instance of `Tags.of(step).add(…)`, become tags of its tasks.
 *
 * @example
 *
 * new FargateRedshiftStep(this, 'ToRedshift', {
 *   vpc,
 *   warehouse,
 *   schema: 'analytics',
 *   table: 'orders',
 *   maxRejectedRows: 100, // more, and nothing of the run is loaded
 * });
 */
export class FargateRedshiftStep extends Construct implements IEtlStep, ec2.IConnectable, iam.IGrantable, ITaggableV2 {
  /** Names the step: the id of the construct. */
  public readonly stepId: string;

  /** Container image of the tasks. */
  public readonly taskDefinition: ecs.FargateTaskDefinition;

  /** The security groups of the tasks. */
  public readonly connections: ec2.Connections;

  /** The role of the tasks. */
  public readonly grantPrincipal: iam.IPrincipal;

  /** Tags of the tasks. */
  public readonly cdkTagManager = new TagManager(TagType.STANDARD, 'CdkEtlSteps::FargateRedshiftStep');

  /**
   * SQL that an administrator of the warehouse runs once, for a login by IAM: the user of the task role, and the rights
   * that a load needs, and no more. Absent if the warehouse has a secret. Show it with a `CfnOutput`.
   */
  public readonly grantStatements?: string;

  private readonly props: FargateRedshiftStepProps;
  private readonly task: LoaderTask;
  private readonly functionRole: iam.Role;
  private readonly maxRuntime: Duration;
  private readonly jobs: StepJobs;

  /**
   * @throws Error if the id is not 1 to 40 of `A-Z a-z 0-9 _ -`, both or none of `vpc` and `cluster` are given, a name
   * or number is out of its bounds, or Fargate has no task of this size
   */
  constructor(scope: Construct, id: string, props: FargateRedshiftStepProps) {
    super(scope, id);
    validateStepId(id);
    this.stepId = id;
    this.props = props;
    validateProps(props);
    this.maxRuntime = props.maxRuntime ?? DEFAULT_MAX_RUNTIME;

    this.task = new LoaderTask(this, 'Task', props);
    this.taskDefinition = this.task.definition;
    this.connections = this.task.connections;
    this.grantPrincipal = this.taskDefinition.taskRole.grantPrincipal;
    this.grantStatements = props.warehouse._usesIam ? this.renderGrantStatements() : undefined;
    this.functionRole = createFunctionRole(this, this.task);
    this.jobs = new StepJobs(this, {
      handler: this.createFunction(),
      role: this.functionRole,
      maxRuntime: this.maxRuntime,
      cost: this.metricTaskSeconds(),
    });
    acknowledgeFindings(this);
    if (props.taskRole) acknowledgeFindings(props.taskRole, { resources: [], wildcards: [RUN_FOLDERS] });
  }

  /**
   * Called by the pipeline, once.
   *
   * @throws Error if the step is bound already, or if the dataset does not have the key or the columns that the load
   * needs
   */
  public bind(scope: Construct, options: EtlStepBindOptions): EtlStepConfig {
    return this.jobs.bind(scope, options, () => {
      this.task.grantRunFolders(options.workBucket, this.stepId);
      grantCopy(this, this.props.warehouse._copyRole, options.workBucket, this.stepId);
      return {
        arguments: this.launchArguments(options.dataset._definition),
        dependencies: [this.task.vpc],
      };
    });
  }

  /** Rows that were read. Sum. */
  public metricRowsRead(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return etlMetric(this, 'RowsRead', options);
  }

  /** Rows that were written. Sum. */
  public metricRowsWritten(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return etlMetric(this, 'RowsWritten', options);
  }

  /** Rows that could not be loaded; they are kept below `runs/`. Sum. */
  public metricRowsRejected(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return etlMetric(this, 'RowsRejected', options);
  }

  /** Rows that another row of the same run with the same key has replaced. Sum. */
  public metricDuplicatesDropped(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return etlMetric(this, 'DuplicatesDropped', options);
  }

  /** Seconds that a load took. Maximum. */
  public metricLoadDuration(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return etlMetric(this, 'LoadDuration', options);
  }

  /** Seconds for which Fargate charges, of all tasks, those that failed included. Sum. */
  public metricTaskSeconds(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return etlMetric(this, 'TaskSeconds', options);
  }

  private renderGrantStatements(): string {
    const { warehouse, schema = DEFAULT_SCHEMA, table } = this.props;
    const { roleName } = this.taskDefinition.taskRole;
    return grantStatements({ roleName, database: warehouse._database, schema, table });
  }

  private launchArguments(dataset: DatasetDefinition): FargateRedshiftArguments {
    return {
      ...this.task.launchArguments,
      // rendered when all tags are known
      tags: this.cdkTagManager.renderedTags as unknown as FargateRedshiftArguments['tags'],
      load: {
        dataset,
        warehouse: this.props.warehouse._connection(Stack.of(this).region),
        ...loadWork(this.props, dataset, this.node.path),
        maxRuntimeSeconds: this.maxRuntime.toSeconds(),
      },
    };
  }

  private createFunction(): lambda.Function {
    return new FargateRedshiftFunction(this, 'Function', {
      description: `Launches, checks and stops the tasks of ${this.node.path}`,
      ...jobFunctionOptions(this, this.functionRole, this.props),
      timeout: Duration.seconds(LAUNCH_TIMEOUT_SECONDS),
    });
  }
}

function validateProps(props: FargateRedshiftStepProps): void {
  validateLoadOptions(props);
  validateDuration(
    "'maxRuntime'",
    props.maxRuntime,
    SHORTEST_MAX_RUNTIME,
    LONGEST_MAX_RUNTIME,
    'A task alone takes a minute or two to start; a load that needs more than a day needs a larger warehouse.',
  );
}
