/* eslint-disable no-bitwise -- tables are indexed by a state and a byte, and hold sets as bits: this runs for every byte of the input */
// Compiles the dataset's lexical rules into tables that judge a text byte by byte. The rules stay the one source:
// nothing about a type is repeated here. It knows what the rules use of regular expressions: characters, classes,
// groups, alternatives, `?`, `*`, `+` and `{m,n}`, between ^ and $.

/** What a text can be is known by the state that its last byte leads to. */
export interface Automaton {
  /** The state that follows `state` at `byte` is `next[state << 8 | byte]`. */
  readonly next: Uint16Array;
  /**
   * For each state a bit for each pattern that matches a text that ends there: 1 for the first, 2 for the second, and
   * so on.
   */
  readonly matches: Uint8Array;
}

/** No text that gets here matches anything, whatever follows. */
export const DEAD = 0;
export const START = 1;

type Node =
  | { readonly kind: 'bytes'; readonly bytes: ReadonlySet<number> }
  | { readonly kind: 'sequence'; readonly nodes: Node[] }
  | { readonly kind: 'alternatives'; readonly nodes: Node[] }
  | { readonly kind: 'repeat'; readonly node: Node; readonly least: number; readonly most: number };

/** An automaton that tells which of the patterns match a text of ASCII characters. */
export function compile(patterns: readonly string[]): Automaton {
  const nondeterministic = new Nondeterministic();
  const starts = patterns.map((pattern, index) => {
    const { start, end } = nondeterministic.add(new PatternParser(pattern).parse());
    nondeterministic.ends.set(end, 1 << index);
    return start;
  });
  return determine(nondeterministic, starts);
}

class PatternParser {
  private position = 1;

  constructor(private readonly pattern: string) {
    if (!/^\^.*\$$/s.test(pattern)) throw new Error(`A rule must stand between ^ and $, got ${pattern}`);
  }

  parse(): Node {
    const node = this.alternatives();
    if (this.position !== this.pattern.length - 1) this.fail();
    return node;
  }

  private fail(): never {
    throw new Error(`The rule ${this.pattern} has something at ${this.position} that the compiler does not know.`);
  }

  private alternatives(): Node {
    const nodes = [this.sequence()];
    while (this.pattern[this.position] === '|') {
      this.position++;
      nodes.push(this.sequence());
    }
    return nodes.length === 1 ? nodes[0] : { kind: 'alternatives', nodes };
  }

  private sequence(): Node {
    const nodes: Node[] = [];
    while (!/[|)$]/.test(this.pattern[this.position])) nodes.push(this.repeated());
    return { kind: 'sequence', nodes };
  }

  private repeated(): Node {
    const node = this.single();
    const [text, mark, least, most] = /^(?:([?*+])|\{([0-9]+)(?:,([0-9]+))?\})?/.exec(
      this.pattern.slice(this.position),
    )!;
    this.position += text.length;
    if (text === '') return node;
    switch (mark) {
      case '?':
        return { kind: 'repeat', node, least: 0, most: 1 };
      case '*':
        return { kind: 'repeat', node, least: 0, most: Infinity };
      case '+':
        return { kind: 'repeat', node, least: 1, most: Infinity };
      default:
        return { kind: 'repeat', node, least: Number(least), most: Number(most ?? least) };
    }
  }

  private single(): Node {
    const character = this.pattern[this.position++];
    if (character === '(') {
      const node = this.alternatives();
      if (this.pattern[this.position++] !== ')') this.fail();
      return node;
    }
    if (character === '[') return { kind: 'bytes', bytes: this.characterClass() };
    if (/[\\.^*+?{}]/.test(character)) this.fail();
    return { kind: 'bytes', bytes: new Set([character.charCodeAt(0)]) };
  }

  private characterClass(): Set<number> {
    const end = this.pattern.indexOf(']', this.position);
    const text = this.pattern.slice(this.position, end);
    if (end < 0 || text === '' || /[\\^[]/.test(text)) this.fail();
    this.position = end + 1;
    const bytes = new Set<number>();
    for (let index = 0; index < text.length; index++) {
      const first = text.charCodeAt(index);
      const isRange = text[index + 1] === '-' && index + 2 < text.length;
      const last = isRange ? text.charCodeAt(index + 2) : first;
      for (let byte = first; byte <= last; byte++) bytes.add(byte);
      if (isRange) index += 2;
    }
    return bytes;
  }
}

/** States with several ways out (Thompson's construction). */
class Nondeterministic {
  readonly ends = new Map<number, number>();
  readonly steps: { readonly bytes: ReadonlySet<number>; readonly to: number }[][] = [];
  private readonly empty: number[][] = [];

  add(node: Node): { start: number; end: number } {
    const start = this.state();
    return { start, end: this.append(start, node) };
  }

  /** The states that are reached without a byte. */
  closure(states: readonly number[]): number[] {
    const reached = new Set(states);
    for (const state of reached) for (const next of this.empty[state]) reached.add(next);
    return [...reached].sort((a, b) => a - b);
  }

  private state(): number {
    this.steps.push([]);
    return this.empty.push([]) - 1;
  }

  private append(from: number, node: Node): number {
    switch (node.kind) {
      case 'bytes': {
        const to = this.state();
        this.steps[from].push({ bytes: node.bytes, to });
        return to;
      }
      case 'sequence':
        return node.nodes.reduce((state, part) => this.append(state, part), from);
      case 'alternatives': {
        const end = this.state();
        for (const part of node.nodes) {
          const start = this.state();
          this.empty[from].push(start);
          this.empty[this.append(start, part)].push(end);
        }
        return end;
      }
      case 'repeat':
        return this.appendRepeat(from, node.node, node.least, node.most);
    }
  }

  private appendRepeat(from: number, node: Node, least: number, most: number): number {
    let state = from;
    for (let count = 0; count < least; count++) state = this.append(state, node);
    const end = this.state();
    if (most === Infinity) {
      const loop = this.state();
      this.empty[state].push(loop);
      this.empty[this.append(loop, node)].push(loop);
      this.empty[loop].push(end);
      return end;
    }
    for (let count = least; count < most; count++) {
      this.empty[state].push(end);
      state = this.append(state, node);
    }
    this.empty[state].push(end);
    return end;
  }
}

/** One state for each set of states that can be reached together. */
function determine(nondeterministic: Nondeterministic, starts: number[]): Automaton {
  const sets = [[], nondeterministic.closure(starts)];
  const known = new Map(sets.map((set, index) => [set.join(), index]));
  const rows: Uint16Array[] = [new Uint16Array(256)];
  for (let index = START; index < sets.length; index++) {
    const row = new Uint16Array(256);
    const steps = sets[index].flatMap(state => nondeterministic.steps[state]);
    for (const byte of new Set(steps.flatMap(({ bytes }) => [...bytes]))) {
      const set = nondeterministic.closure(steps.filter(({ bytes }) => bytes.has(byte)).map(({ to }) => to));
      const key = set.join();
      if (!known.has(key)) known.set(key, sets.push(set) - 1);
      row[byte] = known.get(key)!;
    }
    rows.push(row);
  }
  const next = new Uint16Array(rows.length * 256);
  rows.forEach((row, index) => next.set(row, index * 256));
  const matches = Uint8Array.from(sets, set =>
    set.reduce((bits, state) => bits | (nondeterministic.ends.get(state) ?? 0), 0),
  );
  return { next, matches };
}
