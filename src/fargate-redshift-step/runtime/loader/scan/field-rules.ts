import {
  ColumnDefinition,
  DatasetDefinition,
  FLOATING_POINT_BOUNDS,
  INTEGER_BOUNDS,
  lexicalRule,
  MAX_KEY_BYTES,
  MAX_VALUE_BYTES,
  REJECTION,
} from '../../../../dataset/contract';
import { fitOf, TargetColumn } from '../sql/target-types';

/** What is asked of the fields of one column. */
export interface FieldRule {
  readonly column: ColumnDefinition;
  readonly required: boolean;
  /** Most bytes of a value, and why a longer one is rejected. */
  readonly maxBytes: number;
  readonly tooLong: string;
  /** The dataset's lexical rule; texts have none. */
  readonly pattern?: string;
  /** Matches the texts, among those that match the rule, that SQL converts by a mere CAST. */
  readonly plainPattern?: string;
  /** In texts of so many bytes problemOf() finds nothing. */
  readonly sureBytes: number;
  /** Nor have plain texts. */
  readonly sureIfPlain: boolean;
  /**
   * Why a text that matches the rule is no value of the column, or does not fit the table's. Undefined if it is one.
   */
  problemOf(text: string): string | undefined;
}

/** The rules of the dataset's columns. `targets` are the table's columns, in the dataset's order. */
export function fieldRules(dataset: DatasetDefinition, targets: readonly TargetColumn[]): FieldRule[] {
  return dataset.columns.map((column, index) => fieldRule(column, targets[index], dataset.key.includes(column.name)));
}

function fieldRule(column: ColumnDefinition, target: TargetColumn, inKey: boolean): FieldRule {
  const ownBytes = inKey ? MAX_KEY_BYTES : MAX_VALUE_BYTES;
  const fit = fitOf(column, target)!;
  const narrow = fit.maxBytes !== undefined && fit.maxBytes < ownBytes;
  return {
    column,
    // an existing table may ask for more than the dataset does
    required: column.required || inKey || target.notNull,
    maxBytes: narrow ? fit.maxBytes! : ownBytes,
    tooLong: narrow
      ? `${REJECTION.tooLong(column, fit.maxBytes!)}, the width of the table's column`
      : REJECTION.tooLong(column, ownBytes),
    pattern: lexicalRule(column),
    plainPattern: plainPattern(column),
    problemOf: text => (outOfBounds(column, text) ? REJECTION.invalid(column) : fit.problemOf?.(text)),
    ...sureness(column, fit.sureBytes),
  };
}

/**
 * The forms that CAST is documented to take, and which most files have. It only counts for texts that match the lexical
 * rule.
 */
function plainPattern(column: ColumnDefinition): string | undefined {
  switch (column.type) {
    case 'integer':
      return '^-?[0-9]{1,19}$';
    case 'decimal':
      return `^-?[0-9]{1,${Math.max(1, column.precision! - column.scale!)}}${column.scale === 0 ? '' : `([.][0-9]{1,${column.scale}})?`}$`;
    case 'floatingPoint':
      return '^[+-]?[0-9]{1,30}([.][0-9]{0,30})?$';
    // https://docs.aws.amazon.com/redshift/latest/dg/automatic-recognition.html
    case 'timestamp':
      return '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?Z?$';
    default:
      return undefined;
  }
}

/** Which texts are in bounds without a closer look. */
function sureness(column: ColumnDefinition, fitBytes: number): { sureBytes: number; sureIfPlain: boolean } {
  switch (column.type) {
    case 'integer':
      return { sureBytes: Math.min(fitBytes, INTEGER_BOUNDS.largest.length - 1), sureIfPlain: false };
    case 'floatingPoint': // numbers without exponent are far from the bounds
    case 'timestamp':
      return { sureBytes: 0, sureIfPlain: true }; // without zone they are in the years that the rule has
    default:
      return { sureBytes: fitBytes, sureIfPlain: false };
  }
}

/** What a regular expression cannot say of a text that matches the lexical rule. */
function outOfBounds({ type }: ColumnDefinition, text: string): boolean {
  switch (type) {
    case 'integer': {
      const value = BigInt(text.replace('+', ''));
      return value < BigInt(INTEGER_BOUNDS.smallest) || value > BigInt(INTEGER_BOUNDS.largest);
    }
    case 'floatingPoint': {
      const size = Math.abs(Number(text));
      return size > FLOATING_POINT_BOUNDS.largest || (size < FLOATING_POINT_BOUNDS.smallest && size > 0);
    }
    case 'timestamp':
      return leavesTheYears(text);
    default:
      return false;
  }
}

/** Whether a timestamp's zone takes it out of the years 0001 to 9999. No zone shifts by more than a day. */
function leavesTheYears(text: string): boolean {
  const first = text.startsWith('0001-01-01');
  if (!first && !text.startsWith('9999-12-31')) return false;
  const [, hours, minutes, sign, zoneHours, zoneMinutes = '0'] = /^.{10}.(..):(..).*?(?:([+-])(..):?(..)?)?$/.exec(
    text,
  )!;
  if (!sign) return false;
  const local = Number(hours) * 60 + Number(minutes);
  const offset = Number(zoneHours) * 60 + Number(zoneMinutes);
  return first ? sign === '+' && offset > local : sign === '-' && local + offset >= 24 * 60;
}
