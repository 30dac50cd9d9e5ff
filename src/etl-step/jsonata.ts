import { Lazy, Token } from 'aws-cdk-lib';

/**
 * The value as a JSONata state has to spell it to hand it on unchanged. Step Functions evaluates every string between
 * `{%` and `%}`, and refuses one that only begins or only ends so; such a string becomes an expression: a string
 * literal, whose escapes are those of JSON.
 */
export function jsonataLiteral(value: unknown): unknown {
  if (typeof value === 'string') return /^\s*\{%|%\}\s*$/.test(value) ? `{% ${JSON.stringify(value)} %}` : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Token.isUnresolved(value)) {
    return Lazy.uncachedAny({ produce: context => jsonataLiteral(context.resolve(value)) });
  }
  if (Array.isArray(value)) return value.map(jsonataLiteral);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonataLiteral(item)]));
}
