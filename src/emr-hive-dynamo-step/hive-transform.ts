import { readFileSync } from 'fs';
import { resolve } from 'path';
import { Token } from 'aws-cdk-lib';
import { safeStatement } from './hive-statement';
import { TABLE } from './hive-tables';
import { Column } from '../dataset/column';
import type { ColumnDefinition, DatasetDefinition } from '../dataset/contract';
import { validateDistinct } from '../validation';

/** A transform as the script needs it. */
export interface TransformDefinition {
  /** A SELECT in a form that every reader of the script leaves alone. */
  readonly statement: string;
  readonly columns: ColumnDefinition[];
}

/**
 * A SELECT of your own between the files and the table: it computes, joins, filters or aggregates rows before they
 * become items.
 *
 * It reads a table with the dataset's name and columns, which holds the rows of the run that are valid (rows that are
 * not have been rejected). The types there are STRING, BIGINT for integers, DECIMAL, DOUBLE, BOOLEAN, and STRING for
 * dates (`2026-01-31`) and timestamps (`2026-01-31T10:00:00.123456Z`, always in UTC).
 *
 * What it yields becomes the items:
 *
 * - It yields a column for each of `columns`, with that name; others are ignored. The dataset's `key` and `latestBy`
 *   must be among them.
 * - Each value is judged again, as text, as a file's would be (see `Dataset`): one that does not fit its column rejects
 *   the row. Hive's DATE, TIMESTAMP, DECIMAL and so on fit by themselves. A text without characters is null.
 * - Of several rows with one key, one is written, as without a transform.
 * - It yields at most as many rows as it reads: the result counts those that are missing as filtered. If it yields
 *   more, the load ends with `Etl.Configuration`, though the rows are written.
 * - It must give the same rows each time that it reads the same: a task that fails runs again. Do not use `rand()` or
 *   the time of day.
 *
 * Rejected rows of the transform are kept below `rejected/transformed/`, as a line of CSV of the columns that it
 * yields, in which line breaks are spaces.
 *
 * @example
 * HiveTransform.inline(`
 *   SELECT order_id, upper(customer) AS customer, quantity * amount AS total
 *   FROM orders
 *   WHERE status <> 'test'
 * `, [Column.string('order_id'), Column.string('customer'), Column.decimal('total', 18, 2)]);
 */
export class HiveTransform {
  /**
   * A transform that is written in the app.
   *
   * @param statement one SELECT of Hive 3.1.3, with or without a semicolon at its end
   * @param columns what it yields
   * @throws if the statement is not one SELECT, holds text outside of quotes that is no HiveQL, or is not known when
   * the app is synthesized; or if columns are missing or repeated
   */
  public static inline(statement: string, columns: Column[]): HiveTransform {
    return new HiveTransform('the transform', statement, columns);
  }

  /**
   * A transform from a file of UTF-8, which is read when the app is synthesized.
   *
   * @param path the file, from the folder in which the app runs
   * @param columns what it yields
   * @throws as inline(), or if the file cannot be read
   */
  public static fromFile(path: string, columns: Column[]): HiveTransform {
    let statement: string;
    try {
      statement = readFileSync(path, 'utf8');
    } catch (error) {
      throw new Error(
        `the file of the transform must be readable, got ${resolve(path)}: ${(error as Error).message}. Paths ` +
          'are relative to the folder in which ' +
          'the app runs: make it absolute with `path.join(__dirname, …)`.',
        { cause: error },
      );
    }
    return new HiveTransform(`the transform ${path}`, statement, columns);
  }

  /** @internal */
  public readonly _definition: TransformDefinition;

  private constructor(what: string, statement: string, columns: Column[]) {
    if (Token.isUnresolved(statement)) {
      throw new Error(`${what} must be known when the app is synthesized, got a token in it: give the text itself`);
    }
    if (columns.length === 0) throw new Error(`${what} must yield at least one column, got none`);
    const definitions = columns.map(column => column._definition);
    validateDistinct(
      `${what}: its columns (upper and lower case are the same)`,
      definitions.map(({ name }) => name.toLowerCase()),
    );
    const renamed = definitions.find(({ name, header }) => name !== header);
    if (renamed) {
      throw new Error(
        `${what}: column '${renamed.name}' has the header '${renamed.header}', but a transform yields columns by ` +
          `name: remove 'header'`,
      );
    }
    this._definition = { statement: safeStatement(what, statement), columns: definitions };
  }
}

/**
 * The dataset that becomes items: the one of the files, or what the transform makes of it.
 *
 * @throws if the transform does not yield the columns of the key and `latestBy`, or the dataset's name is that of a
 * table of the script
 */
export function loadedDataset(
  dataset: DatasetDefinition,
  transform: TransformDefinition | undefined,
): DatasetDefinition {
  if (!transform) return dataset;
  const tables: string[] = Object.values(TABLE);
  if (tables.includes(dataset.name.toLowerCase())) {
    throw new Error(
      `dataset '${dataset.name}': with a 'transform' its name becomes that of a table, and must not be one of ` +
        `${tables.join(', ')}. Give it another name.`,
    );
  }
  const names = transform.columns.map(({ name }) => name);
  const needed = [...dataset.key, ...(dataset.latestBy === undefined ? [] : [dataset.latestBy])];
  const missing = needed.find(name => !names.includes(name));
  if (missing !== undefined) {
    throw new Error(
      `'transform' must yield the columns of the key and of 'latestBy' of the dataset '${dataset.name}' ` +
        `(${needed.join(', ')}), got ${names.join(', ')}. ` +
        `Add '${missing}' to its columns and to its SELECT.`,
    );
  }
  return {
    ...dataset,
    columns: transform.columns.map(column => ({
      ...column,
      required: column.required || dataset.key.includes(column.name),
    })),
  };
}
