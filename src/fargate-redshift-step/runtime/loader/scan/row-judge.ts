import { isUtf8 } from 'buffer';
import type { FieldRule } from './field-rules';
import type { TextForms } from './text-forms';
import { DatasetDefinition, MAX_LINE_BYTES, MAX_VALUE_BYTES, REJECTION } from '../../../../dataset/contract';

// The careful look at one line. It says what a line is; the row scanner only knows lines of which it is sure, and asks
// here about all others.

export const QUOTE = 0x22;
export const LINE_FEED = 0x0a;
export const CARRIAGE_RETURN = 0x0d;
const REPLACEMENT_CHARACTER = Buffer.from('\uFFFD');

export interface Judgement {
  /** Why the line is rejected; absent if it is a row. */
  readonly reason?: string;
  /** Whether a quoted field begins in the line and does not end in it. */
  readonly open?: boolean;
}

/** Bytes that no value has. */
export function hasForbiddenBytes(bytes: Buffer): boolean {
  return bytes.includes(0) || !isUtf8(bytes) || bytes.includes(REPLACEMENT_CHARACTER);
}

export class RowJudge {
  private readonly delimiter: number;
  private readonly malformed: string;
  private readonly patterns: (RegExp | undefined)[];
  private readonly plainPatterns: (RegExp | undefined)[];

  constructor(
    dataset: DatasetDefinition,
    private readonly rules: readonly FieldRule[],
  ) {
    this.delimiter = dataset.format.delimiter.charCodeAt(0);
    this.malformed = REJECTION.malformed(dataset);
    this.patterns = rules.map(({ pattern }) => (pattern === undefined ? undefined : new RegExp(pattern)));
    this.plainPatterns = rules.map(({ plainPattern }) =>
      plainPattern === undefined ? undefined : new RegExp(plainPattern),
    );
  }

  /**
   * Judges a line that comes without its line end and is not empty. The forms of a row's texts are added to `forms`.
   */
  judge(line: Buffer, forms: TextForms): Judgement {
    if (line.length > MAX_LINE_BYTES) return { reason: REJECTION.lineTooLong };
    const { fields, open } = splitFields(line, this.delimiter);
    if (open) return { reason: this.malformed, open };
    if (fields?.length !== this.rules.length || line.includes(CARRIAGE_RETURN) || hasForbiddenBytes(line)) {
      return { reason: this.malformed };
    }
    for (const [index, field] of fields.entries()) {
      const reason = this.problemOf(index, field);
      if (reason !== undefined) return { reason };
    }
    fields.forEach(({ bytes, quoted }, index) => forms.add(index, bytes.length, quoted, this.isPlain(index, bytes)));
    return {};
  }

  private problemOf(index: number, { bytes }: Field): string | undefined {
    const rule = this.rules[index];
    if (bytes.length === 0) return rule.required ? REJECTION.missing(rule.column) : undefined;
    if (bytes.length > rule.maxBytes) return rule.tooLong;
    const pattern = this.patterns[index];
    if (!pattern) return undefined;
    const text = bytes.toString('latin1'); // what matches is ASCII
    return pattern.test(text) ? rule.problemOf(text) : REJECTION.invalid(rule.column);
  }

  private isPlain(index: number, bytes: Buffer): boolean {
    return bytes.length === 0 || (this.plainPatterns[index]?.test(bytes.toString('latin1')) ?? true);
  }

  /**
   * Whether a row with line breaks between quotes begins at `start`: where it ends, behind its last LF. 'open' if the
   * bytes up to `end` do not show it. Undefined if there is none: a quote that was never meant to be opened must not
   * take the lines behind it along, so all fields of the row must be there, and none longer than a value may be.
   */
  recordWithLineBreaks(bytes: Buffer, start: number, end: number): number | 'open' | undefined {
    let fields = 0;
    for (let position = start; ;) {
      if (bytes[position] === QUOTE) {
        const from = position + 1;
        position = closingQuote(bytes, from, end)?.position ?? end;
        if (position - from > MAX_VALUE_BYTES) return undefined;
        if (position === end) return 'open';
        position++;
      } else {
        while (position < end && bytes[position] !== this.delimiter && bytes[position] !== LINE_FEED) {
          if (bytes[position++] === QUOTE) return undefined;
        }
      }
      fields++;
      if (bytes[position] === CARRIAGE_RETURN && bytes[position + 1] === LINE_FEED) position++;
      if (position >= end || bytes[position] === LINE_FEED) {
        return fields === this.rules.length ? Math.min(position + 1, end) : undefined;
      }
      if (bytes[position++] !== this.delimiter) return undefined;
    }
  }
}

interface Field {
  /** The value, in UTF-8. */
  readonly bytes: Buffer;
  readonly quoted: boolean;
}

/** The fields of a line; none where a quote is out of place (RFC 4180, 2.5 to 2.7). */
function splitFields(line: Buffer, delimiter: number): { fields?: Field[]; open?: boolean } {
  const fields: Field[] = [];
  for (let position = 0; ; position++) {
    let end: number;
    if (line[position] === QUOTE) {
      const closing = closingQuote(line, position + 1, line.length);
      if (!closing) return { open: true };
      const bytes = line.subarray(position + 1, closing.position);
      fields.push({
        bytes: closing.doubled ? Buffer.from(bytes.toString('latin1').replaceAll('""', '"'), 'latin1') : bytes,
        quoted: true,
      });
      end = closing.position + 1;
    } else {
      const found = line.indexOf(delimiter, position);
      end = found < 0 ? line.length : found;
      const bytes = line.subarray(position, end);
      if (bytes.includes(QUOTE)) return {};
      fields.push({ bytes, quoted: false });
    }
    if (end === line.length) return { fields };
    if (line[end] !== delimiter) return {};
    position = end;
  }
}

/** Where the quoted field ends whose text begins at `start`; two quotes stand for one. */
function closingQuote(bytes: Buffer, start: number, end: number): { position: number; doubled: boolean } | undefined {
  let doubled = false;
  for (let from = start; ;) {
    const position = bytes.indexOf(QUOTE, from);
    if (position < 0 || position >= end) return undefined;
    if (bytes[position + 1] !== QUOTE || position + 1 >= end) return { position, doubled };
    doubled = true;
    from = position + 2;
  }
}
