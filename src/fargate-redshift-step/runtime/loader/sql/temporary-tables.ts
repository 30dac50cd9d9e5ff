/**
 * Temporary tables hide those of the same name, so they must have another one than the target. They live as long as the
 * session.
 */
export interface TemporaryTables {
  /** The rows as COPY loads them: a text for each column. */
  readonly staged: string;
  /** One row of the target's types for each key, where the staged ones cannot be written as they are. */
  readonly latest: string;
  /** The keys that several staged rows have. */
  readonly repeatedKeys: string;
}

export function temporaryTables(targetTable: string): TemporaryTables {
  const other = (name: string): string => (name === targetTable.toLowerCase() ? `${name}_of_run` : name);
  return {
    staged: other('etl_staged_rows'),
    latest: other('etl_latest_rows'),
    repeatedKeys: other('etl_repeated_keys'),
  };
}
