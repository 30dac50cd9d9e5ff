// Quoting for Redshift. The loader sends plain statements without parameters: DDL and COPY take none.

/**
 * A name in double quotes. Redshift folds quoted names to lower case too (unless enable_case_sensitive_identifier is
 * on, which the loader's sessions switch off), so the name is folded here and compares equal to what the catalogue
 * holds.
 */
export function identifier(name: string): string {
  return quoted(name.toLowerCase());
}

/** A name in double quotes as it is: the names of IAM logins keep their capitals. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text in single quotes. A backslash escapes in Redshift's literals, so it is doubled like the quote. */
export function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** A table's name with its schema. */
export function qualified(schema: string, table: string): string {
  return `${identifier(schema)}.${identifier(table)}`;
}
