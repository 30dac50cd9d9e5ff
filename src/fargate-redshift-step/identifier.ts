import { Token } from 'aws-cdk-lib';

/** https://docs.aws.amazon.com/redshift/latest/dg/r_names.html */
const MAX_BYTES = 127;

/**
 * The loader writes names between double quotes, so that they may hold anything.
 * @throws Error if Redshift takes no such name
 */
export function validateIdentifier(what: string, name: string): void {
  if (Token.isUnresolved(name)) return;
  const bytes = Buffer.byteLength(name);
  if (bytes < 1 || bytes > MAX_BYTES) {
    throw new Error(`'${what}' must have 1 to ${MAX_BYTES} bytes of UTF-8, got ${bytes} in '${name}'.`);
  }
  if (name.includes('\0')) {
    throw new Error(`'${what}' must not hold the character NUL, got ${JSON.stringify(name)}. Name it without.`);
  }
}
