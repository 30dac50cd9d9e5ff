import { Token } from 'aws-cdk-lib';

/**
 * A string literal of HiveQL. Only what is harmless in every place that reads a script stands as it is: Hive's command
 * line splits it at semicolons and miscounts quotes of the other kind, `<` begins the placeholders of the run, and `${`
 * a parameter of CloudFormation's.
 */
export function hiveLiteral(text: string): string {
  // a token becomes a name that AWS checks, of letters, digits and `_-.`
  if (Token.isUnresolved(text)) return `'${text}'`;
  return `'${escapeHive(text)}'`;
}

/** Text as it stands between the quotes of a literal. */
export function escapeHive(text: string): string {
  return text.replace(/[^ !#-&(-:=-[\]-~]|\$(?=\{)/g, character => {
    if (character === '\\') return '\\\\';
    // a character above U+FFFF is two of these, as in Java
    return character
      .split('')
      .map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join('');
  });
}
