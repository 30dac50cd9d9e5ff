/** Environment of the arrivals function, besides LEDGER_ENV. */
export const ARRIVALS_ENV = {
  /** Absent: every key. */
  prefix: 'KEY_PREFIX',
  /** JSON array; absent: every key. */
  suffixes: 'KEY_SUFFIXES',
  /** Bytes; absent: any size. */
  minFileSize: 'MIN_FILE_SIZE',
  maxFileSize: 'MAX_FILE_SIZE',
} as const;

/** Which keys are files to load. A folder marker, which the S3 console makes for a new folder, is none. */
export function isWanted(key: string, prefix: string, suffixes: string[]): boolean {
  return (
    !key.endsWith('/') &&
    key.startsWith(prefix) &&
    (suffixes.length === 0 || suffixes.some(suffix => key.endsWith(suffix)))
  );
}

/** Why a file of this size is set aside as it arrives; undefined if it is not. */
export function sizeProblem(size: number, least: number, most: number): string | undefined {
  if (size < least) return `has ${size} bytes: the trigger takes files of ${least} bytes or more (minFileSize)`;
  if (size > most) {
    return (
      `has ${size} bytes: the trigger takes files of ${most} bytes at most (maxFileSize). Split the file, or raise ` +
      'the limit and put it back'
    );
  }
  return undefined;
}
