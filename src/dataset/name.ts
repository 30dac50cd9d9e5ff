import { Token } from 'aws-cdk-lib';

/** Redshift's identifiers are the shortest: 127 bytes. */
const LONGEST_NAME = 127;

/** Throws unless a name is one that both targets' engines take as it is. */
export function checkName(what: string, name: string): void {
  if (Token.isUnresolved(name)) {
    throw new Error(`${what} must be known when the app is synthesized, got a token: give the text itself`);
  }
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw new Error(
      `${what} must have letters (A to Z), digits and underscores only and not begin with a digit, got ` +
        `${JSON.stringify(name)}`,
    );
  }
  if (name.length > LONGEST_NAME) {
    throw new Error(`${what} must have at most ${LONGEST_NAME} characters, got ${name.length}: ${name}`);
  }
}
