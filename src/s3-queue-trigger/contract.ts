/** Environment of the arrivals function, besides LEDGER_ENV. */
export const ARRIVALS_ENV = {
  /** Absent: every key. */
  prefix: 'KEY_PREFIX',
  /** JSON array; absent: every key. */
  suffixes: 'KEY_SUFFIXES',
} as const;

/** Which keys are files to load. A folder marker, which the S3 console makes for a new folder, is none. */
export function isWanted(key: string, prefix: string, suffixes: string[]): boolean {
  return !key.endsWith('/') && key.startsWith(prefix) && (suffixes.length === 0 || suffixes.some(suffix => key.endsWith(suffix)));
}
