import { isOperator, isWord, quote, syntaxError } from './cursor';
import type { Statement, Token } from './lexer';
import { notEmulated, RedshiftError } from './redshift-error';
import { STAND_IN_SCHEMA } from './system-objects';

/** What the session remembers of its last COPY. */
export interface CopyMemory {
  id: number;
  count: number;
}

export interface ExpressionOptions {
  readonly lastCopy: CopyMemory;
  /**
   * Whether the statement reads or writes tables: those run on compute nodes, which lack the leader node's functions.
   */
  readonly onComputeNodes: boolean;
}

const UNKNOWN_FUNCTIONS = new Set([
  'string_agg',
  'array_agg',
  'json_agg',
  'jsonb_agg',
  'json_build_object',
  'jsonb_build_object',
  'to_json',
  'to_jsonb',
  'row_to_json',
  'gen_random_uuid',
  'uuid_generate_v4',
  'unnest',
  'regexp_matches',
  'regexp_split_to_table',
  'format',
  'make_date',
  'make_interval',
  'string_to_array',
  'array_to_string',
  'array_append',
  'nextval',
  'currval',
  'setval',
  'pg_advisory_lock',
  'pg_advisory_xact_lock',
  'pg_notify',
  'pg_sleep',
]);
const LEADER_NODE_FUNCTIONS = new Set([
  'generate_series',
  'now',
  'age',
  'statement_timestamp',
  'transaction_timestamp',
  'clock_timestamp',
]);
const SYSTEM_COLUMNS = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid']);
const UNKNOWN_TYPES = new Set(['json', 'jsonb', 'uuid', 'bytea', 'money', 'xml', 'regclass']);

/** Refuses what Redshift's SQL does not have, and rewrites what PostgreSQL's does not have. */
export function translate(statement: Statement, options: ExpressionOptions): string {
  const { sql, tokens } = statement;
  let translated = '';
  let copied = 0;
  for (let index = 0; index < tokens.length; index++) {
    refuse(statement, index, options);
    const replacement = replace(tokens, index, options);
    if (!replacement) continue;
    translated += sql.slice(copied, tokens[index].start) + replacement.text;
    index += replacement.tokens - 1;
    copied = tokens[index].end;
  }
  return translated + sql.slice(copied);
}

function refuse(statement: Statement, index: number, { onComputeNodes }: ExpressionOptions): void {
  const { tokens } = statement;
  const [before, token, after] = [tokens[index - 1], tokens[index], tokens[index + 1]];
  if (isOperator(token, '[') && !(before?.kind === 'word' || before?.kind === 'quoted' || isOperator(before, ']'))) {
    throw syntaxError(statement, token);
  }
  if (isOperator(token, '->') || isOperator(token, '->>')) {
    throw new RedshiftError('42883', `operator does not exist: super ${token.value} "unknown"`);
  }
  if (token.kind !== 'word' || isOperator(before, '.')) return;
  const call = isOperator(after, '(');
  if (token.value === 'array' && isOperator(after, '[')) {
    throw new RedshiftError('0A000', 'array constructors are not supported');
  }
  if (token.value === 'for' && isWord(after, 'update', 'share', 'no', 'key')) {
    throw new RedshiftError('0A000', 'SELECT FOR UPDATE/SHARE is not supported');
  }
  if (isSyntaxOfPostgresql(token, before, after)) throw syntaxError(statement, token);
  if (SYSTEM_COLUMNS.has(token.value)) throw new RedshiftError('42703', `column "${token.value}" does not exist`);
  if (call && UNKNOWN_FUNCTIONS.has(token.value)) {
    throw new RedshiftError('42883', `function ${token.value} does not exist`);
  }
  if (call && LEADER_NODE_FUNCTIONS.has(token.value) && onComputeNodes) {
    throw new RedshiftError(
      '0A000',
      'Specified types or functions (one per INFO message) not supported on Redshift tables.',
    );
  }
  if (isOperator(before, '::') && UNKNOWN_TYPES.has(token.value)) {
    throw new RedshiftError('42704', `type "${token.value}" does not exist`);
  }
  if (
    token.value === 'qualify' ||
    (call && ['listagg', 'json_parse', 'datediff'].includes(token.value)) ||
    (token.value === 'top' && isWord(before, 'select', 'distinct'))
  ) {
    throw notEmulated(token.value.toUpperCase());
  }
}

function isSyntaxOfPostgresql(token: Token, before: Token | undefined, after: Token | undefined): boolean {
  switch (token.value) {
    case 'returning':
    case 'lateral':
    case 'tablesample':
      return true;
    case 'on':
      return isWord(after, 'conflict');
    case 'distinct':
      return isWord(after, 'on');
    case 'filter':
      return isOperator(after, '(');
    case 'values':
      return isOperator(before, '('); // a list of rows as a table
    default:
      return false;
  }
}

interface Replacement {
  readonly text: string;
  /** How many tokens it stands for. */
  readonly tokens: number;
}

function replace(tokens: Token[], index: number, { lastCopy }: ExpressionOptions): Replacement | undefined {
  const token = tokens[index];
  if (token.kind === 'quoted') return { text: quote(token.value), tokens: 1 };
  if (token.kind !== 'word' || isOperator(tokens[index - 1], '.') || !isOperator(tokens[index + 1], '(')) {
    return undefined;
  }
  const empty = isOperator(tokens[index + 2], ')');
  switch (token.value) {
    case 'nvl':
      return { text: 'coalesce', tokens: 1 };
    case 'nullif':
      return { text: `${STAND_IN_SCHEMA}.null_if`, tokens: 1 };
    case 'getdate':
      return { text: `${STAND_IN_SCHEMA}.getdate`, tokens: 1 };
    case 'dateadd':
      return { text: `${STAND_IN_SCHEMA}.dateadd('${tokens[index + 2]?.value}'`, tokens: 3 };
    case 'pg_last_copy_id':
      return empty ? { text: String(lastCopy.id), tokens: 3 } : undefined;
    case 'pg_last_copy_count':
      return empty ? { text: String(lastCopy.count), tokens: 3 } : undefined;
    default:
      return undefined;
  }
}
