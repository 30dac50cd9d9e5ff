import type { TargetColumn } from './target-types';
import type { ColumnDefinition } from '../../../../dataset/contract';

// Values of texts that match their column's rule, as SQL over one text expression. A null gives a null. No part of an
// expression may fail for a text that another branch of it is meant for: CASE chooses a result, but does not promise
// which branches are evaluated. https://docs.aws.amazon.com/redshift/latest/dg/r_CASE_function.html

/** @param plain all texts are of the form that CAST takes */
export function typedValue(column: ColumnDefinition, target: TargetColumn, text: string, plain: boolean): string {
  switch (column.type) {
    case 'string':
      return text;
    case 'bool':
      return `LOWER(${text}) IN ('true', 't', '1')`; // Redshift casts no text to BOOLEAN
    case 'floatingPoint':
      return double(text);
    case 'timestamp':
      return `CAST(${plain ? text : utcTimestamp(text)} AS ${target.type})`;
    default:
      return `CAST(${plain ? text : canonicalText(column, text)} AS ${target.type})`;
  }
}

/** Canonical text of a value: equal values have equal texts (floating-point numbers excepted). */
export function canonicalText(column: ColumnDefinition, text: string): string {
  switch (column.type) {
    case 'string':
    case 'date':
    case 'floatingPoint':
      return text;
    case 'bool':
      return (
        `CASE WHEN LOWER(${text}) IN ('true', 't', '1') THEN 'true' WHEN LOWER(${text}) IN ('false', 'f', '0') ` +
        `THEN 'false' END`
      );
    case 'integer': {
      const digits = `LTRIM(${text}, '+-0')`;
      return `CASE WHEN ${digits} = '' THEN '0' WHEN LEFT(${text}, 1) = '-' THEN '-' || ${digits} ELSE ${digits} END`;
    }
    case 'decimal':
      return canonicalDecimal(text, column.scale!);
    case 'timestamp':
      return `TO_CHAR(${utcTimestamp(text)}, 'YYYY-MM-DD HH24:MI:SS.US')`;
  }
}

/** An expression that sorts canonical texts as their values. Dates and timestamps sort so as texts. */
export function orderedValue(column: ColumnDefinition, canonical: string): string {
  switch (column.type) {
    case 'integer':
    case 'decimal':
      return `CAST(${canonical} AS DECIMAL(38, ${column.scale ?? 0}))`;
    case 'floatingPoint':
      return double(canonical);
    default:
      return canonical;
  }
}

/** Without negative zero, which DynamoDB does not have. */
function double(text: string): string {
  return `CASE WHEN CAST(${text} AS DOUBLE PRECISION) = 0 THEN 0 ELSE CAST(${text} AS DOUBLE PRECISION) END`;
}

function canonicalDecimal(text: string, scale: number): string {
  const whole = `LTRIM(SPLIT_PART(${text}, '.', 1), '+-0')`;
  const fraction = `RPAD(SPLIT_PART(${text}, '.', 2), ${scale}, '0')`;
  const digits = scale === 0 ? whole : `${whole} || ${fraction}`;
  const sign = `CASE WHEN LEFT(${text}, 1) = '-' AND LTRIM(${digits}, '0') <> '' THEN '-' ELSE '' END`;
  const integral = `COALESCE(NULLIF(${whole}, ''), CASE WHEN ${text} IS NOT NULL THEN '0' END)`;
  return scale === 0 ? `${sign} || ${integral}` : `${sign} || ${integral} || '.' || ${fraction}`;
}

/** The point of time that a timestamp names, as TIMESTAMP in UTC. */
function utcTimestamp(text: string): string {
  const seconds = `CASE WHEN SUBSTRING(${text}, 17, 1) = ':' THEN SUBSTRING(${text}, 17, 3) ELSE ':00' END`;
  const fraction = `SPLIT_PART(SPLIT_PART(RTRIM(SPLIT_PART(${text}, '.', 2), 'Z'), '+', 1), '-', 1)`;
  const local =
    `CAST(LEFT(${text}, 10) || ' ' || SUBSTRING(${text}, 12, 5) || ${seconds} || '.' || LEFT(${fraction} || ` +
    `'000000', 6) AS TIMESTAMP)`;
  // the date has hyphens too, so the zone is looked for behind hours and minutes
  const tail = `SUBSTRING(${text}, 17)`;
  return (
    `DATEADD(minute, ${offsetMinutes(`SPLIT_PART(${tail}, '-', 2)`)} - ` +
    `${offsetMinutes(`SPLIT_PART(${tail}, '+', 2)`)}, ${local})`
  );
}

/** Minutes of an offset hh, hhmm or hh:mm; 0 if it is empty. */
function offsetMinutes(offset: string): string {
  const digits = `REPLACE(${offset}, ':', '') || '0000'`;
  return `(CAST(LEFT(${digits}, 2) AS INTEGER) * 60 + CAST(SUBSTRING(${digits}, 3, 2) AS INTEGER))`;
}
