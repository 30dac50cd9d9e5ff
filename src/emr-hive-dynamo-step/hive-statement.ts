import { escapeHive } from './hive-literal';

/**
 * Tokens of HiveQL that may hold any text, then every other character. A literal's backslash goes with the character
 * behind it.
 */
const TOKENS = /'(?:\\[\s\S]|[^'\\])*'|"(?:\\[\s\S]|[^"\\])*"|`[^`]*`|--[^\n]*|[\s\S]/g;

/**
 * A user's SELECT in a form that is the same to Hive, and harmless to all that reads the script before Hive: its
 * command line, which splits a script at semicolons and miscounts quotes, the placeholders of the run, and
 * CloudFormation.
 *
 * @throws if the text is not one SELECT
 */
export function safeStatement(what: string, text: string): string {
  const statement = (text.match(TOKENS) ?? [])
    .map(token => safeToken(what, token))
    .join('')
    .replace(/<(?=[a-z])/gi, '< ') // a comparison, not a placeholder of the run
    .trim()
    .replace(/[;\s]+$/, '');
  if (statement.includes(';')) {
    throw new Error(
      `${what} must be one SELECT, got a semicolon in the middle of it: give one statement, without SET or ` +
        'CREATE before it',
    );
  }
  if (!/^\(?\s*SELECT\b/i.test(statement)) {
    throw new Error(
      `${what} must begin with SELECT, got ${JSON.stringify(statement.slice(0, 40))}: write common table ` +
        'expressions (WITH) as subqueries in FROM',
    );
  }
  return statement
    .split('\n')
    .map(line => line.trimEnd())
    .filter(line => line !== '')
    .join('\n');
}

function safeToken(what: string, token: string): string {
  if (token.startsWith('--')) return ''; // a quote in a comment would open a literal for the command line
  if (token.length > 1 && /^['"]/.test(token)) return safeLiteral(token);
  if (token === "'" || token === '"' || token === '`') {
    throw new Error(`${what} has a quote (${token}) that is not closed`);
  }
  if (token.startsWith('`') ? /[^ !#-&(-:=-~]|\$\{/.test(token) : /[^\t\r\n -#%-~]/.test(token)) {
    throw new Error(
      `${what} has ${JSON.stringify(token)} outside of a literal, where HiveQL has no such character: put it ` +
        'between single quotes, or rename it',
    );
  }
  return token;
}

/** The same literal between single quotes; what the user has escaped stays so. */
function safeLiteral(token: string): string {
  return `'${token.slice(1, -1).replace(/\\[\s\S]|[^\\]+/g, part => (part.startsWith('\\') ? safeEscape(part) : escapeHive(part)))}'`;
}

/**
 * An escape of a character that needs none in Hive becomes that character; quotes and the like get the form that nobody
 * misreads.
 */
function safeEscape(escape: string): string {
  return /^\\[\\0-7bnrtZu%_]$/.test(escape) ? escape : escapeHive(escape[1]);
}
