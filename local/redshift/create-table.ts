import { parseColumnType } from './column-types';
import { Cursor, isOperator, isWord, quote, syntaxError } from './cursor';
import { ExpressionOptions, translate } from './expressions';
import { notEmulated, RedshiftError } from './redshift-error';

/** PostgreSQL counts a VARCHAR's characters, Redshift its bytes: constraints of this name make up for that. */
export const BYTES_CONSTRAINT = 'redshift_bytes';

interface Column {
  readonly sql: string;
  notNull: boolean;
  readonly bytes?: number;
}

/**
 * CREATE [TEMP] TABLE, from behind TABLE on. Keys are informational on Redshift, so they only make their columns NOT
 * NULL.
 */
export function createTable(cursor: Cursor, temporary: boolean, options: ExpressionOptions): string {
  let exists = '';
  if (cursor.tryWord('if')) {
    cursor.word('not');
    cursor.word('exists');
    exists = 'IF NOT EXISTS ';
  }
  const table = cursor.table();
  if (isWord(cursor.next, 'as')) throw notEmulated('CREATE TABLE AS');
  const columns = new Map<string, Column>();
  cursor.operator('(');
  do {
    if (isWord(cursor.next, 'like')) throwLike(cursor);
    if (isWord(cursor.next, 'primary', 'unique', 'foreign', 'constraint', 'check', 'exclude')) {
      tableConstraint(cursor, columns);
    } else {
      columns.set(...columnDefinition(cursor, table.name, options));
    }
  } while (cursor.tryOperator(','));
  cursor.operator(')');
  tableAttributes(cursor);
  cursor.end();
  const definitions = [...columns].map(
    ([name, { sql, notNull, bytes }]) =>
      `${quote(name)} ${sql}${notNull ? ' NOT NULL' : ''}` +
      (bytes
        ? ` CONSTRAINT ${quote(`${BYTES_CONSTRAINT}_${name}`)} CHECK (octet_length(${quote(name)}) <= ${bytes})`
        : ''),
  );
  return `CREATE ${temporary ? 'TEMP ' : ''}TABLE ${exists}${table.sql} (${definitions.join(', ')})`;
}

function throwLike(cursor: Cursor): never {
  cursor.take();
  cursor.table();
  while (cursor.tryWord('including', 'excluding')) cursor.word('defaults');
  throw notEmulated('CREATE TABLE (LIKE …)');
}

function columnDefinition(cursor: Cursor, table: string, options: ExpressionOptions): [string, Column] {
  const name = cursor.name();
  const { sql, bytes } = parseColumnType(cursor, table, name);
  let definition = sql;
  let notNull = false;
  for (;;) {
    if (cursor.tryWord('default')) {
      definition += ` DEFAULT ${defaultValue(cursor, options)}`;
    } else if (cursor.tryWord('identity')) {
      definition += identity(cursor, 'ALWAYS');
    } else if (cursor.tryWord('generated')) {
      for (const word of ['by', 'default', 'as', 'identity']) cursor.word(word);
      definition += identity(cursor, 'BY DEFAULT');
    } else if (cursor.tryWord('not')) {
      cursor.word('null');
      notNull = true;
    } else if (cursor.tryWord('primary')) {
      cursor.word('key');
      notNull = true;
    } else if (cursor.tryWord('encode')) {
      cursor.name();
    } else if (cursor.tryWord('references')) {
      reference(cursor);
    } else if (isWord(cursor.next, 'check')) {
      throw new RedshiftError('0A000', 'CHECK constraints are not supported');
    } else if (!cursor.tryWord('null', 'unique', 'distkey', 'sortkey')) {
      return [name, { sql: definition, notNull, bytes }];
    }
  }
}

const ATTRIBUTES = ['not', 'null', 'encode', 'distkey', 'sortkey', 'primary', 'unique', 'references', 'identity'];

function defaultValue(cursor: Cursor, options: ExpressionOptions): string {
  const first = cursor.next;
  while (
    cursor.next &&
    !isOperator(cursor.next, ',') &&
    !isOperator(cursor.next, ')') &&
    !isWord(cursor.next, ...ATTRIBUTES)
  ) {
    if (isOperator(cursor.next, '(')) cursor.parentheses();
    else cursor.take();
  }
  if (!first || first === cursor.next) cursor.fail();
  const { start } = first;
  const last = cursor.previous!.end;
  const tokens = cursor.statement.tokens
    .filter(token => token.start >= start && token.end <= last)
    .map(token => ({ ...token, start: token.start - start, end: token.end - start }));
  return translate({ sql: cursor.statement.sql.slice(start, last), tokens }, options);
}

function identity(cursor: Cursor, generated: string): string {
  cursor.operator('(');
  const start = cursor.integer();
  cursor.operator(',');
  const step = cursor.integer();
  cursor.operator(')');
  return ` GENERATED ${generated} AS IDENTITY (START WITH ${start} INCREMENT BY ${step})`;
}

function reference(cursor: Cursor): void {
  cursor.table();
  if (isOperator(cursor.next, '(')) cursor.parentheses();
}

function tableConstraint(cursor: Cursor, columns: Map<string, Column>): void {
  if (cursor.tryWord('constraint')) cursor.name();
  if (cursor.tryWord('primary')) {
    cursor.word('key');
    for (const name of cursor.names()) {
      const column = columns.get(name);
      if (!column) throw new RedshiftError('42703', `column "${name}" named in key does not exist`);
      column.notNull = true;
    }
  } else if (cursor.tryWord('unique')) {
    cursor.parentheses();
  } else if (cursor.tryWord('foreign')) {
    cursor.word('key');
    cursor.parentheses();
    cursor.word('references');
    reference(cursor);
  } else if (isWord(cursor.next, 'check')) {
    throw new RedshiftError('0A000', 'CHECK constraints are not supported');
  } else {
    throw syntaxError(cursor.statement, cursor.next);
  }
}

/** Distribution and sorting mean nothing to PostgreSQL. */
function tableAttributes(cursor: Cursor): void {
  for (;;) {
    if (cursor.tryWord('diststyle')) cursor.word('auto', 'even', 'key', 'all');
    else if (cursor.tryWord('distkey')) cursor.parentheses();
    else if (cursor.tryWord('compound', 'interleaved')) cursor.word('sortkey') && cursor.parentheses();
    else if (cursor.tryWord('sortkey')) cursor.tryWord('auto') ?? cursor.parentheses();
    else if (cursor.tryWord('encode')) cursor.word('auto');
    else if (cursor.tryWord('backup')) cursor.word('yes', 'no');
    else return;
  }
}
