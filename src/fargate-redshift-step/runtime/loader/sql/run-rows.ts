import { canonicalText, orderedValue, typedValue } from './column-values';
import { identifier } from './quoting';
import { stagedColumn } from './staged-rows';
import type { TargetColumn } from './target-types';
import type { TemporaryTables } from './temporary-tables';
import type { DatasetDefinition } from '../../../../dataset/contract';
import type { LoaderInput } from '../../../contract';
import type { TextForms } from '../scan/text-forms';
import type { Session } from '../session';

// From the staged texts, all of which are rows, to rows of the target's types, one for each key. Where no key comes
// twice the texts are converted on their way into the target. Otherwise all are converted first, as if no key came
// twice; those whose key does are few, and only they are compared.

/** The rows that a run brings: a temporary table, and how the target's values come from it. */
export interface RunRows {
  readonly table: string;
  readonly count: number;
  /** SQL for the values of the dataset's columns, in the dataset's order. */
  readonly values: readonly string[];
}

export interface RunRowsOptions {
  readonly dataset: DatasetDefinition;
  readonly mode: LoaderInput['mode'];
  /** The target's, in the dataset's order. */
  readonly columns: readonly TargetColumn[];
  readonly forms: TextForms;
  readonly tables: TemporaryTables;
}

/** Finds the rows among the `staged` ones, of which there are so many. */
export async function findRunRows(session: Session, staged: number, options: RunRowsOptions): Promise<RunRows> {
  const { tables, dataset, mode } = options;
  const statements = new RunRowsStatements(options);
  const asStaged = { table: tables.staged, count: staged, values: statements.typedTexts };
  if (dataset.key.length === 0) return asStaged;
  await session.query(statements.createRepeatedKeys());
  await session.query(statements.findRepeatedKeys());
  const repeated = Number(await session.value(`SELECT COUNT(*) FROM ${tables.repeatedKeys}`));
  if (repeated === 0 && (mode !== 'upsert' || statements.keysAreTexts)) return asStaged;
  await session.query(statements.createLatest());
  await session.query(statements.convertAll());
  if (repeated > 0) {
    await session.query(statements.dropRepeated());
    await session.query(statements.insertWinners());
  }
  const count = repeated > 0 ? Number(await session.value(`SELECT COUNT(*) FROM ${tables.latest}`)) : staged;
  return { table: tables.latest, count, values: statements.latestColumns };
}

class RunRowsStatements {
  /** The staged texts as values of the target's types. */
  readonly typedTexts: string[];
  readonly latestColumns: string[];
  private readonly names: string[];
  private readonly keys: number[];

  constructor(private readonly options: RunRowsOptions) {
    const { columns, dataset, forms, tables } = options;
    this.names = columns.map(({ name }) => identifier(name));
    this.keys = dataset.key.map(name => dataset.columns.findIndex(column => column.name === name));
    this.typedTexts = dataset.columns.map((column, index) =>
      typedValue(column, columns[index], this.text(index), forms.columns[index].plain),
    );
    this.latestColumns = this.names.map(name => `${tables.latest}.${name}`);
  }

  /**
   * Whether the staged texts of the key are its values: MERGE matches rows by columns of both tables.
   * https://docs.aws.amazon.com/redshift/latest/dg/r_MERGE.html
   */
  get keysAreTexts(): boolean {
    return this.keys.every(index => this.typedTexts[index] === this.staged(index));
  }

  /** A table of the target's types, so that MERGE converts nothing. */
  createLatest(): string {
    const columns = this.options.columns.map(({ type }, index) => `${this.names[index]} ${type}`);
    return `CREATE TEMP TABLE ${this.options.tables.latest} (${columns.join(', ')})`;
  }

  convertAll(): string {
    const { tables } = this.options;
    return `INSERT INTO ${tables.latest} SELECT ${this.typedTexts.join(', ')} FROM ${tables.staged}`;
  }

  createRepeatedKeys(): string {
    const { columns, tables } = this.options;
    const keys = this.keys.map(index => `${this.names[index]} ${columns[index].type}`);
    return `CREATE TEMP TABLE ${tables.repeatedKeys} (${keys.join(', ')})`;
  }

  /** A key is what Redshift takes for equal: it ignores spaces at the end of a text. */
  findRepeatedKeys(): string {
    const { tables } = this.options;
    const key = this.keys.map(index => this.typedTexts[index]);
    const places = key.map((_, place) => place + 1).join(', ');
    return (
      `INSERT INTO ${tables.repeatedKeys} SELECT ${key.join(', ')} FROM ${tables.staged} ` +
      `GROUP BY ${places} HAVING COUNT(*) > 1`
    );
  }

  dropRepeated(): string {
    const { latest, repeatedKeys } = this.options.tables;
    const sameKey = this.keys.map(index => `${latest}.${this.names[index]} = ${repeatedKeys}.${this.names[index]}`);
    return `DELETE FROM ${latest} USING ${repeatedKeys} WHERE ${sameKey.join(' AND ')}`;
  }

  /** Of the rows of each repeated key the one that wins. */
  insertWinners(): string {
    const {
      dataset,
      columns,
      tables: { staged, latest, repeatedKeys },
    } = this.options;
    const canonical = dataset.columns.map((_, index) => `v${index + 1}`);
    const key = this.keys.map((_, index) => `k${index + 1}`);
    const selected = [
      ...dataset.columns.map((column, index) => `${canonicalText(column, this.text(index))} AS ${canonical[index]}`),
      ...this.keys.map((index, place) => `${repeatedKeys}.${this.names[index]} AS ${key[place]}`),
    ];
    const values = dataset.columns.map((column, index) => typedValue(column, columns[index], canonical[index], true));
    const sameKey = this.keys.map(index => `${this.typedTexts[index]} = ${repeatedKeys}.${this.names[index]}`);
    return `INSERT INTO ${latest}
SELECT ${values.join(', ')}
FROM (
  SELECT ${canonical.join(', ')},
    ROW_NUMBER() OVER (PARTITION BY ${key.join(', ')} ORDER BY ${this.order(canonical).join(', ')}) AS place
  FROM (
    SELECT ${selected.join(',\n      ')}
    FROM ${staged} JOIN ${repeatedKeys} ON ${sameKey.join(' AND ')}
  ) AS repeated
) AS ranked
WHERE place = 1`;
  }

  /** By `latestBy`, and then by every column in turn. */
  private order(canonical: string[]): string[] {
    const { dataset } = this.options;
    const latestBy = dataset.columns.flatMap((column, index) =>
      column.name === dataset.latestBy ? [descending(orderedValue(column, canonical[index]))] : [],
    );
    const ties = dataset.columns.flatMap((column, index) => {
      if (column.type === 'floatingPoint') return [descending(orderedValue(column, canonical[index]))];
      const text = descending(canonical[index]);
      // texts that differ in spaces at their end are equal to Redshift: the longer one is greater, as it is to every
      // other engine
      return column.type === 'string' ? [text, descending(`OCTET_LENGTH(${canonical[index]})`)] : [text];
    });
    return [...latestBy, ...ties];
  }

  private staged(index: number): string {
    return `${this.options.tables.staged}.${stagedColumn(index)}`;
  }

  /** The text of a field: null if it is empty. */
  private text(index: number): string {
    const { dataset, forms } = this.options;
    const text = this.staged(index);
    const withReturn = forms.carriageReturns && index === dataset.columns.length - 1;
    // COPY's documentation does not say whether the CR of CRLF is part of the last field. No value ends with one, so it
    // can only be that.
    const value = withReturn
      ? `CASE WHEN RIGHT(${text}, 1) = CHR(13) THEN LEFT(${text}, LENGTH(${text}) - 1) ELSE ${text} END`
      : text;
    // not NULLIF(…, ''), to which a text of spaces is empty:
    // https://docs.aws.amazon.com/redshift/latest/dg/r_NULLIF_function.html
    return withReturn || forms.columns[index].emptyInQuotes
      ? `CASE WHEN OCTET_LENGTH(${value}) > 0 THEN ${value} END`
      : value;
  }
}

const descending = (value: string): string => `${value} DESC NULLS LAST`;
