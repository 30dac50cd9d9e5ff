/* eslint-disable no-bitwise -- tables are indexed by a state and a byte, and hold sets as bits: this runs for every byte of the input */
import { Automaton, compile, START } from './automaton';
import type { FieldRule } from './field-rules';
import { CARRIAGE_RETURN, LINE_FEED, QUOTE } from './row-judge';

/** Bits of `matches`. */
export const VALID = 1;
export const PLAIN = 2;

/** Bits of `traits`. */
export const TEXT = 1;
export const REQUIRED = 2;
export const SURE_IF_PLAIN = 4;
/** Seen by a scanner: `""`. */
export const EMPTY_IN_QUOTES = 8;
/** Seen by a scanner: a text that is not plain. */
export const NOT_PLAIN = 16;

/**
 * The columns' rules as flat tables: one transition for each byte, whatever the column is. All arrays but the first two
 * have an element for each column.
 */
export interface RowPlan {
  /** The automata of all columns, one behind the other. State 0 is dead in all of them. */
  readonly next: Uint16Array;
  readonly matches: Uint8Array;
  /** First state of a field without and between quotes. */
  readonly bareStart: Uint16Array;
  readonly quotedStart: Uint16Array;
  readonly maxBytes: Int32Array;
  readonly sureBytes: Int32Array;
  readonly traits: Uint8Array;
  readonly delimiter: number;
}

const MAX_STATES = 0x10000;

export function rowPlan(rules: readonly FieldRule[], delimiter: number): RowPlan {
  const states = new States();
  const automata = new Map<string, Automaton>();
  const bareText = states.add('bare text', () => textUpTo([delimiter, QUOTE, LINE_FEED, CARRIAGE_RETURN]));
  const quotedText = states.add('quoted text', () => textUpTo([QUOTE, LINE_FEED, CARRIAGE_RETURN]));
  const starts = rules.map(({ pattern, plainPattern }) => {
    if (pattern === undefined) return { bare: bareText, quoted: quotedText };
    const patterns = [pattern, plainPattern ?? pattern];
    const key = patterns.join(' ');
    const automaton = automata.get(key) ?? compile(patterns);
    automata.set(key, automaton);
    const quoted = states.add(key, () => automaton);
    const hasDelimiter = automaton.next.some((state, index) => state !== 0 && (index & 0xff) === delimiter);
    return {
      bare: hasDelimiter ? states.add(`${key} up to the delimiter`, () => endingAt(automaton, delimiter)) : quoted,
      quoted,
    };
  });
  const most = 0x7fffffff;
  return {
    ...states.tables(),
    bareStart: Uint16Array.from(starts, ({ bare }) => bare),
    quotedStart: Uint16Array.from(starts, ({ quoted }) => quoted),
    maxBytes: Int32Array.from(rules, rule => rule.maxBytes),
    sureBytes: Int32Array.from(rules, rule => Math.min(most, rule.sureBytes)),
    traits: Uint8Array.from(
      rules,
      ({ pattern, required, sureIfPlain }) =>
        (pattern === undefined ? TEXT : 0) | (required ? REQUIRED : 0) | (sureIfPlain ? SURE_IF_PLAIN : 0),
    ),
    delimiter,
  };
}

/** Any bytes but these. */
function textUpTo(ends: number[]): Automaton {
  const next = new Uint16Array(2 * 256).fill(START, 256);
  for (const byte of ends) next[(START << 8) | byte] = 0;
  return { next, matches: Uint8Array.of(0, VALID | PLAIN) };
}

/** The delimiter ends a field without quotes, even if the rule has that character. */
function endingAt({ next, matches }: Automaton, delimiter: number): Automaton {
  const bare = next.slice();
  for (let state = START; state < matches.length; state++) bare[(state << 8) | delimiter] = 0;
  return { next: bare, matches };
}

/** Puts automata behind each other. */
class States {
  private readonly automata: Automaton[] = [];
  private readonly starts = new Map<string, number>();
  private count = 1;

  /** Adds an automaton, unless there is one of that name; returns its first state. */
  add(name: string, make: () => Automaton): number {
    const known = this.starts.get(name);
    if (known !== undefined) return known;
    const automaton = make();
    const added = automaton.matches.length - 1;
    // no room: without a state that leads on, such fields are looked at with care, which only takes longer
    if (this.count + added > MAX_STATES) return 0;
    const start = this.count;
    this.count += added;
    this.automata.push(automaton);
    this.starts.set(name, start);
    return start;
  }

  tables(): { next: Uint16Array; matches: Uint8Array } {
    const next = new Uint16Array(this.count * 256);
    const matches = new Uint8Array(this.count);
    let first = 1;
    for (const automaton of this.automata) {
      const shift = first - START;
      automaton.next.subarray(256).forEach((state, index) => {
        next[first * 256 + index] = state === 0 ? 0 : state + shift;
      });
      matches.set(automaton.matches.subarray(START), first);
      first += automaton.matches.length - 1;
    }
    return { next, matches };
  }
}
