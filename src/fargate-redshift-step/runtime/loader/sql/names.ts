import { literal } from './quoting';
import { ConfigurationError } from '../../../../runtime/errors';

// Names are given once, and looked for in the catalogue: written as they are, else in lower case, which Redshift makes
// of all names unless enable_case_sensitive_identifier is on, else in any other case.
// https://docs.aws.amazon.com/redshift/latest/dg/r_enable_case_sensitive_identifier.html

/** The name that the loader gives to what it makes itself. */
export const newName = (name: string): string => name.toLowerCase();

/** Whether a name of the catalogue may be meant, as SQL. */
export const isAlike = (column: string, name: string): string => `LOWER(${column}) = LOWER(${literal(name)})`;

/**
 * Which of the names is meant; undefined if none is.
 * @param what it is, for the message
 * @throws ConfigurationError if several may be meant
 */
export function meantBy(what: string, name: string, names: readonly string[]): string | undefined {
  if (names.includes(name)) return name;
  if (names.includes(newName(name))) return newName(name);
  const alike = names.filter(other => newName(other) === newName(name));
  if (alike.length > 1) {
    throw new ConfigurationError(
      `The ${what} '${name}' may be any of ${alike.map(other => `"${other}"`).join(', ')}. ` +
        'Write its name exactly as one of them.',
    );
  }
  return alike[0];
}
