import { ColumnDefinition, MAX_VALUE_BYTES } from '../../../../dataset/contract';

/** A column of the target table, as the catalogue has it. */
export interface TargetColumn {
  readonly name: string;
  /** As format_type() prints it, for instance `character varying(20)` or `numeric(12,2)`. */
  readonly type: string;
  readonly notNull: boolean;
}

/** How the values of a dataset's column fit into a column of the table. */
export interface Fit {
  /** Texts: the column's width. */
  readonly maxBytes?: number;
  /** Texts of so many bytes fit. */
  readonly sureBytes: number;
  /** Why a value of the dataset's column does not fit. */
  problemOf?(text: string): string | undefined;
}

const EVERY_VALUE: Fit = { sureBytes: Infinity };

/** The type of a column in a table that the loader creates. */
export function columnType(column: ColumnDefinition): string {
  switch (column.type) {
    case 'string':
      return `VARCHAR(${MAX_VALUE_BYTES})`;
    case 'integer':
      return 'BIGINT';
    case 'decimal':
      return `DECIMAL(${column.precision}, ${column.scale})`;
    case 'floatingPoint':
      return 'DOUBLE PRECISION';
    case 'bool':
      return 'BOOLEAN';
    case 'date':
      return 'DATE';
    case 'timestamp':
      return 'TIMESTAMP';
  }
}

/**
 * How values fit into an existing column, or undefined if the column's type cannot hold the dataset's values exactly.
 * CHAR is not among the types that can: it drops trailing spaces, and with them the difference between two keys.
 */
export function fitOf(column: ColumnDefinition, target: TargetColumn): Fit | undefined {
  const { name, size } = parseType(target.type);
  switch (`${column.type} in ${name}`) {
    case 'string in character varying':
      return { maxBytes: size[0], sureBytes: Infinity };
    case 'integer in smallint':
      return integerBounds(column, '-32768', '32767');
    case 'integer in integer':
      return integerBounds(column, '-2147483648', '2147483647');
    case 'integer in numeric':
      return digits(column, size[0] - size[1], target);
    case 'decimal in numeric':
      return size[1] < column.scale! ? undefined : digits(column, size[0] - size[1], target);
    case 'integer in bigint': // 64 bits are what the dataset's integers have
    case 'floatingPoint in double precision':
    case 'bool in boolean':
    case 'date in date':
    case 'timestamp in timestamp without time zone':
    case 'timestamp in timestamp with time zone': // the loader's session is in UTC
      return EVERY_VALUE;
    default:
      return undefined;
  }
}

function integerBounds({ name }: ColumnDefinition, lowest: string, highest: string): Fit {
  const problem = `${name}: not from ${lowest} to ${highest}, the range of the table's column`;
  return {
    problemOf: text => {
      const value = BigInt(text.replace('+', ''));
      return value < BigInt(lowest) || value > BigInt(highest) ? problem : undefined;
    },
    sureBytes: highest.length - 1,
  };
}

function digits({ name }: ColumnDefinition, most: number, target: TargetColumn): Fit {
  const problem = `${name}: too many digits for the table's column, ${target.type}`;
  return {
    problemOf: text => (text.split('.')[0].replace(/^[+-]?0*/, '').length > most ? problem : undefined),
    sureBytes: most,
  };
}

function parseType(type: string): { name: string; size: number[] } {
  const [, name, size] = /^([a-z ]+?)(?:\(([0-9,]+)\))?$/.exec(type) ?? [undefined, type, undefined];
  return { name, size: size ? size.split(',').map(Number) : [] };
}
