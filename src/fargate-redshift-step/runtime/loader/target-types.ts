import { Check, significantDigits, wholeDigits } from './column-checks';
import { ColumnDefinition, MAX_VALUE_BYTES, REJECTION } from '../../../dataset/contract';

/** A column of the target table, as the catalogue has it. */
export interface TargetColumn {
  readonly name: string;
  /** As format_type() prints it, for instance `character varying(20)` or `numeric(12,2)`. */
  readonly type: string;
  readonly notNull: boolean;
}

/** The type of a column in a table that the loader creates. */
export function columnType(column: ColumnDefinition): string {
  switch (column.type) {
    case 'string': return `VARCHAR(${MAX_VALUE_BYTES})`;
    case 'integer': return 'BIGINT';
    case 'decimal': return `DECIMAL(${column.precision}, ${column.scale})`;
    case 'floatingPoint': return 'DOUBLE PRECISION';
    case 'bool': return 'BOOLEAN';
    case 'date': return 'DATE';
    case 'timestamp': return 'TIMESTAMP';
  }
}

/**
 * The checks that make sure that a value fits an existing column, or undefined if the column's type cannot hold the dataset's values exactly.
 * CHAR is not among the types that can: it drops trailing spaces, and with them the difference between two keys.
 */
export function fitChecks(column: ColumnDefinition, target: TargetColumn, text: string): Check[] | undefined {
  const { name, size } = parseType(target.type);
  switch (`${column.type} in ${name}`) {
    case 'string in character varying':
      return size[0] < MAX_VALUE_BYTES ? [{ condition: `OCTET_LENGTH(${text}) > ${size[0]}`, reason: `${REJECTION.tooLong(column, size[0])}, the width of the table's column` }] : [];
    case 'integer in smallint':
      return integerBounds(column, text, '-32768', '32767');
    case 'integer in integer':
      return integerBounds(column, text, '-2147483648', '2147483647');
    case 'integer in bigint':
      return []; // 64 bits are what the dataset's integers have
    case 'integer in numeric':
      return digits(column, significantDigits(text), size[0] - size[1], target);
    case 'decimal in numeric':
      return size[1] < column.scale! ? undefined : digits(column, wholeDigits(text), size[0] - size[1], target);
    case 'floatingPoint in double precision':
    case 'bool in boolean':
    case 'date in date':
    case 'timestamp in timestamp without time zone':
    case 'timestamp in timestamp with time zone': // the loader's session is in UTC
      return [];
    default:
      return undefined;
  }
}

function integerBounds({ name }: ColumnDefinition, text: string, lowest: string, highest: string): Check[] {
  return [{ condition: `CAST(${text} AS BIGINT) NOT BETWEEN ${lowest} AND ${highest}`, reason: `${name}: not from ${lowest} to ${highest}, the range of the table's column` }];
}

function digits({ name }: ColumnDefinition, significant: string, most: number, target: TargetColumn): Check[] {
  return [{ condition: `LENGTH(${significant}) > ${most}`, reason: `${name}: too many digits for the table's column, ${target.type}` }];
}

function parseType(type: string): { name: string; size: number[] } {
  const [, name, size] = /^([a-z ]+?)(?:\(([0-9,]+)\))?$/.exec(type) ?? [undefined, type, undefined];
  return { name, size: size ? size.split(',').map(Number) : [] };
}
