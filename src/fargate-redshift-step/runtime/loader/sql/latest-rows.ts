import { canonicalText, orderedValue, typedValue } from './column-values';
import { identifier } from './quoting';
import { stagedColumn } from './staged-rows';
import type { TargetColumn } from './target-types';
import type { TemporaryTables } from './temporary-tables';
import type { DatasetDefinition } from '../../../../dataset/contract';
import type { TextForms } from '../scan/text-forms';
import type { Session } from '../session';

// From the staged texts, all of which are rows, to rows of the target's types, one for each key. All are converted in
// one statement, as if no key came twice; those whose key does are few, and only they are compared.

export interface LatestRowsOptions {
  readonly dataset: DatasetDefinition;
  /** The target's, in the dataset's order. */
  readonly columns: readonly TargetColumn[];
  readonly forms: TextForms;
  readonly tables: TemporaryTables;
}

/** Fills the tables; returns how many of the `staged` rows are left. */
export async function fillLatestRows(session: Session, staged: number, options: LatestRowsOptions): Promise<number> {
  const { tables } = options;
  const statements = new LatestRows(options);
  await session.query(statements.create());
  await session.query(statements.convertAll());
  await session.query(statements.createRepeatedKeys());
  await session.query(statements.findRepeatedKeys());
  const repeated = Number(await session.value(`SELECT COUNT(*) FROM ${tables.repeatedKeys}`));
  if (repeated === 0) return staged;
  await session.query(statements.dropRepeated());
  await session.query(statements.insertWinners());
  return Number(await session.value(`SELECT COUNT(*) FROM ${tables.latest}`));
}

class LatestRows {
  private readonly names: string[];
  private readonly keys: number[];

  constructor(private readonly options: LatestRowsOptions) {
    const { columns, dataset } = options;
    this.names = columns.map(({ name }) => identifier(name));
    this.keys = dataset.key.map(name => dataset.columns.findIndex(column => column.name === name));
  }

  /** A table of the target's types, so that MERGE converts nothing. */
  create(): string {
    return (
      `CREATE TEMP TABLE ${this.options.tables.latest} ` +
      `(${this.options.columns.map(({ type }, index) => `${this.names[index]} ${type}`).join(', ')})`
    );
  }

  convertAll(): string {
    const { dataset, tables } = this.options;
    return (
      `INSERT INTO ${tables.latest} SELECT ${dataset.columns.map((_, index) => this.typed(index)).join(', ')} FROM ` +
      `${tables.staged}`
    );
  }

  createRepeatedKeys(): string {
    const { columns, tables } = this.options;
    return (
      `CREATE TEMP TABLE ${tables.repeatedKeys} ` +
      `(${this.keys.map(index => `${this.names[index]} ${columns[index].type}`).join(', ')})`
    );
  }

  /** A key is what Redshift takes for equal: it ignores spaces at the end of a text. */
  findRepeatedKeys(): string {
    const { tables } = this.options;
    const key = this.keys.map(index => this.names[index]).join(', ');
    return `INSERT INTO ${tables.repeatedKeys} SELECT ${key} FROM ${tables.latest} GROUP BY ${key} HAVING COUNT(*) > 1`;
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
    const latestBy = dataset.columns.flatMap((column, index) =>
      column.name === dataset.latestBy ? [descending(orderedValue(column, canonical[index]))] : [],
    );
    const ties = dataset.columns.flatMap((column, index) => {
      if (column.type === 'floatingPoint') return [descending(orderedValue(column, canonical[index]))];
      // texts that differ in spaces at their end are equal to Redshift: the longer one is greater, as it is to every
      // other engine
      return column.type === 'string'
        ? [descending(canonical[index]), descending(`OCTET_LENGTH(${canonical[index]})`)]
        : [descending(canonical[index])];
    });
    const key = this.keys.map((_, index) => `k${index + 1}`);
    const selected = [
      ...dataset.columns.map((column, index) => `${canonicalText(column, this.text(index))} AS ${canonical[index]}`),
      ...this.keys.map((index, place) => `${repeatedKeys}.${this.names[index]} AS ${key[place]}`),
    ];
    return `INSERT INTO ${latest}
SELECT ${dataset.columns.map((column, index) => typedValue(column, columns[index], canonical[index], true)).join(', ')}
FROM (
  SELECT ${canonical.join(', ')}, ROW_NUMBER() OVER (PARTITION BY ${key.join(', ')} ORDER BY ${[...latestBy, ...ties].join(', ')}) AS place
  FROM (
    SELECT ${selected.join(',\n      ')}
    FROM ${staged} JOIN ${repeatedKeys} ON ${this.keys.map(index => `${this.typed(index)} = ${repeatedKeys}.${this.names[index]}`).join(' AND ')}
  ) AS repeated
) AS ranked
WHERE place = 1`;
  }

  private typed(index: number): string {
    const { dataset, columns, forms } = this.options;
    return typedValue(dataset.columns[index], columns[index], this.text(index), forms.columns[index].plain);
  }

  /** The text of a field: null if it is empty. */
  private text(index: number): string {
    const { dataset, forms, tables } = this.options;
    const text = `${tables.staged}.${stagedColumn(index)}`;
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
