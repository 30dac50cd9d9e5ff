// What the constructs (HiveQL at synth) and the runtime code (staging, the Redshift loader) both know of a dataset.

/** The type of a column: what its text in a file must look like, and how each target holds it. */
export type ColumnType = 'string' | 'integer' | 'decimal' | 'floatingPoint' | 'bool' | 'date' | 'timestamp';

/** A column of a dataset, as programs read it. */
export interface ColumnDefinition {
  /** The column's name in the targets. */
  readonly name: string;
  /** Rule that its texts obey. */
  readonly type: ColumnType;
  /** The column's name in the header of a file. */
  readonly header: string;
  /** A row in which this column is null is rejected. Columns of the key are always required. */
  readonly required: boolean;
  /** Decimals only: digits in all. */
  readonly precision?: number;
  /** Decimals only: digits behind the point. */
  readonly scale?: number;
}

/** Format of CSV files, as programs read it. */
export interface CsvDefinition {
  /** The only format that there is. */
  readonly type: 'csv';
  /** One character between fields. */
  readonly delimiter: string;
  /** Whether the first line of each file names the columns. */
  readonly header: boolean;
}

/** A dataset, as programs read it. */
export interface DatasetDefinition {
  /** Name of the dataset. */
  readonly name: string;
  /** Format of the files. */
  readonly format: CsvDefinition;
  /** The fields of each row, in order. */
  readonly columns: ColumnDefinition[];
  /** Names of the columns that identify a row; empty if rows are never merged. */
  readonly key: string[];
  /** Of several rows with one key the one with the greatest value in this column wins. */
  readonly latestBy?: string;
}

/** Most bytes of UTF-8 in the text of one value: Redshift's widest VARCHAR. */
export const MAX_VALUE_BYTES = 65_535;

/** Most bytes of UTF-8 in the text of a value of the key: DynamoDB's limit for a sort key, the narrower of its two. */
export const MAX_KEY_BYTES = 1_024;

/**
 * Most bytes in one line of a file: COPY takes 4 MB,
 * https://docs.aws.amazon.com/redshift/latest/dg/copy-parameters-data-source.html.
 */
export const MAX_LINE_BYTES = 4_000_000;

/** Integers have 64 bits, in both targets; written as text because JavaScript's numbers do not hold these two. */
export const INTEGER_BOUNDS = { smallest: '-9223372036854775808', largest: '9223372036854775807' } as const;

/**
 * Bounds of the magnitude of a number in DynamoDB other than zero; Redshift's doubles hold more.
 * `largest` is the last double that prints below 1e126, which DynamoDB refuses.
 */
export const FLOATING_POINT_BOUNDS = { smallest: 1e-130, largest: 9.999999999999998e125 } as const;

const YEAR = '([0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)';
const LEAP_YEAR = '([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)';
const DATE = `(${YEAR}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|${LEAP_YEAR}-02-29)`;
const TIME = '([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6}0*)?)?';
// XML Schema's range, -14:00 to +14:00: no place on Earth is further from UTC
const ZONE = '(Z|[+-]((0[0-9]|1[0-3])(:?[0-5][0-9])?|14(:?00)?))?';

/**
 * The one lexical rule that decides whether a text is a value of its column's type, in every engine alike: a regular
 * expression of only what Java, POSIX and JavaScript share, without backslashes, so that no string literal has to
 * escape it. What a regular expression cannot say (64 bits of an integer, the bounds of a floating-point number, bytes
 * of a string) each engine checks after it.
 *
 * Java's `$` also matches before a line end at the end of the text, of which Java knows six; there, put the flag `(?d)`
 * in front, which leaves LF alone, and no value holds that.
 */
export function lexicalRule(column: ColumnDefinition): string | undefined {
  switch (column.type) {
    case 'string':
      return undefined;
    case 'integer':
      return '^[+-]?0*[0-9]{1,19}$';
    case 'decimal':
      return decimalRule(column.precision!, column.scale!);
    // at most 60 digits and an exponent of at most 139: never out of a double's own range, so that a cast cannot fail
    case 'floatingPoint':
      return '^[+-]?([0-9]{1,30}([.][0-9]{0,30})?|[.][0-9]{1,30})([eE][+-]?0*([0-9]{1,2}|1[0-3][0-9]))?$';
    case 'bool':
      return '^([tT][rR][uU][eE]|[fF][aA][lL][sS][eE]|[tTfF01])$';
    case 'date':
      return `^${DATE}$`;
    case 'timestamp':
      return `^${DATE}[T ]${TIME}${ZONE}$`;
  }
}

function decimalRule(precision: number, scale: number): string {
  const whole = precision - scale;
  if (scale === 0) return `^[+-]?(0*[0-9]{1,${whole}}([.]0*)?|[.]0+)$`;
  const fraction = `[.][0-9]{1,${scale}}0*`;
  const digits = whole === 0 ? '0+' : `0*[0-9]{1,${whole}}`;
  return `^[+-]?(${digits}([.]|${fraction})?|${fraction})$`;
}

/**
 * Why a row is rejected, in the words that every step writes beside the row. A row is rejected for the first of its
 * columns that is at fault.
 */
export const REJECTION = {
  /** Too few or too many fields, a quote out of place, a line break, NUL, or bytes that are no UTF-8. */
  malformed: (dataset: DatasetDefinition): string =>
    `malformed: not ${dataset.columns.length} fields of CSV in valid UTF-8`,
  lineTooLong: `malformed: a line of more than ${MAX_LINE_BYTES} bytes`,
  missing: (column: ColumnDefinition): string => `${column.name}: missing`,
  tooLong: (column: ColumnDefinition, bytes: number): string => `${column.name}: longer than ${bytes} bytes`,
  /** The lexical rule, or what each engine checks after it. */
  invalid: (column: ColumnDefinition): string => `${column.name}: not a valid ${typeName(column)}`,
} as const;

function typeName(column: ColumnDefinition): string {
  return column.type === 'decimal' ? `decimal(${column.precision},${column.scale})` : column.type;
}
