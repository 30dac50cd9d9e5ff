import { Token } from 'aws-cdk-lib';
import { HISTORY_TABLE, type LoaderInput } from './contract';
import { validateIdentifier } from './identifier';
import { LoadMode } from './load-mode';
import type { DatasetDefinition } from '../dataset/contract';
import { validateWholeNumber } from '../validation';

export const DEFAULT_SCHEMA = 'public';

/**
 * The most rows that COPY can set aside:
 * https://docs.aws.amazon.com/redshift/latest/dg/copy-parameters-data-load.html#copy-maxerror
 */
const MAX_REJECTED_ROWS = 100_000;

/** The most columns of a compound sort key: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_TABLE_NEW.html */
const MAX_SORT_KEYS = 400;

/** Distribution of a new table's rows over the slices of the warehouse. */
export enum DistributionStyle {
  /** Redshift chooses, and changes it as the table grows. */
  AUTO = 'AUTO',
  /** Row by row. */
  EVEN = 'EVEN',
  /** Each node has all rows. */
  ALL = 'ALL',
}

/** Layout of the table that is made if there is none. */
export interface CreateTableOptions {
  /**
   * Distribution of its rows over the slices.
   *
   * @default - by `distributionKey`; without one Redshift chooses
   */
  readonly distributionStyle?: DistributionStyle;

  /**
   * Column of the dataset: rows with one value in it are on one slice, where joins by this column find them.
   *
   * @default - none
   */
  readonly distributionKey?: string;

  /**
   * Columns of the dataset, 1 to 400, by which the table is sorted, one after the other: queries that ask for a range
   * of the first one read less.
   *
   * @default - Redshift chooses
   */
  readonly sortKeys?: string[];
}

/** Properties of a load into Redshift. */
export interface RedshiftLoadOptions {
  /**
   * The table's schema: 1 to 127 bytes. It is looked for as it is written, and else in any other case; it is made, in
   * lower case, if it is not there.
   *
   * @default 'public' - the schema that every database has
   */
  readonly schema?: string;

  /**
   * The table: 1 to 127 bytes. It is looked for as it is written, and else in any other case. It is made from the
   * dataset, with names in lower case, if it is not there; one that is there needs the dataset's columns, and may have
   * others.
   */
  readonly table: string;

  /**
   * Way of the rows into the table.
   *
   * @default LoadMode.upsert()
   */
  readonly mode?: LoadMode;

  /**
   * Layout of the table that is made if there is none. It changes nothing of a table that is.
   *
   * @default - Redshift chooses how rows are spread and sorted
   */
  readonly createTable?: CreateTableOptions;

  /**
   * Rows of a run that may be rejected, 0 to 100,000. They are kept with the reasons. With one more nothing is
   * loaded, and the run fails with `Etl.Data`, which names the files that have the most of them: without these files
   * the others are loaded.
   *
   * @default 100,000 - the most that COPY can set aside
   */
  readonly maxRejectedRows?: number;

  /**
   * Rows of a run that may be rejected, in per cent, 0 to 100: for instance 0.5. It holds beside
   * `maxRejectedRows`; the files that it names are those with the greatest share of rejected rows.
   *
   * @default 100
   */
  readonly maxRejectedPercent?: number;
}

/** @throws Error if a name or number is out of its bounds */
export function validateLoadOptions(options: RedshiftLoadOptions): void {
  const { schema, table, maxRejectedRows, maxRejectedPercent, createTable = {} } = options;
  if (schema !== undefined) validateIdentifier('schema', schema);
  validateIdentifier('table', table);
  if (table.toLowerCase() === HISTORY_TABLE) {
    throw new Error(
      `'table' must not be '${HISTORY_TABLE}', in which the loader remembers its loads. Name another table.`,
    );
  }
  validateWholeNumber(
    "'maxRejectedRows'",
    maxRejectedRows,
    0,
    MAX_REJECTED_ROWS,
    'More than the most that COPY can set aside cannot be kept.',
  );
  if (maxRejectedPercent !== undefined && !Token.isUnresolved(maxRejectedPercent)) {
    if (!(maxRejectedPercent >= 0 && maxRejectedPercent <= 100)) {
      throw new Error(`'maxRejectedPercent' must be a number from 0 to 100, got ${maxRejectedPercent}.`);
    }
  }
  const { distributionStyle, distributionKey, sortKeys } = createTable;
  if (distributionStyle !== undefined && distributionKey !== undefined) {
    throw new Error(
      "'createTable' must have at most one of 'distributionStyle' and 'distributionKey', got both. " +
        'A table with a key is spread by it: remove the style.',
    );
  }
  if (sortKeys && (sortKeys.length < 1 || sortKeys.length > MAX_SORT_KEYS)) {
    throw new Error(`'createTable.sortKeys' must name 1 to ${MAX_SORT_KEYS} columns, got ${sortKeys.length}.`);
  }
}

/** The part of the loader's work that the options say. @throws Error if they do not fit the dataset */
export function loadWork(
  options: RedshiftLoadOptions,
  dataset: DatasetDefinition,
  step: string,
): Pick<
  LoaderInput,
  'schema' | 'table' | 'mode' | 'partitionColumn' | 'createTable' | 'maxRejectedRows' | 'maxRejectedPercent'
> {
  const { mode = LoadMode.upsert(), createTable = {}, maxRejectedPercent } = options;
  const { distributionKey, sortKeys = [] } = createTable;
  if (mode._mode === 'upsert' && dataset.key.length === 0) {
    throw new Error(
      `dataset '${dataset.name}' must have a 'key' for the step ${step}: rows replace those with the same key. ` +
        'Add one, or give the step another mode: LoadMode.append() or LoadMode.replace().',
    );
  }
  const named: [string, string | undefined][] = [
    ['the column of LoadMode.replacePartitions()', mode._partitionColumn],
    ["'createTable.distributionKey'", distributionKey],
    ...sortKeys.map((name): [string, string] => ["'createTable.sortKeys'", name]),
  ];
  for (const [what, name] of named) {
    if (name === undefined || dataset.columns.some(column => column.name === name)) continue;
    throw new Error(
      `${what} of the step ${step} must name columns of the dataset '${dataset.name}' ` +
        `(${dataset.columns.map(column => column.name).join(', ')}), got '${name}'.`,
    );
  }
  return {
    schema: options.schema ?? DEFAULT_SCHEMA,
    table: options.table,
    mode: mode._mode,
    ...(mode._partitionColumn !== undefined && { partitionColumn: mode._partitionColumn }),
    ...(options.createTable && { createTable: options.createTable }),
    maxRejectedRows: options.maxRejectedRows ?? MAX_REJECTED_ROWS,
    ...(maxRejectedPercent !== undefined && { maxRejectedPercent }),
  };
}
