import { parseColumnType } from './column-types';
import { CopyStatement, parseCopy } from './copy-statement';
import { createTable } from './create-table';
import { Cursor, isOperator, isWord, quote, syntaxError, TableName } from './cursor';
import { ExpressionOptions, translate } from './expressions';
import type { CopyMemory } from './expressions';
import type { Statement } from './lexer';
import { notEmulated, RedshiftError } from './redshift-error';

/** What is done with a statement that Redshift accepts. */
export type Plan =
  /** PostgreSQL runs `sql`, after taking the lock that Redshift takes for a write on `writes`. */
  | { readonly kind: 'run'; readonly sql: string; readonly writes?: TableName }
  | { readonly kind: 'copy'; readonly copy: CopyStatement }
  /** TRUNCATE commits the transaction it is in. */
  | { readonly kind: 'truncate'; readonly sql: string }
  /** Whether quoted names keep their case, from the next text on. */
  | { readonly kind: 'caseSensitivity'; readonly on: boolean }
  /** Nothing: the setting or the maintenance has no counterpart. */
  | { readonly kind: 'acknowledge'; readonly tag: string };

/** Settings that PostgreSQL does not know. */
const SETTINGS = [
  'query_group',
  'wlm_query_slot_count',
  'enable_result_cache_for_session',
  'error_on_nondeterministic_update',
];

/** @throws RedshiftError for what Redshift refuses */
export function plan(statement: Statement, lastCopy: CopyMemory): Plan {
  const cursor = new Cursor(statement);
  const options: ExpressionOptions = { lastCopy, onComputeNodes: usesTables(statement) };
  const run = (writes?: TableName): Plan => ({ kind: 'run', sql: translate(statement, options), writes });
  const first = cursor.take();
  switch (first.kind === 'word' ? first.value : '') {
    case 'begin':
    case 'start':
    case 'commit':
    case 'end':
    case 'abort':
    case 'rollback':
      // the isolation level is the database's; a transaction cannot choose
      if (isWord(cursor.next, 'to') || isWord(cursor.next, 'isolation')) throw unsupported(statement);
      return run();
    case 'select':
      return run();
    case 'with':
      return common(statement, run);
    case 'insert': {
      cursor.word('into');
      const table = cursor.table();
      if (isWord(cursor.next, 'as')) cursor.fail();
      return run(table);
    }
    case 'update':
      return run(cursor.table());
    case 'delete': {
      if (!isWord(cursor.next, 'from')) throw notEmulated('DELETE without FROM');
      cursor.take();
      return run(cursor.table());
    }
    case 'merge':
      return merge(cursor, run);
    case 'copy':
      return { kind: 'copy', copy: parseCopy(cursor) };
    case 'lock':
      return lock(cursor);
    case 'truncate': {
      cursor.tryWord('table');
      const table = cursor.table();
      cursor.end();
      return { kind: 'truncate', sql: `TRUNCATE ${table.sql}` };
    }
    case 'create':
      return create(cursor, options, run);
    case 'alter':
      return alter(cursor);
    case 'drop':
      if (!isWord(cursor.next, 'table', 'schema', 'view')) throw unsupported(statement);
      return run();
    case 'grant':
    case 'revoke':
    case 'show':
      return run();
    case 'set':
      return set(cursor, run);
    case 'analyze':
      return { kind: 'acknowledge', tag: 'ANALYZE' };
    case 'vacuum':
      return { kind: 'acknowledge', tag: 'VACUUM' };
    case 'unload':
    case 'call':
    case 'explain':
      throw notEmulated(first.value.toUpperCase());
    case 'savepoint':
    case 'release':
    case 'listen':
    case 'notify':
    case 'do':
    case 'reindex':
    case 'cluster':
      throw unsupported(statement);
    default:
      throw syntaxError(statement, first);
  }
}

function set(cursor: Cursor, run: () => Plan): Plan {
  if (cursor.tryWord('enable_case_sensitive_identifier')) {
    if (!cursor.tryOperator('=')) cursor.word('to');
    return { kind: 'caseSensitivity', on: cursor.word('true', 'false') === 'true' };
  }
  return isWord(cursor.next, ...SETTINGS) ? { kind: 'acknowledge', tag: 'SET' } : run();
}

function unsupported({ sql }: Statement): RedshiftError {
  return new RedshiftError('0A000', `SQL command "${sql.slice(0, 120)}" not supported on Redshift tables.`);
}

/** Whether it reads or writes tables other than the catalogue's. */
function usesTables({ tokens }: Statement): boolean {
  return tokens.some(
    (token, index) =>
      isWord(token, 'from', 'into', 'join', 'update') &&
      ['word', 'quoted'].includes(tokens[index + 1]?.kind) &&
      !tokens[index + 1].value.startsWith('pg_'),
  );
}

function common(statement: Statement, run: () => Plan): Plan {
  const write = statement.tokens.find(token => isWord(token, 'insert', 'merge', 'update', 'delete'));
  if (write) throw syntaxError(statement, write);
  return run();
}

function merge(cursor: Cursor, run: (writes: TableName) => Plan): Plan {
  const singleClause = (): never => {
    throw new RedshiftError('0A000', 'MERGE statement with a single WHEN clause is not enabled.');
  };
  cursor.word('into');
  const target = cursor.table();
  cursor.word('using'); // the target takes no alias, and the source is no subquery
  cursor.table();
  if (cursor.tryWord('as')) cursor.name();
  else if (!isWord(cursor.next, 'on')) cursor.name();
  cursor.word('on');
  while (cursor.next && !isWord(cursor.next, 'when', 'remove')) cursor.take();
  if (isWord(cursor.next, 'remove')) throw notEmulated('MERGE … REMOVE DUPLICATES');
  cursor.word('when');
  if (isWord(cursor.next, 'not')) singleClause();
  cursor.word('matched');
  cursor.word('then'); // no condition
  if (!cursor.tryWord('delete')) {
    cursor.word('update');
    cursor.word('set');
    cursor.name();
    cursor.operator('='); // no table before the column
  }
  // to the WHEN that is not in a CASE
  for (let depth = 0; cursor.next && !(depth === 0 && isWord(cursor.next, 'when'));) {
    const token = cursor.take();
    if (isOperator(token, '(') || isWord(token, 'case')) depth++;
    if (isOperator(token, ')') || isWord(token, 'end')) depth--;
  }
  if (!cursor.next) singleClause();
  for (const word of ['when', 'not', 'matched', 'then', 'insert']) cursor.word(word);
  if (isOperator(cursor.next, '(')) cursor.parentheses();
  cursor.word('values');
  cursor.parentheses();
  cursor.end();
  return run(target);
}

function lock(cursor: Cursor): Plan {
  cursor.tryWord('table');
  const tables: string[] = [];
  do tables.push(cursor.table().sql);
  while (cursor.tryOperator(','));
  cursor.end(); // there is one mode only
  return { kind: 'run', sql: `LOCK TABLE ${tables.join(', ')} IN ACCESS EXCLUSIVE MODE` };
}

function create(cursor: Cursor, options: ExpressionOptions, run: () => Plan): Plan {
  cursor.tryWord('local');
  const temporary = cursor.tryWord('temp', 'temporary') !== undefined;
  if (cursor.tryWord('table')) return { kind: 'run', sql: createTable(cursor, temporary, options) };
  if (isWord(cursor.next, 'schema', 'view')) return run();
  if (
    isWord(cursor.next, 'or', 'user', 'group', 'database', 'role', 'procedure', 'function', 'external', 'materialized')
  ) {
    throw notEmulated(`CREATE ${cursor.next!.value.toUpperCase()}`);
  }
  throw unsupported(cursor.statement);
}

function alter(cursor: Cursor): Plan {
  if (!cursor.tryWord('table')) throw unsupported(cursor.statement);
  const table = cursor.table();
  if (!isWord(cursor.next, 'add')) throw notEmulated('ALTER TABLE other than ADD COLUMN');
  cursor.take();
  cursor.tryWord('column');
  const column = cursor.name();
  const type = parseColumnType(cursor, table.name, column);
  if (isWord(cursor.next, 'default')) throw notEmulated('ALTER TABLE ADD COLUMN … DEFAULT');
  cursor.end();
  return { kind: 'run', sql: `ALTER TABLE ${table.sql} ADD COLUMN ${quote(column)} ${type.sql}` };
}
