import { RedshiftError } from './redshift-error';

export type TokenKind = 'word' | 'quoted' | 'string' | 'number' | 'operator';

export interface Token {
  readonly kind: TokenKind;
  /**
   * A word in lower case, a string or quoted name without its quotes (in lower case unless case counts), an operator as
   * it is.
   */
  readonly value: string;
  /** Where it stands in the statement. */
  readonly start: number;
  readonly end: number;
}

export interface Statement {
  readonly sql: string;
  readonly tokens: Token[];
}

const SKIPPED = /(?:\s+|--[^\n]*|\/\*[\s\S]*?\*\/)*/y;
const TOKENS: { kind: TokenKind; pattern: RegExp }[] = [
  { kind: 'word', pattern: /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y },
  { kind: 'string', pattern: /'(?:[^'\\]|''|\\[\s\S])*'/y }, // a backslash escapes, as on Redshift
  { kind: 'quoted', pattern: /"(?:[^"]|"")*"/y },
  { kind: 'number', pattern: /(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?/y },
  { kind: 'operator', pattern: /::|<>|!=|<=|>=|\|\||->>|->|[^\s'"]/y },
];

/**
 * Splits a text into its statements.
 * @param caseSensitive whether quoted names keep their case: enable_case_sensitive_identifier
 */
export function parseStatements(text: string, caseSensitive = false): Statement[] {
  const statements: Statement[] = [];
  let tokens: Token[] = [];
  const finish = (): void => {
    if (tokens.length === 0) return;
    const origin = tokens[0].start;
    statements.push({
      sql: text.slice(origin, tokens[tokens.length - 1].end),
      tokens: tokens.map(token => ({ ...token, start: token.start - origin, end: token.end - origin })),
    });
    tokens = [];
  };
  for (const token of tokenize(text, caseSensitive)) {
    if (token.kind === 'operator' && token.value === ';') finish();
    else tokens.push(token);
  }
  finish();
  return statements;
}

function* tokenize(text: string, caseSensitive: boolean): Generator<Token> {
  for (let position = skip(text, 0); position < text.length;) {
    const token = tokenAt(text, position, caseSensitive);
    yield token;
    position = skip(text, token.end);
  }
}

function skip(text: string, position: number): number {
  SKIPPED.lastIndex = position;
  SKIPPED.exec(text);
  return SKIPPED.lastIndex;
}

function tokenAt(text: string, start: number, caseSensitive: boolean): Token {
  for (const { kind, pattern } of TOKENS) {
    pattern.lastIndex = start;
    const match = pattern.exec(text);
    if (match) return { kind, value: valueOf(kind, match[0], caseSensitive), start, end: start + match[0].length };
  }
  throw new RedshiftError('42601', `unterminated quoted string at or near "${text.slice(start, start + 20)}"`);
}

function valueOf(kind: TokenKind, text: string, caseSensitive: boolean): string {
  switch (kind) {
    case 'word':
      return text.toLowerCase();
    case 'string':
      return text.slice(1, -1).replace(/''|\\([\s\S])/g, (pair, escaped) => escaped ?? pair[0]);
    case 'quoted': {
      const name = text.slice(1, -1).replaceAll('""', '"');
      return caseSensitive ? name : name.toLowerCase();
    }
    default:
      return text;
  }
}
