import { Token } from 'aws-cdk-lib';
import { ColumnDefinition, ColumnType } from './contract';
import { checkName } from './name';

/** Options of every type of column. */
export interface ColumnOptions {
  /**
   * The column's name in the header line of the files, exactly as it stands there.
   *
   * @default - the name of the column
   */
  readonly header?: string;

  /**
   * Whether a row in which this column is null (its field is empty) is rejected. Columns of the dataset's key are
   * always required.
   *
   * @default false - most columns of most files have gaps
   */
  readonly required?: boolean;
}

/**
 * One column of a dataset: a name and a type.
 *
 * A name has letters, digits and underscores, does not begin with a digit, and has at most 127 characters. Upper and
 * lower case are the same name, because both targets' engines fold them. The table at `Dataset` says what each type
 * accepts and how the targets hold it.
 */
export class Column {
  /**
   * Text of at most 65,535 bytes in UTF-8 (1,024 in a column of the key).
   *
   * @throws if the name or the header is not allowed
   */
  public static string(name: string, options?: ColumnOptions): Column {
    return new Column(name, 'string', options);
  }

  /**
   * A whole number of 64 bits, from -9223372036854775808 to 9223372036854775807.
   *
   * @throws if the name or the header is not allowed
   */
  public static integer(name: string, options?: ColumnOptions): Column {
    return new Column(name, 'integer', options);
  }

  /**
   * An exact decimal number: in DynamoDB too, whose numbers have 38 digits.
   *
   * @param name the column's name
   * @param precision most digits in all, from 1 to 38
   * @param scale digits behind the point, from 0 to `precision`
   * @throws if the name or the header is not allowed, or precision or scale are out of their range
   */
  public static decimal(name: string, precision: number, scale: number, options?: ColumnOptions): Column {
    checkInteger(name, 'precision', precision, 1, 38);
    checkInteger(name, 'scale', scale, 0, precision);
    return new Column(name, 'decimal', options, precision, scale);
  }

  /**
   * A floating-point number of 64 bits: zero, or a magnitude from 1e-130 to 9.999999999999998e125, which is what
   * DynamoDB holds.
   *
   * @throws if the name or the header is not allowed
   */
  public static floatingPoint(name: string, options?: ColumnOptions): Column {
    return new Column(name, 'floatingPoint', options);
  }

  /**
   * True or false.
   *
   * @throws if the name or the header is not allowed
   */
  public static bool(name: string, options?: ColumnOptions): Column {
    return new Column(name, 'bool', options);
  }

  /**
   * A day of the Gregorian calendar, from 0001-01-01 to 9999-12-31.
   *
   * @throws if the name or the header is not allowed
   */
  public static date(name: string, options?: ColumnOptions): Column {
    return new Column(name, 'date', options);
  }

  /**
   * A point in time, to the microsecond. In DynamoDB it is text, or whole seconds if `epochSeconds` of the step names
   * it: what time to live needs.
   *
   * @throws if the name or the header is not allowed
   */
  public static timestamp(name: string, options?: ColumnOptions): Column {
    return new Column(name, 'timestamp', options);
  }

  /** @internal */
  public readonly _definition: ColumnDefinition;

  private constructor(name: string, type: ColumnType, options: ColumnOptions = {}, precision?: number, scale?: number) {
    checkName("a column's name", name);
    const header = options.header ?? name;
    checkHeader(name, header);
    this._definition = {
      name,
      type,
      header,
      required: options.required ?? false,
      ...(precision !== undefined && { precision, scale }),
    };
  }
}

function checkHeader(name: string, header: string): void {
  if (Token.isUnresolved(header)) {
    throw new Error(
      `the header of column '${name}' must be known when the app is synthesized, got a token: give the text itself`,
    );
  }
  // the same text that a value may have, less the empty one
  if (header === '' || /[\r\n\0\uFFFD]/.test(header)) {
    throw new Error(
      `the header of column '${name}' must be text on one line, not empty, got ${JSON.stringify(header)}`,
    );
  }
}

function checkInteger(column: string, what: string, value: number, smallest: number, largest: number): void {
  if (Token.isUnresolved(value)) {
    throw new Error(
      `'${what}' of column '${column}' must be known when the app is synthesized, got a token: give the number itself`,
    );
  }
  if (!Number.isInteger(value) || value < smallest || value > largest) {
    throw new Error(
      `'${what}' of column '${column}' must be a whole number from ${smallest} to ${largest}, got ${value}`,
    );
  }
}
