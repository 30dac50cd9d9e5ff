import { Stack } from 'aws-cdk-lib';
import { CfnGlobalTable, CfnTable, type ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { ColumnType, DatasetDefinition } from '../dataset/contract';

/** How the load writes each type; a key attribute of DynamoDB is S, N or B. */
const ATTRIBUTE_TYPE: Record<ColumnType, 'S' | 'N' | 'BOOL'> = {
  string: 'S', integer: 'N', decimal: 'S', floatingPoint: 'N', bool: 'BOOL', date: 'S', timestamp: 'S',
};

interface KeyAttribute {
  readonly name: string;
  readonly type: string;
}

/**
 * Rows of one key become one item, so the key of the table must be that of the dataset, each column as the attribute that it becomes.
 * The key of a table that the app does not create is not known.
 */
export function validateTableKey(table: ITable, dataset: DatasetDefinition, attributeOf: (column: string) => string): void {
  const key: KeyAttribute[] = dataset.key.map(name => ({
    name: attributeOf(name),
    type: ATTRIBUTE_TYPE[dataset.columns.find(column => column.name === name)!.type],
  }));
  const bool = dataset.key.find((_, index) => key[index].type === 'BOOL');
  if (bool) {
    throw new Error(`dataset '${dataset.name}': a key of DynamoDB holds strings or numbers, but its key column '${bool}' is a bool. Make it a string column.`);
  }
  if (key.length > 2) {
    throw new Error(`dataset '${dataset.name}': a key of DynamoDB has 1 or 2 attributes, but the dataset's key has ${key.length} columns (${dataset.key.join(', ')}). `
      + 'Load a dataset whose key is one column made of them.');
  }
  const tableKey = keyOf(table);
  if (tableKey && spell(tableKey) !== spell(key)) {
    throw new Error(`dataset '${dataset.name}': its key makes the attributes ${spell(key)}, but the key of the table ${table.node.path} is ${spell(tableKey)}. `
      + 'They must be the same: change the key of one of them, the columns\' types or \'attributeNames\'.');
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

const spell = (key: KeyAttribute[]): string => key.map(({ name, type }) => `${name} (${type})`).sort().join(', ');
