import { Duration, ITaggableV2, Lazy, Names, TagManager, TagType } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { ClusterRequest, EMR_MANAGED_TAG, EmrHiveDynamoArguments, STEP_TAG } from './contract';
import { targetArguments, validateTarget } from './dynamo-target';
import type { EmrCompute } from './emr-compute';
import { EmrHiveDynamoFunction } from './emr-hive-dynamo-function';
import { grantRunFolders } from './emr-roles';
import { createFunctionRole } from './function-role';
import type { HiveTransform } from './hive-transform';
import type { StepClusters } from './step-clusters';
import { inputFolder, stepFolder } from '../etl-step/contract';
import { jobFunctionOptions } from '../etl-step/job-function';
import type { EtlStepBindOptions, EtlStepConfig, IEtlStep } from '../etl-step/step';
import { validateStepId } from '../etl-step/step-id';
import { StepJobs } from '../etl-step/step-jobs';
import { acknowledgeFindings } from '../findings/acknowledge-findings';
import type { EtlFunctionOptions } from '../function-options';
import { etlMetric } from '../metrics/etl-metric';
import { validateDuration } from '../validation';

const DEFAULT_MAX_RUNTIME = Duration.hours(4);
const SHORTEST_MAX_RUNTIME = Duration.minutes(15);
const LONGEST_MAX_RUNTIME = Duration.hours(24);

/** Above the priority of any Tags.of(): permissions depend on these tags. */
const TAG_PRIORITY = 1_000_000;

/** Properties of an EmrHiveDynamoStep. */
export interface EmrHiveDynamoStepProps extends EtlFunctionOptions {
  /**
   * The table to load into, in the account and region of the stack. Its key must be made of the columns of the
   * dataset's key: at synthesis, or for a table that another app creates when a run is launched, an error says where
   * they differ. Every row replaces the whole item with its key: attributes that the dataset does not have are lost,
   * and an older file that arrives late replaces a newer row.
   */
  readonly table: ITable;

  /** Cluster configuration. */
  readonly compute: EmrCompute;

  /**
   * A SELECT of your own over the rows, before they become items. The names in `attributeNames` and `epochSeconds` are
   * then those of the columns that it yields.
   *
   * @default - the rows of the files become items
   */
  readonly transform?: HiveTransform;

  /**
   * Names of attributes by names of columns, where they differ: text in any script, without commas, which the DynamoDB
   * connector separates names by, and without control characters.
   *
   * @default - each column becomes an attribute of its own name
   */
  readonly attributeNames?: { [column: string]: string };

  /**
   * Names of timestamp columns that become whole seconds since 1970-01-01T00:00:00Z, a number, in place of text: what
   * DynamoDB's time to live reads. Fractions are dropped, so times are rounded down, also before 1970. In a key, times
   * within one second are one key.
   *
   * @default - timestamps become text, `2026-01-31T10:00:00.123456Z`
   */
  readonly epochSeconds?: string[];

  /**
   * The part of the table's write capacity that a load may use, 10 to 150 percent.
   *
   * Of provisioned capacity, the load follows auto scaling, every 5 to 10 minutes; more than 100 percent uses up what
   * the table has saved, and is throttled then. Auto scaling adds capacity only if this is above its target
   * utilization.
   *
   * Of a table on demand, the part of what it takes at once when the run is launched, at most 100 percent: its warm
   * throughput (4,000 write units a second when it is new, more after heavier use or if you raise it), its maximum
   * throughput, or those of a global secondary index if they are lower.
   * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html
   *
   * @default 50 - leaves the other half to the table's other writers
   */
  readonly writeThroughputPercent?: number;

  /**
   * Write units a second that a load may use, in place of `writeThroughputPercent`: a row takes one for each KB that it
   * begins, and as many in every global secondary index that holds it.
   *
   * Of a table on demand, a load uses at most what it takes at once (see `writeThroughputPercent`). Provisioned tables
   * are asked for this many even if they have less: auto scaling raises their capacity then, and without it writes are
   * throttled and tried again.
   *
   * @default - writeThroughputPercent
   */
  readonly writeUnitsPerSecond?: number;

  /**
   * The longest time that a load may take, the start of its cluster included: 15 minutes to 24 hours. After it the
   * cluster is ended and the attempt fails.
   *
   * @default Duration.hours(4)
   */
  readonly maxRuntime?: Duration;
}

/**
 * Loads the rows of a run into a DynamoDB table, with Hive on an EMR cluster: one that is started for the run and ends
 * with it, one that is kept for the next run, or one of yours; or on EMR Serverless (`EmrCompute`).
 *
 * It makes the roles of the cluster, which know only its subnets, its security groups, the table and the run's files;
 * the security groups with all the rules that EMR wants; and encryption of everything at rest. Tags of the step, for
 * instance of `Tags.of(step).add(…)`, become tags of its clusters and their instances.
 *
 * @example
 *
 * new EmrHiveDynamoStep(this, 'ToDynamo', {
 *   table,
 *   compute: EmrCompute.instanceFleets({ vpc }),
 *   writeThroughputPercent: 80,
 * });
 */
export class EmrHiveDynamoStep extends Construct implements IEtlStep, ec2.IConnectable, iam.IGrantable, ITaggableV2 {
  /** Names the step: the id of the construct. */
  public readonly stepId: string;

  /**
   * The security groups of the clusters' instances; none if the cluster is yours, or on EMR Serverless without `vpc`.
   */
  public readonly connections: ec2.Connections;

  /** The role of the clusters' instances, or of the loads on EMR Serverless: Hive acts with it. */
  public readonly grantPrincipal: iam.IPrincipal;

  /** Tags of the clusters. */
  public readonly cdkTagManager = new TagManager(TagType.KEY_VALUE, 'CdkEtlSteps::EmrHiveDynamoStep');

  private readonly props: EmrHiveDynamoStepProps;
  private readonly clusters: StepClusters;
  private readonly functionRole: iam.Role;
  private readonly maxRuntime: Duration;
  private readonly jobs: StepJobs;

  /**
   * @throws Error if the id is not 1 to 40 of `A-Z a-z 0-9 _ -`, a number or a duration is out of its bounds, both
   * write rates are given, an attribute's name is empty, repeated or holds a comma, the table is in another account or
   * region, or the subnets are none or of both kinds
   */
  constructor(scope: Construct, id: string, props: EmrHiveDynamoStepProps) {
    super(scope, id);
    validateStepId(id);
    this.stepId = id;
    this.props = props;
    this.validateProps();
    this.maxRuntime = props.maxRuntime ?? DEFAULT_MAX_RUNTIME;

    const tagValue = Names.uniqueResourceName(this, { maxLength: 128 });
    this.cdkTagManager.setTag(EMR_MANAGED_TAG, 'true', TAG_PRIORITY);
    this.cdkTagManager.setTag(STEP_TAG, tagValue, TAG_PRIORITY);
    this.clusters = props.compute._createClusters(this, props.table, tagValue);
    this.connections = new ec2.Connections({ securityGroups: this.clusters.securityGroups });
    this.grantPrincipal = this.clusters.instanceRole;
    this.functionRole = createFunctionRole(this, props.table);
    this.clusters.grantLoads(this.functionRole);
    this.jobs = new StepJobs(this, {
      handler: this.createFunction(),
      role: this.functionRole,
      maxRuntime: this.maxRuntime,
      cost: this.metricInstanceHours(),
    });
    acknowledgeFindings(this);
  }

  /**
   * Called by the pipeline, once.
   *
   * @throws Error if the step is bound already; if the dataset has no key or another one than the table; if
   * `attributeNames` or `epochSeconds` name columns that are not there or not timestamps; or if the `transform` does
   * not yield the columns of the key and of `latestBy`
   */
  public bind(scope: Construct, options: EtlStepBindOptions): EtlStepConfig {
    const { workBucket } = options;
    return this.jobs.bind(scope, options, () => {
      const target = targetArguments(this, this.props, options.dataset._definition, this.clusters.engine);
      const everyRun = '*';
      grantRunFolders(this.clusters.instanceRole, workBucket, inputFolder(everyRun), stepFolder(everyRun, this.stepId));
      const launchArguments: EmrHiveDynamoArguments = {
        ...target,
        ...this.clusters.bind({
          stepId: this.stepId,
          workBucket,
          functionRole: this.functionRole,
          maxRuntime: this.maxRuntime,
          tags: Lazy.any({ produce: () => this.cdkTagManager.renderTags() }) as unknown as ClusterRequest['Tags'],
        }),
      };
      return {
        arguments: launchArguments,
        dependencies: this.clusters.dependencies,
        keepsCompute: this.clusters.areKept,
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

  /**
   * Hours of the instances of the step's clusters, each from its start to its end, whatever the load came to: what EC2
   * and EMR charge for. Sum.
   *
   * The hours of a cluster are recorded at once when it has ended. Those of a cluster that `idleTimeout` has kept are
   * recorded by the run that takes its place, so the last one's are missing until then. A cluster of your own and EMR
   * Serverless record none.
   */
  public metricInstanceHours(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return etlMetric(this, 'InstanceHours', options);
  }

  private createFunction(): lambda.Function {
    return new EmrHiveDynamoFunction(this, 'Function', {
      description: `Launches, checks and stops the EMR clusters of ${this.node.path}`,
      ...jobFunctionOptions(this, this.functionRole, this.props),
      timeout: Duration.minutes(1),
    });
  }

  private validateProps(): void {
    validateDuration(
      "'maxRuntime'",
      this.props.maxRuntime,
      SHORTEST_MAX_RUNTIME,
      LONGEST_MAX_RUNTIME,
      'A cluster alone takes up to ten minutes to start; a load ' +
        'that needs more than a day needs more core instances or more write capacity.',
    );
    validateTarget(this, this.props);
  }
}
