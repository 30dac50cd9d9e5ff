import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { checkPlaceholders, holds, updated, type Item } from './expressions';

export const TABLE = 'ledger';

/** The ledger's table in memory: takes the inputs of the document client, and refuses what DynamoDB would refuse. */
export class FakeTable {
  constructor(private readonly items: Map<string, Item>) {}

  public getItem({ TableName, Key, ConsistentRead }: any) {
    expectTable(TableName);
    if (!ConsistentRead) throw new Error('every decision of the ledger needs a consistent read');
    return { Item: structuredClone(this.items.get(Key.id)) };
  }

  /** @param limit items that one call answers */
  public batchGetItem({ RequestItems }: any, limit: number) {
    const [[table, { Keys, ConsistentRead }], ...others] = Object.entries<any>(RequestItems);
    expectTable(table);
    if (!ConsistentRead || others.length > 0) {
      throw new Error('every decision of the ledger needs a consistent read, of its table');
    }
    const ids = Keys.map(({ id }: any) => id);
    if (ids.length > 100 || new Set(ids).size < ids.length) {
      throw new Error('BatchGetItem takes at most 100 keys that differ');
    }
    const later = Keys.slice(limit);
    return {
      Responses: { [table]: ids.slice(0, limit).flatMap((id: string) => structuredClone(this.items.get(id)) ?? []) },
      UnprocessedKeys: later.length > 0 ? { [table]: { Keys: later, ConsistentRead } } : {},
    };
  }

  /** By id, which is as good as any order; any id may be where a scan begins, that of an item that is gone too. */
  public scan({ TableName, ExclusiveStartKey }: any, limit: number) {
    expectTable(TableName);
    const ids = [...this.items.keys()].filter(id => !ExclusiveStartKey || id > ExclusiveStartKey.id).sort();
    const page = ids.slice(0, limit);
    const LastEvaluatedKey = page.length < ids.length ? { id: page.at(-1) } : undefined;
    return { Items: page.map(id => structuredClone(this.items.get(id))), LastEvaluatedKey };
  }

  public putItem(input: any) {
    expectTable(input.TableName);
    checkPlaceholders(input);
    if (!holds(this.items.get(input.Item.id), input.ConditionExpression, input)) throw conditionFailed();
    this.items.set(input.Item.id, withoutUndefined(input.Item));
    return {};
  }

  public updateItem(input: any) {
    expectTable(input.TableName);
    checkPlaceholders(input);
    const item = this.items.get(input.Key.id);
    if (!holds(item, input.ConditionExpression, input)) throw conditionFailed();
    this.items.set(input.Key.id, updated(item ?? { ...input.Key }, input));
    // of UPDATED_OLD the attributes that the update sets
    return { Attributes: input.ReturnValues === 'UPDATED_OLD' ? structuredClone(item) : undefined };
  }

  public transactWrite({ TransactItems }: any) {
    if (TransactItems.length > 100) throw new Error(`a transaction has at most 100 items, got ${TransactItems.length}`);
    const updates = TransactItems.map(({ Update }: any) => Update);
    for (const update of updates) {
      expectTable(update.TableName);
      checkPlaceholders(update);
    }
    const held = updates.map((update: any) => holds(this.items.get(update.Key.id), update.ConditionExpression, update));
    if (held.includes(false)) {
      throw new TransactionCanceledException({
        message: 'Transaction cancelled',
        $metadata: {},
        CancellationReasons: updates.map((update: any, index: number) =>
          held[index]
            ? { Code: 'None' }
            : {
                Code: 'ConditionalCheckFailed',
                Item:
                  update.ReturnValuesOnConditionCheckFailure === 'ALL_OLD'
                    ? attributeValues(this.items.get(update.Key.id))
                    : undefined,
              },
        ),
      });
    }
    for (const update of updates) {
      this.items.set(update.Key.id, updated(this.items.get(update.Key.id) ?? { ...update.Key }, update));
    }
    return {};
  }

  /** @param index what the index shows, which may lag behind the items */
  public query(input: any, index: Iterable<Item> = this.items.values()) {
    expectTable(input.TableName);
    checkPlaceholders(input);
    if (input.IndexName !== 'waiting') throw new Error(`no index ${input.IndexName}`);
    const entries = [...index]
      .filter(item => item.waiting !== undefined && holds(item, input.KeyConditionExpression, input))
      .sort((one, other) => (one.arrived! < other.arrived! ? -1 : 1));
    const start = input.ExclusiveStartKey ? entries.findIndex(item => item.id === input.ExclusiveStartKey.id) + 1 : 0;
    if (input.Select === 'COUNT') return { Count: entries.length - start };
    const page = entries.slice(start, start + input.Limit);
    return {
      Items: structuredClone(page),
      LastEvaluatedKey: page.length === input.Limit ? { id: page.at(-1)!.id } : undefined,
    };
  }
}

function conditionFailed(): ConditionalCheckFailedException {
  return new ConditionalCheckFailedException({ message: 'The conditional request failed', $metadata: {} });
}

function expectTable(name: string): void {
  if (name !== TABLE) throw new Error(`no table ${name}`);
}

function withoutUndefined(item: Item): Item {
  return Object.fromEntries(Object.entries(structuredClone(item)).filter(([, value]) => value !== undefined));
}

/** DynamoDB's own format, which lib-dynamodb leaves errors in. */
function attributeValues(item: Item | undefined): any {
  if (!item) return undefined;
  return Object.fromEntries(
    Object.entries(item)
      .filter(([, value]) => typeof value !== 'object')
      .map(([name, value]) => [name, typeof value === 'number' ? { N: String(value) } : { S: value }]),
  );
}
