import { canonicalText, Check, checksOf } from './column-checks';
import { identifier, literal } from './sql';
import { STAGED_ROWS, stagedColumn } from './staged-rows';
import { fitChecks, TargetColumn } from './target-types';
import { ColumnDefinition, DatasetDefinition, MAX_VALUE_BYTES, REJECTION } from '../../../dataset/contract';

// From texts as they stood in the files to the rows that the target is to get, in three temporary tables:
// STAGED_ROWS → CHECKED_ROWS (a text or null per column, and the reason why the row is rejected, if it is) → LATEST_ROWS (one typed row per key).
// The reason is a column of its own table because a planner may evaluate an expression as often as it is named.

export const CHECKED_ROWS = 'etl_checked_rows';
export const LATEST_ROWS = 'etl_latest_rows';

/** Name of the canonical text of the dataset's column at this index. */
const canonicalColumn = (index: number): string => `v${index + 1}`;

export function createCheckedRows(dataset: DatasetDefinition): string {
  const columns = dataset.columns.map((_, index) => `${stagedColumn(index)} VARCHAR(${MAX_VALUE_BYTES})`);
  return `CREATE TEMP TABLE ${CHECKED_ROWS} (row_id BIGINT, ${columns.join(', ')}, reason VARCHAR(1000))`;
}

/** Checks every staged row. `columns` are the target's, in the dataset's order. */
export function fillCheckedRows(dataset: DatasetDefinition, columns: TargetColumn[]): string {
  const texts = dataset.columns.map((_, index) => stagedColumn(index));
  const reasons = dataset.columns.flatMap((column, index) => reasonBranches(dataset, column, columns[index], texts[index]));
  return `INSERT INTO ${CHECKED_ROWS}
SELECT row_id, ${texts.join(', ')}, CASE
  ${reasons.join('\n  ')}
END
FROM (SELECT row_id, ${texts.map((text, index) => `${fieldText(dataset, index)} AS ${text}`).join(', ')} FROM ${STAGED_ROWS}) AS fields`;
}

/** The value of a field: null if empty. */
function fieldText(dataset: DatasetDefinition, index: number): string {
  const text = stagedColumn(index);
  if (index < dataset.columns.length - 1) return `NULLIF(${text}, '')`;
  // COPY's documentation does not say whether the CR of CRLF is part of the last field. No value ends with one, so it can only be that.
  return `NULLIF(CASE WHEN RIGHT(${text}, 1) = CHR(13) THEN LEFT(${text}, LENGTH(${text}) - 1) ELSE ${text} END, '')`;
}

function reasonBranches(dataset: DatasetDefinition, column: ColumnDefinition, target: TargetColumn, text: string): string[] {
  const inKey = dataset.key.includes(column.name);
  const checks: Check[] = [...checksOf(column, inKey, text), ...fitChecks(column, target, text)!];
  // an existing table may ask for more than the dataset does
  if (column.required || inKey || target.notNull) checks.unshift({ condition: `${text} IS NULL`, reason: REJECTION.missing(column) });
  return checks.map(({ condition, reason }) => `WHEN ${condition} THEN ${literal(reason)}`);
}

/** A table of the target's types, so that MERGE converts nothing. */
export function createLatestRows(columns: TargetColumn[]): string {
  return `CREATE TEMP TABLE ${LATEST_ROWS} (${columns.map(({ name, type }) => `${identifier(name)} ${type}`).join(', ')})`;
}

/** Of the good rows of each key the one that wins. A key is what Redshift takes for equal: it ignores spaces at the end of a text. */
export function fillLatestRows(dataset: DatasetDefinition, columns: TargetColumn[]): string {
  const canonical = dataset.columns.map((_, index) => canonicalColumn(index));
  const typed = dataset.columns.map((column, index) => typedValue(column, columns[index], canonical[index]));
  const key = dataset.columns.flatMap((column, index) => dataset.key.includes(column.name) ? [distinctValue(column, canonical[index])] : []);
  const latestBy = dataset.columns.flatMap((column, index) => column.name === dataset.latestBy ? [orderedValue(column, canonical[index])] : []);
  const order = [...latestBy, ...dataset.columns.map((column, index) => distinctValue(column, canonical[index]))].map(descending);
  const guarded = dataset.columns.map((column, index) => {
    const text = stagedColumn(index);
    return `CASE WHEN reason IS NULL AND ${text} IS NOT NULL THEN ${canonicalText(column, text)} END AS ${canonical[index]}`;
  });
  return `INSERT INTO ${LATEST_ROWS}
SELECT ${typed.join(', ')}
FROM (
  SELECT ${canonical.join(', ')},
    ROW_NUMBER() OVER (PARTITION BY ${key.join(', ')} ORDER BY ${order.join(', ')}) AS place
  FROM (
    SELECT ${guarded.join(',\n      ')}
    FROM ${CHECKED_ROWS}
    WHERE reason IS NULL
  ) AS accepted
) AS ranked
WHERE place = 1`;
}

const descending = (value: string): string => `${value} DESC NULLS LAST`;

/** An expression that sorts as the values do. Dates and timestamps do so as canonical text. */
function orderedValue(column: ColumnDefinition, canonical: string): string {
  switch (column.type) {
    case 'integer':
    case 'decimal': return `CAST(${canonical} AS DECIMAL(38, ${column.scale ?? 0}))`;
    case 'floatingPoint': return double(canonical);
    default: return canonical;
  }
}

/** An expression that is equal for equal values alone: the canonical text, but floating-point numbers have several. */
function distinctValue(column: ColumnDefinition, canonical: string): string {
  return column.type === 'floatingPoint' ? double(canonical) : canonical;
}

/** Without negative zero, which DynamoDB does not have. */
function double(canonical: string): string {
  return `CASE WHEN CAST(${canonical} AS DOUBLE PRECISION) = 0 THEN 0 ELSE CAST(${canonical} AS DOUBLE PRECISION) END`;
}

function typedValue(column: ColumnDefinition, target: TargetColumn, canonical: string): string {
  switch (column.type) {
    case 'string': return canonical;
    case 'bool': return `${canonical} = 'true'`; // Redshift casts no text to BOOLEAN
    case 'floatingPoint': return double(canonical);
    default: return `CAST(${canonical} AS ${target.type})`;
  }
}
