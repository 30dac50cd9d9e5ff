import { Column } from './column';
import { ColumnDefinition, DatasetDefinition } from './contract';
import { DataFormat } from './data-format';
import { checkName } from './name';
import { validateDistinct } from '../validation';

/** Properties of a Dataset. */
export interface DatasetProps {
  /**
   * Name of the dataset: letters, digits and underscores, not beginning with a digit, at most 127 characters.
   */
  readonly name: string;

  /** Format of its files. */
  readonly format: DataFormat;

  /** Its columns, in the order in which the files hold them. */
  readonly columns: Column[];

  /**
   * Names of the columns whose values together tell one row from another. A load into DynamoDB needs it, and so does an
   * upsert into Redshift. A row in which one of them is null is rejected; of several rows with one key in one run, one
   * is loaded.
   *
   * @default - no key: rows are never merged
   */
  readonly key?: string[];

  /**
   * Name of the column that decides which of several rows with one key is loaded: the one with the greatest value, null
   * being the smallest. Rows that are equal in it are compared column by column, in order, and the greatest wins:
   * floating-point numbers as numbers, everything else as text (decimals with all their digits behind the point,
   * timestamps in UTC). So the choice does not depend on the order of rows or files.
   *
   * @default - rows are compared column by column
   */
  readonly latestBy?: string;
}

/**
 * The files of one kind: their format, their typed columns and their key.
 *
 * A file means the same in both targets:
 *
 * | Type | Accepted text | In DynamoDB | In Redshift |
 * |---|---|---|---|
 * | string | at most 65,535 bytes of UTF-8 | S | VARCHAR(65535) |
 * | integer | digits, with or without sign; 64 bits | N | BIGINT |
 * | decimal(p, s) | digits, with or without sign and point; at most p - s digits before the point and s behind it, further zeros aside | N, exact: `0.50` is `0.5` | DECIMAL(p, s) |
 * | floatingPoint | digits, with or without sign, point and exponent; at most 30 digits on each side of the point, and an exponent from -139 to 139; no NaN, no infinity | N | DOUBLE PRECISION |
 * | bool | `true` `false` `t` `f` `1` `0`, upper or lower case | BOOL | BOOLEAN |
 * | date | `2026-01-31`, years 0001 to 9999 | S | DATE |
 * | timestamp | `2026-01-31T12:00:00.123456+02:00`: `T` or one space; seconds, fraction (6 digits, further zeros aside) and zone may be missing; a zone is `Z`, `+02:00`, `+0200` or `+02`, and none means UTC; years 0001 to 9999 also in UTC | S, in UTC with 6 digits: `2026-01-31T10:00:00.123456Z`; or N, in seconds, see `epochSeconds` of `EmrHiveDynamoStep` | TIMESTAMP, in UTC |
 *
 * - Rows are lines that end in LF or CRLF; empty lines are skipped. A byte order mark at the start of a file is
 *   skipped.
 * - A field stands between double quotes, in which `""` is one double quote, or holds none. A backslash is an ordinary
 *   character, spaces belong to the value.
 * - An empty field, quoted or not, is null: in DynamoDB the attribute is absent.
 * - A row is rejected, kept with the reason, and counted if it has too few or too many fields or a quote out of place,
 *   is not valid UTF-8, holds NUL or the replacement character U+FFFD (which engines read in place of invalid bytes),
 *   if a column of the key or a required one is null, or if a value does not parse or does not fit. The text of a value
 *   of any type has at most 65,535 bytes, in the key 1,024.
 * - A row of more than 400 KB, DynamoDB's largest item, is rejected by `EmrHiveDynamoStep` and taken by
 *   `FargateRedshiftStep`.
 * - Redshift takes no notice of spaces at the end when it compares texts, DynamoDB does: keys must not differ in them
 *   alone.
 * - No value may hold a line break, CR or LF, though RFC 4180 allows it between quotes: files are read by lines, in
 *   parallel. The first and the last line of such a row are rejected, having a quote out of place.
 *   `FargateRedshiftStep` rejects the lines between them, too; `EmrHiveDynamoStep` judges each by itself.
 * - A line has at most 4,000,000 bytes, the largest row that Redshift's COPY reads: `FargateRedshiftStep` rejects a
 *   longer one.
 *
 * @example
 *
 * new Dataset({
 *   name: 'flights',
 *   format: DataFormat.csv({ delimiter: ';' }),
 *   columns: [Column.string('flight'), Column.date('day'), Column.integer('delay_minutes')],
 *   key: ['flight', 'day'],
 * });
 */
export class Dataset {
  /** Name of the dataset. */
  public readonly name: string;

  /** @internal */
  public readonly _definition: DatasetDefinition;

  /**
   * @throws if a name is not allowed, columns are missing, repeated or equal but for upper and lower case, headers are
   * repeated or given for a format without header, or `key` or `latestBy` do not fit the columns
   */
  constructor(props: DatasetProps) {
    checkName("a dataset's name", props.name);
    const context = `dataset '${props.name}'`;
    if (props.columns.length === 0) throw new Error(`${context} must have at least one column, got none`);
    const format = props.format._definition;
    const columns = props.columns.map(column => column._definition);
    validateDistinct(
      `${context}: names of columns (upper and lower case are the same)`,
      columns.map(column => column.name.toLowerCase()),
    );
    if (format.header) {
      validateDistinct(
        `${context}: headers of columns`,
        columns.map(column => column.header),
      );
    } else {
      const named = columns.find(column => column.header !== column.name);
      if (named) {
        throw new Error(
          `${context}: column '${named.name}' has the header '${named.header}', but its files have none: remove ` +
            `'header' from the ` +
            'column, or from the format',
        );
      }
    }
    const key = props.key ?? [];
    if (props.key && key.length === 0) {
      throw new Error(
        `${context}: 'key' must name at least one column, got none: leave it out for a dataset without key`,
      );
    }
    validateDistinct(`${context}: columns of the key`, key);
    for (const name of key) checkColumn(`${context}: 'key'`, name, columns);
    if (props.latestBy !== undefined) {
      checkColumn(`${context}: 'latestBy'`, props.latestBy, columns);
      if (key.length === 0) {
        throw new Error(
          `${context}: 'latestBy' chooses among rows with one key, but there is no 'key': add one, or remove ` +
            `'latestBy'`,
        );
      }
      if (key.includes(props.latestBy)) {
        throw new Error(
          `${context}: 'latestBy' is '${props.latestBy}', which is the same in all rows with one key: name a ` +
            `column outside of 'key'`,
        );
      }
    }

    this.name = props.name;
    this._definition = {
      name: props.name,
      format,
      columns: columns.map(column => ({ ...column, required: column.required || key.includes(column.name) })),
      key,
      ...(props.latestBy !== undefined && { latestBy: props.latestBy }),
    };
  }
}

function checkColumn(what: string, name: string, columns: ColumnDefinition[]): void {
  if (!columns.some(column => column.name === name)) {
    throw new Error(
      `${what} must name columns of the dataset (${columns.map(column => column.name).join(', ')}), got '${name}'`,
    );
  }
}
