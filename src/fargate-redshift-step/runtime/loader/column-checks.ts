import { literal } from './sql';
import { ColumnDefinition, FLOATING_POINT_BOUNDS, INTEGER_BOUNDS, lexicalRule, MAX_KEY_BYTES, REJECTION } from '../../../dataset/contract';

// What is wrong with a text, and the canonical form of a text with which nothing is. Everything here is SQL over one text expression.
// A CASE evaluates its branches in order and none behind the one that holds: that is what keeps bad text away from the casts.

/** `condition` holds for the texts that are rejected with `reason`. It is evaluated only if no condition before it holds. */
export interface Check {
  readonly condition: string;
  readonly reason: string;
}

/** What must hold of a column's texts whatever the target is. Nulls pass: whether they may is asked before. */
export function checksOf(column: ColumnDefinition, inKey: boolean, text: string): Check[] {
  const checks: Check[] = [];
  if (inKey) checks.push({ condition: `OCTET_LENGTH(${text}) > ${MAX_KEY_BYTES}`, reason: REJECTION.tooLong(column, MAX_KEY_BYTES) });
  const invalid = [...lexicalCheck(column, text), ...rangeCheck(column, text)];
  return [...checks, ...invalid.map(condition => ({ condition, reason: REJECTION.invalid(column) }))];
}

function lexicalCheck(column: ColumnDefinition, text: string): string[] {
  const rule = lexicalRule(column);
  return rule ? [`NOT ${text} ~ ${literal(rule)}`] : [];
}

/** What a regular expression cannot say. Evaluated only for texts that match the lexical rule. */
function rangeCheck(column: ColumnDefinition, text: string): string[] {
  switch (column.type) {
    case 'integer': {
      const digits = significantDigits(text);
      const { smallest, largest } = INTEGER_BOUNDS;
      // as text: digits of one length compare like numbers, and no cast can overflow
      const bound = `CASE WHEN LEFT(${text}, 1) = '-' THEN '${smallest.slice(1)}' ELSE '${largest}' END`;
      return [`LENGTH(${digits}) = ${largest.length} AND ${digits} > ${bound}`];
    }
    case 'floatingPoint': {
      const { smallest, largest } = FLOATING_POINT_BOUNDS;
      const size = `ABS(CAST(${text} AS DOUBLE PRECISION))`;
      return [`${size} > ${largest} OR (${size} < ${smallest} AND ${size} > 0)`];
    }
    case 'timestamp': // no zone shifts by more than a day
      return [
        `LEFT(${text}, 10) = '0001-01-01' AND ${utcTimestamp(text)} < '0001-01-01 00:00:00'`,
        `LEFT(${text}, 10) = '9999-12-31' AND ${utcTimestamp(text)} > '9999-12-31 23:59:59.999999'`,
      ];
    default:
      return [];
  }
}

/** Canonical text of a text that passed its column's checks: equal values have equal texts (floating-point numbers excepted). */
export function canonicalText(column: ColumnDefinition, text: string): string {
  switch (column.type) {
    case 'string':
    case 'date':
    case 'floatingPoint':
      return text;
    case 'bool':
      return `CASE WHEN LOWER(${text}) IN ('true', 't', '1') THEN 'true' WHEN LOWER(${text}) IN ('false', 'f', '0') THEN 'false' END`;
    case 'integer': {
      const digits = significantDigits(text);
      return `CASE WHEN ${digits} = '' THEN '0' WHEN LEFT(${text}, 1) = '-' THEN '-' || ${digits} ELSE ${digits} END`;
    }
    case 'decimal':
      return canonicalDecimal(text, column.scale!);
    case 'timestamp':
      return `TO_CHAR(${utcTimestamp(text)}, 'YYYY-MM-DD HH24:MI:SS.US')`;
  }
}

/** The digits of an integer without sign and leading zeros; '' for zero. */
export function significantDigits(text: string): string {
  return `LTRIM(${text}, '+-0')`;
}

/** The digits before a decimal's point without sign and leading zeros; '' for none. */
export function wholeDigits(text: string): string {
  return `LTRIM(SPLIT_PART(${text}, '.', 1), '+-0')`;
}

function canonicalDecimal(text: string, scale: number): string {
  const whole = wholeDigits(text);
  const fraction = `RPAD(SPLIT_PART(${text}, '.', 2), ${scale}, '0')`;
  const digits = scale === 0 ? whole : `${whole} || ${fraction}`;
  const sign = `CASE WHEN LEFT(${text}, 1) = '-' AND LTRIM(${digits}, '0') <> '' THEN '-' ELSE '' END`;
  const integral = `COALESCE(NULLIF(${whole}, ''), '0')`;
  return scale === 0 ? `${sign} || ${integral}` : `${sign} || ${integral} || '.' || ${fraction}`;
}

/** The point of time that a text which matches the timestamp's rule names, as TIMESTAMP in UTC. */
function utcTimestamp(text: string): string {
  const seconds = `CASE WHEN SUBSTRING(${text}, 17, 1) = ':' THEN SUBSTRING(${text}, 17, 3) ELSE ':00' END`;
  const fraction = `SPLIT_PART(SPLIT_PART(RTRIM(SPLIT_PART(${text}, '.', 2), 'Z'), '+', 1), '-', 1)`;
  const local = `CAST(LEFT(${text}, 10) || ' ' || SUBSTRING(${text}, 12, 5) || ${seconds} || '.' || LEFT(${fraction} || '000000', 6) AS TIMESTAMP)`;
  // the date has hyphens too, so the zone is looked for behind hours and minutes
  const tail = `SUBSTRING(${text}, 17)`;
  const east = `SPLIT_PART(${tail}, '+', 2)`;
  const west = `SPLIT_PART(${tail}, '-', 2)`;
  return `DATEADD(minute, CASE WHEN ${east} <> '' THEN -(${offsetMinutes(east)}) WHEN ${west} <> '' THEN ${offsetMinutes(west)} ELSE 0 END, ${local})`;
}

/** Minutes of an offset hh, hhmm or hh:mm. */
function offsetMinutes(offset: string): string {
  return `CAST(LEFT(${offset}, 2) AS INTEGER) * 60 + CASE WHEN LENGTH(${offset}) > 2 THEN CAST(RIGHT(${offset}, 2) AS INTEGER) ELSE 0 END`;
}
