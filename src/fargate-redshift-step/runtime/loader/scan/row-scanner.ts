/* eslint-disable no-bitwise -- tables are indexed by a state and a byte, and hold sets as bits: this runs for every byte of the input */
import { DEAD } from './automaton';
import { CARRIAGE_RETURN, hasForbiddenBytes, LINE_FEED, QUOTE } from './row-judge';
import { EMPTY_IN_QUOTES, NOT_PLAIN, PLAIN, REQUIRED, SURE_IF_PLAIN, TEXT, VALID } from './row-plan';
import type { RowRules } from './row-rules';
import { TextForms } from './text-forms';
import { MAX_LINE_BYTES, MAX_VALUE_BYTES, REJECTION } from '../../../../dataset/contract';

const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

/** Hears of every line. The bytes are the scanner's: what is to be kept is copied at once. */
export interface LineListener {
  /** A row, without its line end. */
  row(bytes: Buffer, start: number, end: number): void;
  /** A line that is no row, without its line end. `line` counts from 1. */
  rejected(line: number, bytes: Buffer, reason: string): void;
}

/** Where in a file the lines are that a scanner gets. */
export interface ScannedPart {
  /** How many lines are before them. */
  readonly linesBefore: number;
  /** Whether they begin the file. */
  readonly first: boolean;
  /** The file was cut into parts that are scanned by themselves. */
  readonly oneOfSeveral: boolean;
}

/**
 * Judges the lines of a file, some at a time. Most lines need no more than a glance at each byte, without an object for
 * a line or a field; those of which the glance is not sure go to the RowJudge, whose word counts.
 */
export class RowScanner {
  /** Lines behind the header, the empty ones not counted. */
  rows = 0;
  rejected = 0;
  lines: number;
  /** Whether COPY must not see the file as it is, even if no line is rejected. */
  rewrite = false;
  /**
   * A quoted field goes on behind its line. Parts of a file cannot tell by themselves what that means, and stop there.
   */
  openQuote = false;

  private begun = false;
  private carriageReturns = false;
  /** The plan's, with what has been seen. */
  private readonly traits: Uint8Array;
  /** Bytes of each column's longest text. */
  private readonly longest: Int32Array;
  /** Of the lines that were looked at with care. */
  private readonly looked: TextForms;

  constructor(
    private readonly rules: RowRules,
    private readonly part: ScannedPart,
    private readonly listener?: LineListener,
  ) {
    this.traits = rules.plan.traits.slice();
    this.longest = new Int32Array(rules.fields.length);
    this.looked = new TextForms(rules.fields.length);
    this.lines = part.linesBefore;
  }

  /** The forms of all rows' texts, and perhaps of a few that were rejected. */
  get forms(): TextForms {
    const forms = new TextForms(this.longest.length);
    forms.merge(this.looked);
    const { longest, traits } = this;
    forms.merge({
      columns: forms.columns.map((_, index) => ({
        maxBytes: longest[index],
        plain: (traits[index] & NOT_PLAIN) === 0,
        emptyInQuotes: (traits[index] & EMPTY_IN_QUOTES) !== 0,
      })),
      carriageReturns: this.carriageReturns,
    });
    return forms;
  }

  /** Whether it takes no interest in further lines. */
  get stopped(): boolean {
    return this.openQuote && this.part.oneOfSeveral;
  }

  /**
   * Judges the lines in the first `end` bytes, which end with LF.
   * @param last no bytes follow
   * @returns how many bytes it has done with; the others are wanted again with more behind them
   */
  scan(bytes: Buffer, end: number, last: boolean): number {
    const suspect = hasForbiddenBytes(bytes.subarray(0, end));
    let position = this.part.first && !this.begun ? this.begin(bytes) : 0;
    while (position < end) {
      position = suspect ? this.glanceAtLine(bytes, position) : this.glance(bytes, position, end);
      if (position === end) break;
      const after = this.look(bytes, position, end, last);
      if (after < 0) return position;
      if (this.stopped) break;
      position = after;
    }
    return end;
  }

  /** A line of which only the beginning is known, because it is longer than any row. */
  tooLongLine(beginning: Buffer): void {
    this.lines++;
    const isHeader = this.part.first && this.rules.header && !this.begun;
    this.begun = true;
    if (isHeader) return;
    this.reject(beginning.subarray(0, MAX_VALUE_BYTES), REJECTION.lineTooLong);
  }

  /** Passes over the byte order mark and the header; returns where the rows begin. */
  private begin(bytes: Buffer): number {
    this.begun = true;
    if (this.rules.header) {
      this.lines++;
      return bytes.indexOf(LINE_FEED) + 1;
    }
    if (!bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)) return 0;
    this.rewrite = true; // COPY takes the mark for a part of the first value
    return BYTE_ORDER_MARK.length;
  }

  /** Bytes that no value has make only their own lines suspect. */
  private glanceAtLine(bytes: Buffer, start: number): number {
    const end = bytes.indexOf(LINE_FEED, start) + 1;
    return hasForbiddenBytes(bytes.subarray(start, end)) ? start : this.glance(bytes, start, end);
  }

  /**
   * Passes over the lines from `start` on that are rows for sure; returns where the first other one begins, or `end`.
   * The bytes end with LF, which ends every loop.
   */
  private glance(bytes: Buffer, start: number, end: number): number {
    const { listener, traits, longest } = this;
    const { next, matches, bareStart, quotedStart, maxBytes, sureBytes, delimiter } = this.rules.plan;
    const last = traits.length - 1;
    let line = start;
    while (line < end) {
      let position = line;
      let crlf = 0;
      if (bytes[position] === LINE_FEED || bytes[position] === CARRIAGE_RETURN) return line; // perhaps an empty line
      for (let index = 0; index <= last; index++) {
        const quoted = bytes[position] === QUOTE;
        let begin = position;
        let state: number;
        let following: number;
        if (quoted) {
          begin = ++position;
          state = quotedStart[index];
          for (;;) {
            while ((following = next[(state << 8) | bytes[position]]) !== DEAD) {
              state = following;
              position++;
            }
            if (bytes[position] !== QUOTE) return line;
            if (bytes[position + 1] !== QUOTE) break;
            if ((traits[index] & TEXT) === 0) return line;
            position += 2;
            begin++; // two quotes are one byte of the value
          }
          if (position === begin) traits[index] |= EMPTY_IN_QUOTES;
        } else {
          state = bareStart[index];
          while ((following = next[(state << 8) | bytes[position]]) !== DEAD) {
            state = following;
            position++;
          }
        }
        const length = position - begin;
        if (length === 0) {
          if ((traits[index] & REQUIRED) !== 0) return line;
        } else {
          const match = matches[state];
          if (length > maxBytes[index] || (match & VALID) === 0) return line;
          if (
            length > sureBytes[index] &&
            !((traits[index] & SURE_IF_PLAIN) !== 0 && (match & PLAIN) !== 0) &&
            this.rules.fields[index].problemOf(bytes.toString('latin1', begin, position)) !== undefined
          ) {
            return line;
          }
          if (length > longest[index]) longest[index] = length;
          if ((match & PLAIN) === 0) traits[index] |= NOT_PLAIN;
        }
        if (quoted) position++;
        if (index < last && bytes[position++] !== delimiter) return line;
      }
      if (bytes[position] === CARRIAGE_RETURN) {
        position++;
        crlf = 1;
        this.carriageReturns = true;
        // if COPY takes the CR of CRLF for a part of the last field, that must not become too long by it
        if (position - line > MAX_VALUE_BYTES) this.rewrite = true;
      }
      if (bytes[position] !== LINE_FEED || position - line > MAX_LINE_BYTES) return line;
      this.lines++;
      this.rows++;
      if (listener) listener.row(bytes, line, position - crlf);
      line = position + 1;
    }
    return line;
  }

  /**
   * Judges the line at `start` with care; returns where the next one begins, or -1 if more bytes are needed to tell.
   */
  private look(bytes: Buffer, start: number, end: number, last: boolean): number {
    const lineFeed = bytes.indexOf(LINE_FEED, start);
    const crlf = lineFeed > start && bytes[lineFeed - 1] === CARRIAGE_RETURN;
    const line = bytes.subarray(start, crlf ? lineFeed - 1 : lineFeed);
    if (line.length === 0) {
      // COPY passes over empty lines by itself
      this.lines++;
      if (crlf) this.rewrite = true;
      return lineFeed + 1;
    }
    const { reason, open } = this.rules.judge.judge(line, this.looked);
    if (open) {
      this.openQuote = true;
      if (this.stopped) return end;
      const behind = this.rules.judge.recordWithLineBreaks(bytes, start, end);
      if (behind === 'open' && !last && end - start <= MAX_LINE_BYTES) return -1;
      if (typeof behind === 'number') return this.rejectLines(bytes, start, behind, reason!);
    }
    this.lines++;
    if (reason !== undefined) {
      this.reject(line, reason);
    } else {
      this.rows++;
      if (crlf) this.carriageReturns = true;
      if (crlf && line.length >= MAX_VALUE_BYTES) this.rewrite = true;
      this.listener?.row(bytes, start, start + line.length);
    }
    return lineFeed + 1;
  }

  /** Rejects every line of a row with line breaks: those in the middle may look like rows, and are none. */
  private rejectLines(bytes: Buffer, start: number, end: number, reason: string): number {
    for (let position = start; position < end;) {
      const lineFeed = bytes.indexOf(LINE_FEED, position);
      const crlf = lineFeed > position && bytes[lineFeed - 1] === CARRIAGE_RETURN;
      const line = bytes.subarray(position, crlf ? lineFeed - 1 : lineFeed);
      this.lines++;
      if (line.length > 0) this.reject(line, reason);
      position = lineFeed + 1;
    }
    return end;
  }

  private reject(line: Buffer, reason: string): void {
    this.rejected++;
    this.listener?.rejected(this.lines, line, reason);
  }
}
