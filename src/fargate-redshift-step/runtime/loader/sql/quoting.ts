// Quoting for Redshift. The loader sends plain statements without parameters: DDL and COPY take none.

/** A name in double quotes, as the catalogue has it: the loader's sessions turn enable_case_sensitive_identifier on. */
export function identifier(name: string): string {
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
