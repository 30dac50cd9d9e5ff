import type { Statement, Token } from './lexer';
import { RedshiftError } from './redshift-error';

/** A table's name as it is handed on to PostgreSQL. */
export interface TableName {
  readonly name: string;
  readonly sql: string;
}

export const isWord = (token: Token | undefined, ...words: string[]): boolean =>
  token?.kind === 'word' && words.includes(token.value);
export const isOperator = (token: Token | undefined, operator: string): boolean =>
  token?.kind === 'operator' && token.value === operator;

/** A name for PostgreSQL. */
export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export function syntaxError({ sql }: Statement, token: Token | undefined): RedshiftError {
  return new RedshiftError(
    '42601',
    token ? `syntax error at or near "${sql.slice(token.start, token.end)}"` : 'syntax error at end of input',
  );
}

/** Reads a statement token by token; what does not fit is a syntax error at that token. */
export class Cursor {
  position = 0;

  constructor(readonly statement: Statement) {}

  get next(): Token | undefined {
    return this.statement.tokens[this.position];
  }

  get previous(): Token | undefined {
    return this.statement.tokens[this.position - 1];
  }

  fail(): never {
    throw syntaxError(this.statement, this.next);
  }

  take(): Token {
    const token = this.next;
    if (!token) this.fail();
    this.position++;
    return token;
  }

  tryWord(...words: string[]): string | undefined {
    return isWord(this.next, ...words) ? this.take().value : undefined;
  }

  tryOperator(operator: string): boolean {
    if (!isOperator(this.next, operator)) return false;
    this.position++;
    return true;
  }

  word(...words: string[]): string {
    return this.tryWord(...words) ?? this.fail();
  }

  operator(operator: string): void {
    if (!this.tryOperator(operator)) this.fail();
  }

  name(): string {
    if (this.next?.kind !== 'word' && this.next?.kind !== 'quoted') this.fail();
    return this.take().value;
  }

  string(): string {
    if (this.next?.kind !== 'string') this.fail();
    return this.take().value;
  }

  integer(): number {
    if (this.next?.kind !== 'number' || !/^[0-9]+$/.test(this.next.value)) this.fail();
    return Number(this.take().value);
  }

  table(): TableName {
    const parts = [this.name()];
    while (this.tryOperator('.')) parts.push(this.name());
    return { name: parts[parts.length - 1], sql: parts.slice(-2).map(quote).join('.') };
  }

  /** Passes over a pair of parentheses and what is in them. */
  parentheses(): void {
    this.operator('(');
    for (let depth = 1; depth > 0;) {
      const token = this.take();
      if (isOperator(token, '(')) depth++;
      if (isOperator(token, ')')) depth--;
    }
  }

  /** Names in parentheses. */
  names(): string[] {
    const names: string[] = [];
    this.operator('(');
    do names.push(this.name());
    while (this.tryOperator(','));
    this.operator(')');
    return names;
  }

  end(): void {
    if (this.next) this.fail();
  }
}
