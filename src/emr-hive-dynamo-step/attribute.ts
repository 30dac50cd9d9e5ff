import type { ColumnDefinition } from '../dataset/contract';

/** The columns of a dataset as attributes of items. */
export interface AttributeOptions {
  /** Names of attributes by names of columns, where they differ. */
  readonly attributeNames: { readonly [column: string]: string };
  /** Names of the timestamp columns that become seconds since 1970, which DynamoDB's time to live reads. */
  readonly epochSeconds: readonly string[];
}

export interface Attribute {
  readonly name: string;
  readonly type: 'S' | 'N' | 'BOOL';
}

/** The attribute that a column becomes. */
export function attributeOf(
  { name, type }: ColumnDefinition,
  { attributeNames, epochSeconds }: AttributeOptions,
): Attribute {
  return { name: attributeNames[name] ?? name, type: attributeType() };

  function attributeType(): Attribute['type'] {
    switch (type) {
      case 'integer':
      case 'decimal':
      case 'floatingPoint':
        return 'N';
      case 'bool':
        return 'BOOL';
      case 'timestamp':
        return epochSeconds.includes(name) ? 'N' : 'S';
      case 'string':
      case 'date':
        return 'S';
    }
  }
}
