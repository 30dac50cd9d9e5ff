import { Arn, ArnFormat, Duration, ITaggableV2, Lazy, Names, Stack, TagManager, TagType, Token } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { ClusterRequest, EMR_MANAGED_TAG, EmrHiveDynamoArguments, STEP_TAG } from './contract';
import type { EmrCompute } from './emr-compute';
import { EmrHiveDynamoFunction } from './emr-hive-dynamo-function';
import { grantRunFolders } from './emr-roles';
import { createFunctionRole } from './function-role';
import { hiveScript } from './hive-script';
import type { StepClusters } from './step-clusters';
import { validateTableKey } from './table-key';
import type { DatasetDefinition } from '../dataset/contract';
import { inputFolder, stepFolder } from '../etl-step/contract';
import type { EtlStepBindOptions, EtlStepConfig, IEtlStep } from '../etl-step/etl-step';
import { bindJobFunction, jobFunctionOptions } from '../etl-step/job-function';
import { jobLoop } from '../etl-step/job-loop';
import { validateStepId } from '../etl-step/step-id';

const DEFAULT_MAX_RUNTIME = Duration.hours(4);
const SHORTEST_MAX_RUNTIME = Duration.minutes(15);
const LONGEST_MAX_RUNTIME = Duration.hours(24);

const DEFAULT_WRITE_THROUGHPUT_PERCENT = 50;
/** The connector's own bounds. https://docs.aws.amazon.com/emr/latest/ReleaseGuide/EMR_Hive_Optimizing.html */
const WRITE_THROUGHPUT_PERCENT = { least: 10, most: 150 };

/** Above the priority of any Tags.of(): permissions depend on these tags. */
const TAG_PRIORITY = 1_000_000;

/** Properties of an EmrHiveDynamoStep. */
export interface EmrHiveDynamoStepProps {
  /**
   * The table to load into, in the region of the stack. Its key must be made of the columns of the dataset's key. Every row replaces the whole
   * item with its key: attributes that the dataset does not have are lost, and an older file that arrives late replaces a newer row.
   */
  readonly table: ITable;

  /** What to load with. */
  readonly compute: EmrCompute;

  /**
   * Names of attributes by names of columns, where they differ. No name may hold a comma, which the DynamoDB connector separates names by.
   *
   * @default - each column becomes an attribute of its own name
   */
  readonly attributeNames?: { [column: string]: string };

  /**
   * The part of the table's write capacity that a load may use, 10 to 150 percent. Of a table that is billed on demand, the part of 40,000
   * write units a second.
   *
   * @default 50 - leaves the other half to the table's other writers
   */
  readonly writeThroughputPercent?: number;

  /**
   * The longest time that a load may take, the start of its cluster included: 15 minutes to 24 hours. After it the cluster is ended and
   * the attempt fails.
   *
   * @default Duration.hours(4)
   */
  readonly maxRuntime?: Duration;
}

/**
 * Loads the rows of a run into a DynamoDB table, with Hive on an EMR cluster: one that is started for the run and ends with it, one that is kept
 * for the next run, or one of yours (`EmrCompute`).
 *
 * It makes the roles of the cluster, which know only its subnets, its security groups, the table and the run's files; the security groups with
 * all the rules that EMR wants; and encryption of everything at rest. Tags of the step, for instance of `Tags.of(step).add(…)`, become
 * tags of its clusters and their instances.
 */
export class EmrHiveDynamoStep extends Construct implements IEtlStep, ec2.IConnectable, iam.IGrantable, ITaggableV2 {
  /** Names the step: the id of the construct. */
  public readonly stepId: string;

  /** The security groups of the clusters' instances; none if the cluster is yours. */
  public readonly connections: ec2.Connections;

  /** The role of the clusters' instances: Hive acts with it. */
  public readonly grantPrincipal: iam.IPrincipal;

  /** Tags of the clusters. */
  public readonly cdkTagManager = new TagManager(TagType.KEY_VALUE, 'CdkEtlSteps::EmrHiveDynamoStep');

  private readonly props: EmrHiveDynamoStepProps;
  private readonly clusters: StepClusters;
  private readonly functionRole: iam.Role;
  private readonly handler: lambda.Function;
  private bound = false;

  /**
   * @throws Error if the id is not 1 to 40 of `A-Z a-z 0-9 _ -`, a number or a duration is out of its bounds, an attribute's name is empty, repeated
   * or holds a comma, the table is in another region, or the subnets are none or of both kinds
   */
  constructor(scope: Construct, id: string, props: EmrHiveDynamoStepProps) {
    super(scope, id);
    validateStepId(id);
    this.stepId = id;
    this.props = props;
    this.validateProps();

    const tagValue = Names.uniqueResourceName(this, { maxLength: 128 });
    this.cdkTagManager.setTag(EMR_MANAGED_TAG, 'true', TAG_PRIORITY);
    this.cdkTagManager.setTag(STEP_TAG, tagValue, TAG_PRIORITY);
    this.clusters = props.compute._createClusters(this, props.table, tagValue);
    this.connections = new ec2.Connections({ securityGroups: this.clusters.securityGroups });
    this.grantPrincipal = this.clusters.instanceRole;
    this.functionRole = createFunctionRole(this);
    this.clusters.grantLoads(this.functionRole);
    this.handler = this.createFunction();
  }

  /**
   * Called by the pipeline, once.
   *
   * @throws Error if the step is bound already, if the dataset has no key or another one than the table, or if `attributeNames` names columns
   * that the dataset does not have
   */
  public bind(scope: Construct, options: EtlStepBindOptions): EtlStepConfig {
    if (this.bound) throw new Error(`The step ${this.node.path} is in a pipeline already. Make a step of its own for each pipeline.`);
    this.bound = true;
    const { workBucket } = options;
    const dataset = options.dataset._definition;
    this.validateDataset(dataset);

    bindJobFunction(this.handler, this.functionRole, this.stepId, options);
    const everyRun = '*';
    grantRunFolders(this.clusters.instanceRole, workBucket, inputFolder(everyRun), stepFolder(everyRun, this.stepId));

    const launchArguments: EmrHiveDynamoArguments = {
      script: hiveScript({
        dataset,
        tableName: this.props.table.tableName,
        attributeNames: this.props.attributeNames ?? {},
        writeThroughputPercent: this.props.writeThroughputPercent ?? DEFAULT_WRITE_THROUGHPUT_PERCENT,
      }),
      ...this.clusters.bind({
        stepId: this.stepId,
        workBucket,
        functionRole: this.functionRole,
        tags: Lazy.any({ produce: () => this.cdkTagManager.renderTags() }) as unknown as ClusterRequest['Tags'],
      }),
    };
    return {
      chain: jobLoop(scope, {
        stepId: this.stepId,
        handler: this.handler.currentVersion,
        arguments: { ...launchArguments },
        maxRuntime: this.props.maxRuntime ?? DEFAULT_MAX_RUNTIME,
      }),
      stopFunctions: [this.handler],
      dependencies: this.clusters.dependencies,
    };
  }

  private createFunction(): lambda.Function {
    return new EmrHiveDynamoFunction(this, 'Function', {
      description: `Launches, checks and stops the EMR clusters of ${this.node.path}`,
      ...jobFunctionOptions(this, this.functionRole),
      timeout: Duration.minutes(1),
    });
  }

  private validateProps(): void {
    const { attributeNames = {}, writeThroughputPercent, maxRuntime } = this.props;
    const { least, most } = WRITE_THROUGHPUT_PERCENT;
    if (writeThroughputPercent !== undefined && !Token.isUnresolved(writeThroughputPercent)
      && !(writeThroughputPercent >= least && writeThroughputPercent <= most)) {
      throw new Error(`'writeThroughputPercent' must be ${least} to ${most}, the bounds of the DynamoDB connector, got ${writeThroughputPercent}.`);
    }
    if (maxRuntime && !maxRuntime.isUnresolved()
      && (maxRuntime.toSeconds() < SHORTEST_MAX_RUNTIME.toSeconds() || maxRuntime.toSeconds() > LONGEST_MAX_RUNTIME.toSeconds())) {
      throw new Error(`'maxRuntime' must be ${SHORTEST_MAX_RUNTIME.toHumanString()} to ${LONGEST_MAX_RUNTIME.toHumanString()}, got ${maxRuntime.toHumanString()}. `
        + 'A cluster alone takes up to ten minutes to start; a load that needs more than a day needs more core instances or more write capacity.');
    }
    for (const [column, attribute] of Object.entries(attributeNames)) {
      if (attribute === '' || attribute.includes(',')) {
        throw new Error(`'attributeNames' of column '${column}' must be a name without comma, by which the DynamoDB connector separates names, got '${attribute}'.`);
      }
    }
    this.validateTableRegion();
  }

  private validateTableRegion(): void {
    const { table } = this.props;
    const { region } = Stack.of(this);
    // the environment of a table that is imported by its ARN is that of the stack
    const tableRegion = Token.isUnresolved(table.tableArn) ? table.env.region : Arn.split(table.tableArn, ArnFormat.SLASH_RESOURCE_NAME).region!;
    if (!Token.isUnresolved(tableRegion) && !Token.isUnresolved(region) && tableRegion !== region) {
      throw new Error(`'table' must be in the region of the step's stack, ${region}: the connector writes to the cluster's own region. `
        + `${table.node.path} is in ${tableRegion}: use a replica of it, or put the pipeline there.`);
    }
  }

  private validateDataset(dataset: DatasetDefinition): void {
    if (dataset.key.length === 0) {
      throw new Error(`dataset '${dataset.name}' must have a 'key' for the step ${this.node.path}: it becomes the key of the items in DynamoDB. Add one.`);
    }
    const { attributeNames = {}, table } = this.props;
    const columns = dataset.columns.map(column => column.name);
    const unknown = Object.keys(attributeNames).find(name => !columns.includes(name));
    if (unknown !== undefined) {
      throw new Error(`'attributeNames' must name columns of the dataset '${dataset.name}' (${columns.join(', ')}), got '${unknown}'.`);
    }
    const attributeOf = (column: string) => attributeNames[column] ?? column;
    const attributes = columns.map(attributeOf);
    const repeated = attributes.find((name, index) => attributes.indexOf(name) !== index);
    if (repeated !== undefined) {
      throw new Error(`'attributeNames' must give each column of the dataset '${dataset.name}' an attribute of its own, got '${repeated}' more than once.`);
    }
    validateTableKey(table, dataset, attributeOf);
  }
}
