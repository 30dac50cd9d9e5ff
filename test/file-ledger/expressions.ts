/** Evaluates the few DynamoDB expressions that the ledger uses, as strictly as DynamoDB: anything else throws. */

export type Item = Record<string, unknown>;

export interface Expressions {
  readonly UpdateExpression?: string;
  readonly ConditionExpression?: string;
  readonly KeyConditionExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, unknown>;
}

/** Whether the condition holds for the item; no condition always holds. */
export function holds(item: Item | undefined, expression: string | undefined, input: Expressions): boolean {
  return expression === undefined || new Condition(item ?? {}, expression, input).evaluate();
}

/** The item after the update. */
export function updated(item: Item, input: Expressions): Item {
  const next = structuredClone(item);
  const { UpdateExpression: expression = '' } = input;
  const clauses = expression
    .split(/\b(SET|REMOVE|ADD|DELETE)\b/)
    .slice(1)
    .map(text => text.trim());
  for (let index = 0; index < clauses.length; index += 2) {
    for (const action of clauses[index + 1].split(',').map(text => text.trim())) {
      applyAction(next, clauses[index], action, input);
    }
  }
  return next;
}

/** DynamoDB refuses names and values that an input defines but no expression uses, and the other way round. */
export function checkPlaceholders(input: Expressions): void {
  const text = [input.UpdateExpression, input.ConditionExpression, input.KeyConditionExpression].join(' ');
  const used = (pattern: RegExp) => [...new Set(text.match(pattern) ?? [])].sort().join();
  const defined = (names: object | undefined) =>
    Object.keys(names ?? {})
      .sort()
      .join();
  if (used(/#\w+/g) !== defined(input.ExpressionAttributeNames)) {
    throw new Error(`Names used: ${used(/#\w+/g)}; defined: ${defined(input.ExpressionAttributeNames)}`);
  }
  if (used(/:\w+/g) !== defined(input.ExpressionAttributeValues)) {
    throw new Error(`Values used: ${used(/:\w+/g)}; defined: ${defined(input.ExpressionAttributeValues)}`);
  }
  if (/(^|[\s(,])(?!SET|REMOVE|ADD|DELETE|AND|OR|size|contains|attribute_not_exists)[A-Za-z]\w*/.test(text)) {
    throw new Error(`Every attribute needs a placeholder: ${text}`);
  }
}

function applyAction(item: Item, clause: string, action: string, input: Expressions): void {
  const [, placeholder, , value] = /^(#\w+)(\s*=\s*|\s*)(:\w+)?$/.exec(action) ?? fail(`${clause} ${action}`);
  const name = input.ExpressionAttributeNames![placeholder];
  const operand = value === undefined ? undefined : input.ExpressionAttributeValues![value];
  const members = item[name] as Set<string> | undefined;
  switch (clause) {
    case 'SET':
      item[name] = operand;
      return;
    case 'REMOVE':
      delete item[name];
      return;
    case 'ADD':
      item[name] = new Set([...(members ?? []), ...(operand as Set<string>)]);
      return;
    case 'DELETE':
      for (const member of operand as Set<string>) members?.delete(member);
      if (members?.size === 0) delete item[name]; // DynamoDB has no empty sets
      return;
    default:
      fail(`${clause} ${action}`);
  }
}

class Condition {
  private readonly tokens: string[];

  constructor(
    private readonly item: Item,
    private readonly text: string,
    private readonly input: Expressions,
  ) {
    this.tokens = text.match(/[(),]|=|<|>|\w+|#\w+|:\w+/g) ?? [];
  }

  public evaluate(): boolean {
    const value = this.or();
    if (this.tokens.length > 0) fail(this.text);
    return value;
  }

  private or(): boolean {
    let value = this.and();
    while (this.accept('OR')) value = this.and() || value;
    return value;
  }

  private and(): boolean {
    let value = this.term();
    while (this.accept('AND')) value = this.term() && value;
    return value;
  }

  private term(): boolean {
    if (this.accept('(')) {
      const value = this.or();
      this.expect(')');
      return value;
    }
    if (this.accept('attribute_not_exists')) return this.call(1)[0] === undefined;
    if (this.accept('contains')) {
      const [members, member] = this.call(2);
      return (members as Set<unknown> | undefined)?.has(member) ?? false;
    }
    if (this.accept('size')) {
      const [members] = this.call(1);
      this.expect('<');
      const most = this.operand() as number;
      return members !== undefined && (members as Set<unknown>).size < most;
    }
    const left = this.operand();
    if (this.accept('>')) return left !== undefined && (left as string) > (this.operand() as string);
    this.expect('=');
    const right = this.operand();
    return left !== undefined && left === right;
  }

  private call(operands: number): unknown[] {
    this.expect('(');
    const values = [this.operand()];
    while (values.length < operands) {
      this.expect(',');
      values.push(this.operand());
    }
    this.expect(')');
    return values;
  }

  private operand(): unknown {
    const token = this.tokens.shift() ?? fail(this.text);
    if (token.startsWith('#')) return this.item[this.input.ExpressionAttributeNames![token]];
    if (token.startsWith(':')) return this.input.ExpressionAttributeValues![token];
    return fail(this.text);
  }

  private accept(token: string): boolean {
    if (this.tokens[0] !== token) return false;
    this.tokens.shift();
    return true;
  }

  private expect(token: string): void {
    if (!this.accept(token)) fail(this.text);
  }
}

function fail(text: string): never {
  throw new Error(`The fake does not know this expression: ${text}`);
}
