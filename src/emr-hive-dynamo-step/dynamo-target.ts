import { Annotations, Arn, ArnFormat, CfnResource, Stack, Token } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { AttributeOptions, attributeOf } from './attribute';
import { type EmrHiveDynamoArguments, spellKey } from './contract';
import { hiveScript } from './hive-script';
import type { HiveEngine } from './hive-settings';
import { HiveTransform, loadedDataset } from './hive-transform';
import { hasKnownKeys, keyAttributes, validateIndexKeys, validateTableKey } from './table-key';
import type { DatasetDefinition } from '../dataset/contract';
import { validateDistinct, validateWholeNumber } from '../validation';

const DEFAULT_WRITE_THROUGHPUT_PERCENT = 50;
/** The connector's own bounds. https://docs.aws.amazon.com/emr/latest/ReleaseGuide/EMR_Hive_Optimizing.html */
const WRITE_THROUGHPUT_PERCENT = { least: 10, most: 150 };

/** No table takes more without a higher quota, and none then takes as much as this. */
const MOST_WRITE_UNITS = 10_000_000;

/** The properties of the step that say what becomes of the rows, and how fast. */
export interface DynamoTargetProps {
  readonly table: ITable;
  readonly transform?: HiveTransform;
  readonly attributeNames?: { [column: string]: string };
  readonly epochSeconds?: string[];
  readonly writeThroughputPercent?: number;
  readonly writeUnitsPerSecond?: number;
}

/** Throws if the properties are wrong for any dataset. */
export function validateTarget(scope: Construct, props: DynamoTargetProps): void {
  if (CfnResource.isCfnResource(props.table)) {
    throw new Error(
      `'table' must be a Table or one of its kind, got ${props.table.node.path}, the CloudFormation resource ` +
        `${props.table.cfnResourceType}. Give Table.fromTableArn(scope, id, table.attrArn), or make it a Table.`,
    );
  }
  const { attributeNames = {}, writeThroughputPercent, writeUnitsPerSecond } = props;
  const { least, most } = WRITE_THROUGHPUT_PERCENT;
  if (
    writeThroughputPercent !== undefined &&
    !Token.isUnresolved(writeThroughputPercent) &&
    !(writeThroughputPercent >= least && writeThroughputPercent <= most)
  ) {
    throw new Error(
      `'writeThroughputPercent' must be ${least} to ${most}, the bounds of the DynamoDB connector, got ` +
        `${writeThroughputPercent}.`,
    );
  }
  validateWholeNumber("'writeUnitsPerSecond'", writeUnitsPerSecond, 1, MOST_WRITE_UNITS);
  if (writeThroughputPercent !== undefined && writeUnitsPerSecond !== undefined) {
    throw new Error(
      `'writeThroughputPercent' and 'writeUnitsPerSecond' both say how fast to write, got ` +
        `${writeThroughputPercent} and ${writeUnitsPerSecond}. Leave one out.`,
    );
  }
  for (const [column, attribute] of Object.entries(attributeNames)) {
    if (attribute === '' || /[,\p{Cc}]/u.test(attribute)) {
      throw new Error(
        `'attributeNames' of column '${column}' must be a name without commas, by which the DynamoDB connector ` +
          'separates names, and without control ' +
          `characters, got ${JSON.stringify(attribute)}.`,
      );
    }
  }
  validateTableEnvironment(scope, props.table);
}

/** The connector knows the account and the region of its cluster only. */
function validateTableEnvironment(scope: Construct, table: ITable): void {
  const stack = Stack.of(scope);
  // the environment of a table that is imported by its ARN is that of the stack
  const { account, region } = Token.isUnresolved(table.tableArn)
    ? table.env
    : Arn.split(table.tableArn, ArnFormat.SLASH_RESOURCE_NAME);
  const differs = (a: string, b: string) => !Token.isUnresolved(a) && !Token.isUnresolved(b) && a !== b;
  if (differs(region!, stack.region)) {
    throw new Error(
      `'table' must be in the region of the step's stack, ${stack.region}: the connector writes to the cluster's ` +
        'own region. ' +
        `${table.node.path} is in ${region}: use a replica of it, or put the pipeline there.`,
    );
  }
  if (differs(account!, stack.account)) {
    throw new Error(
      `'table' must be in the account of the step's stack, ${stack.account}: the connector finds tables by name, ` +
        `in the cluster's own account. ` +
        `${table.node.path} is in ${account}: put the pipeline there.`,
    );
  }
}

/** What the launch is told about a dataset's way into the table. Throws if the dataset does not fit. */
export function targetArguments(
  scope: Construct,
  props: DynamoTargetProps,
  dataset: DatasetDefinition,
  engine: HiveEngine,
): Pick<EmrHiveDynamoArguments, 'script' | 'table'> {
  if (dataset.key.length === 0) {
    throw new Error(
      `dataset '${dataset.name}' must have a 'key' for the step ${scope.node.path}: it becomes the key of the ` +
        'items in DynamoDB. Add one.',
    );
  }
  const { table, writeUnitsPerSecond, writeThroughputPercent = DEFAULT_WRITE_THROUGHPUT_PERCENT } = props;
  const options: AttributeOptions = {
    attributeNames: props.attributeNames ?? {},
    epochSeconds: props.epochSeconds ?? [],
  };
  const transform = props.transform?._definition;
  const loaded = loadedDataset(dataset, transform);
  const owner = transform ? "the step's 'transform'" : `the dataset '${dataset.name}'`;
  validateAttributes(loaded, options, owner);
  const key = keyAttributes(loaded, options);
  validateTableKey(table, dataset, key);
  validateIndexKeys(
    table,
    loaded.columns.map(column => attributeOf(column, options)),
    owner,
  );
  if (!hasKnownKeys(table)) {
    Annotations.of(scope).addWarningV2(
      'cdk-etl-steps:tableKeyUnchecked',
      `The key of the table ${table.node.path} is not known when the app is synthesized: that it is ${spellKey(key)} is ` +
        'checked when a run is launched, and the keys of its indexes are not checked. Compare them now.',
    );
  }
  return {
    script: hiveScript({ dataset, tableName: table.tableName, transform, engine, ...options }),
    table: {
      name: table.tableName,
      arn: table.tableArn,
      key,
      ...(writeUnitsPerSecond === undefined ? { writeThroughputPercent } : { writeUnitsPerSecond }),
    },
  };
}

function validateAttributes({ columns }: DatasetDefinition, options: AttributeOptions, owner: string): void {
  const names = columns.map(column => column.name);
  for (const [property, named] of [
    ['attributeNames', Object.keys(options.attributeNames)],
    ['epochSeconds', options.epochSeconds],
  ] as const) {
    const unknown = named.find(name => !names.includes(name));
    if (unknown !== undefined) {
      throw new Error(`'${property}' must name columns of ${owner} (${names.join(', ')}), got '${unknown}'.`);
    }
  }
  const other = columns.find(({ name, type }) => options.epochSeconds.includes(name) && type !== 'timestamp');
  if (other) {
    throw new Error(
      `'epochSeconds' must name timestamp columns of ${owner}, got '${other.name}', a column of type ${other.type}.`,
    );
  }
  const attributes = columns.map(column => attributeOf(column, options).name);
  validateDistinct(`Attributes of ${owner}`, attributes, "Give the columns other names in 'attributeNames'.");
}
