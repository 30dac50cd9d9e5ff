import { Token } from 'aws-cdk-lib';

/** https://docs.aws.amazon.com/redshift/latest/dg/r_names.html */
const MAX_BYTES = 127;

/**
 * The loader writes names between double quotes; Redshift folds them to lower case.
 * @throws Error if Redshift takes no such name
 */
export function validateIdentifier(what: string, name: string): void {
  if (Token.isUnresolved(name)) return;
  const bytes = Buffer.byteLength(name);
  if (bytes < 1 || bytes > MAX_BYTES) {
    throw new Error(`'${what}' must have 1 to ${MAX_BYTES} bytes of UTF-8, got ${bytes} in '${name}'.`);
  }
  if (/["'\0]/.test(name)) {
    throw new Error(
      `'${what}' must hold neither quotes nor NUL, got ${JSON.stringify(name)}. Name a table or schema without them.`,
    );
  }
}
