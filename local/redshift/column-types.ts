import type { Cursor } from './cursor';
import { notEmulated, RedshiftError } from './redshift-error';

export interface ColumnType {
  /** The type in PostgreSQL. */
  readonly sql: string;
  /** Most bytes, for text: PostgreSQL counts characters. */
  readonly bytes?: number;
}

const MAX_VARCHAR_BYTES = 65_535;
const MAX_CHAR_BYTES = 4_096;

const SAME_AS_POSTGRESQL = [
  'smallint',
  'int2',
  'integer',
  'int',
  'int4',
  'bigint',
  'int8',
  'real',
  'float4',
  'float',
  'float8',
  'boolean',
  'bool',
  'date',
];
const NOT_EMULATED = ['super', 'varbyte', 'varbinary', 'geometry', 'geography', 'hllsketch', 'interval', 'timetz'];
const UNSUPPORTED =
  /^((big|small)?serial[248]?|json|jsonb|bytea|uuid|xml|money|inet|cidr|macaddr|point|tsvector|bit|name|oid)$/;

/** Reads a column's type. */
export function parseColumnType(cursor: Cursor, table: string, column: string): ColumnType {
  const type = readType(cursor, table, column);
  if (cursor.tryOperator('[')) {
    throw new RedshiftError('0A000', `Column "${table}.${column}" has unsupported type "${type.sql}[]".`);
  }
  return type;
}

function readType(cursor: Cursor, table: string, column: string): ColumnType {
  const name = cursor.name();
  switch (name) {
    case 'double':
      cursor.word('precision');
      return { sql: 'double precision' };
    case 'decimal':
    case 'numeric':
      return { sql: decimal(sizes(cursor)) };
    case 'varchar':
    case 'nvarchar':
      return text('varchar', sizes(cursor)[0] ?? 256, MAX_VARCHAR_BYTES);
    case 'text':
      return text('varchar', 256, MAX_VARCHAR_BYTES);
    case 'character':
    case 'char':
    case 'nchar':
    case 'bpchar':
      if (cursor.tryWord('varying')) return text('varchar', sizes(cursor)[0] ?? 256, MAX_VARCHAR_BYTES);
      return text('char', sizes(cursor)[0] ?? (name === 'bpchar' ? 256 : 1), MAX_CHAR_BYTES);
    case 'timestamptz':
      return { sql: 'timestamptz' };
    case 'timestamp':
    case 'time': {
      const zone = cursor.tryWord('with', 'without');
      if (zone) {
        cursor.word('time');
        cursor.word('zone');
      }
      return { sql: zone === 'with' ? `${name}tz` : name };
    }
  }
  if (SAME_AS_POSTGRESQL.includes(name)) return { sql: name };
  if (NOT_EMULATED.includes(name)) throw notEmulated(`the type ${name.toUpperCase()}`);
  if (UNSUPPORTED.test(name)) {
    throw new RedshiftError('0A000', `Column "${table}.${column}" has unsupported type "${name}".`);
  }
  throw new RedshiftError('42704', `type "${name}" does not exist`);
}

function sizes(cursor: Cursor): number[] {
  const numbers: number[] = [];
  if (!cursor.tryOperator('(')) return numbers;
  do numbers.push(cursor.tryWord('max') ? MAX_VARCHAR_BYTES : cursor.integer());
  while (cursor.tryOperator(','));
  cursor.operator(')');
  return numbers;
}

function text(type: string, bytes: number, most: number): ColumnType {
  if (bytes < 1 || bytes > most) throw new RedshiftError('0A000', `length for type ${type} cannot exceed ${most}`);
  return { sql: `${type}(${bytes})`, bytes };
}

function decimal([precision = 18, scale = 0]: number[]): string {
  if (precision < 1 || precision > 38) {
    throw new RedshiftError('0A000', `DECIMAL precision ${precision} must be between 1 and 38`);
  }
  return `numeric(${precision},${scale})`;
}
