/** Lines of HiveQL below the first one moved to the right, to stand inside of other lines. */
export function indent(text: string, spaces: number): string {
  return text.replaceAll('\n', `\n${' '.repeat(spaces)}`);
}

/** A list of expressions, each on a line of its own. */
export function lines(expressions: string[], spaces: number): string {
  return expressions.map(expression => indent(expression, spaces)).join(`,\n${' '.repeat(spaces)}`);
}
