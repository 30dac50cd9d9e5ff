import { hiveLiteral } from './hive-literal';
import type { CsvDefinition } from '../dataset/contract';

/**
 * A Java regular expression that matches every line: its group 1 is the whole line; then two groups per field, the text
 * between the quotes of one with them, and the text of one without, both null if there is nothing; and a last one,
 * which is null if the line is not that many fields of RFC 4180.
 *
 * Quantifiers over text are possessive (`*+`): Java matches these in a loop, and others by recursion, which a long
 * field would end.
 */
export function rowPattern(format: CsvDefinition, fields: number): string {
  // CR and LF end lines, NUL is no text, and U+FFFD is what Hadoop reads in place of bytes that are no UTF-8
  const isText = '(?=[^\\r\\n\\x00\\uFFFD]*+\\r?\\z)';
  const delimiter =
    format.delimiter === ',' ? ',' : `\\x${format.delimiter.charCodeAt(0).toString(16).padStart(2, '0')}`;
  const field = `(?:"([^"]*+(?:""[^"]*+)*+)"|([^"${delimiter}\\r]++)|)`;
  return `(?s)(${isText}${Array(fields).fill(field).join(delimiter)}()\\r?|.*+)`;
}

/** Whether the line has been matched as fields. */
export const IS_WELL_FORMED = 'fields_end IS NOT NULL';

/** Whether the line holds anything; nothing at all is no row. */
export const IS_ROW = "line NOT IN ('', '\\r')";

/** Columns of the table that rowPattern() fills. */
export function rowColumns(fields: number): string[] {
  const numbers = Array.from({ length: fields }, (_, index) => index + 1);
  return ['line', ...numbers.flatMap(number => [`quoted_${number}`, `plain_${number}`]), 'fields_end'];
}

/** The text of a field; null if it is empty. */
export function fieldText(number: number): string {
  const quote = hiveLiteral('"');
  const twoQuotes = hiveLiteral('""');
  return `coalesce(plain_${number}, nullif(replace(quoted_${number}, ${twoQuotes}, ${quote}), ''))`;
}
