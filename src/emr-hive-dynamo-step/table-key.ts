import { Stack } from 'aws-cdk-lib';
import { CfnGlobalTable, CfnTable, type ITable } from 'aws-cdk-lib/aws-dynamodb';
import { type Attribute, AttributeOptions, attributeOf } from './attribute';
import { KeyAttribute, spellKey } from './contract';
import type { DatasetDefinition } from '../dataset/contract';

/**
 * The attributes that the dataset's key becomes.
 *
 * @throws if no key of DynamoDB can be made of them
 */
export function keyAttributes(dataset: DatasetDefinition, options: AttributeOptions): KeyAttribute[] {
  const key = dataset.key.map(name =>
    attributeOf(
      dataset.columns.find(column => column.name === name)!,
      options,
    ),
  );
  const bool = dataset.key.find((_, index) => key[index].type === 'BOOL');
  if (bool) {
    throw new Error(
      `dataset '${dataset.name}': a key of DynamoDB holds strings or numbers, but its key column '${bool}' is a ` +
        'bool. Make it a string column.',
    );
  }
  if (key.length > 2) {
    throw new Error(
      `dataset '${dataset.name}': a key of DynamoDB has 1 or 2 attributes, but the dataset's key has ` +
        `${key.length} columns (${dataset.key.join(', ')}). ` +
        'Load a dataset whose key is one column made of them.',
    );
  }
  return key;
}

/**
 * Rows of one key become one item, so the key of the table must be that of the dataset, each column as the attribute
 * that it becomes. The key of a table that the app does not create is compared when a run is launched.
 */
export function validateTableKey(table: ITable, dataset: DatasetDefinition, key: KeyAttribute[]): void {
  const tableKey = definitionOf(table)?.key;
  if (tableKey && spellKey(tableKey) !== spellKey(key)) {
    throw new Error(
      `dataset '${dataset.name}': its key makes the attributes ${spellKey(key)}, but the key of the table ` +
        `${table.node.path} is ${spellKey(tableKey)}. ` +
        "They must be the same: change the key of one of them, the columns' types, 'attributeNames' or 'epochSeconds'.",
    );
  }
}

/** DynamoDB refuses an item whose attribute is of another type than an index of the table has as its key. */
export function validateIndexKeys(table: ITable, attributes: Attribute[], owner: string): void {
  for (const { name, type } of definitionOf(table)?.attributes ?? []) {
    const loaded = attributes.find(attribute => attribute.name === name);
    if (loaded && loaded.type !== type) {
      throw new Error(
        `An index of the table ${table.node.path} has the key '${name}' of type ${type}, but ${owner} makes that ` +
          `attribute ${loaded.type}. DynamoDB would refuse every item. Change the type of the column or of the ` +
          "index's key, or give the attribute another name in 'attributeNames'.",
      );
    }
  }
}

/** Whether the app creates the table, and so knows its keys. */
export function hasKnownKeys(table: ITable): boolean {
  return definitionOf(table) !== undefined;
}

interface TableDefinition {
  readonly key: KeyAttribute[];
  /** Attributes of the key and of the keys of indexes: no other ones are defined. */
  readonly attributes: KeyAttribute[];
}

/** Of a table that the app creates, and whose names are no tokens. */
function definitionOf(table: ITable): TableDefinition | undefined {
  const resource = table.node.defaultChild;
  if (!(resource instanceof CfnTable || resource instanceof CfnGlobalTable)) return undefined;
  const stack = Stack.of(table);
  const schema: CfnTable.KeySchemaProperty[] = stack.resolve(resource.keySchema);
  const definitions: CfnTable.AttributeDefinitionProperty[] = stack.resolve(resource.attributeDefinitions);
  const attributes = definitions.map(({ attributeName, attributeType }) => ({
    name: attributeName,
    type: attributeType,
  }));
  const key = schema.map(({ attributeName }) => attributes.find(({ name }) => name === attributeName));
  // a name that CloudFormation resolves is an object here
  if (!key.every(attribute => attribute && typeof attribute.name === 'string')) return undefined;
  return { key: key as KeyAttribute[], attributes };
}
