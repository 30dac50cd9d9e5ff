import { Stack } from 'aws-cdk-lib';
import { CfnGlobalTable, CfnTable, type ITable } from 'aws-cdk-lib/aws-dynamodb';
import { AttributeOptions, attributeOf } from './attribute';
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
  const tableKey = keyOf(table);
  if (tableKey && spellKey(tableKey) !== spellKey(key)) {
    throw new Error(
      `dataset '${dataset.name}': its key makes the attributes ${spellKey(key)}, but the key of the table ` +
        `${table.node.path} is ${spellKey(tableKey)}. ` +
        "They must be the same: change the key of one of them, the columns' types, 'attributeNames' or 'epochSeconds'.",
    );
  }
}

function keyOf(table: ITable): KeyAttribute[] | undefined {
  const resource = table.node.defaultChild;
  if (!(resource instanceof CfnTable || resource instanceof CfnGlobalTable)) return undefined;
  const stack = Stack.of(table);
  const schema: CfnTable.KeySchemaProperty[] = stack.resolve(resource.keySchema);
  const types: CfnTable.AttributeDefinitionProperty[] = stack.resolve(resource.attributeDefinitions);
  return schema.map(({ attributeName }) => ({
    name: attributeName,
    type: types.find(definition => definition.attributeName === attributeName)!.attributeType,
  }));
}
