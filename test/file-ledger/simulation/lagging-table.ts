import type { Random } from './random';
import type { Item } from '../expressions';
import { FakeTable } from '../fake-table';

/** Most writes by which the index may be behind. */
const LONGEST_LAG = 6;

/** DynamoDB's limit for one BatchGetItem. */
const MOST_ITEMS = 100;

/** The ledger's table, whose index shows each write a little later, and never after the tick that follows it. */
export class LaggingTable {
  public readonly items = new Map<string, Item>();
  private readonly table = new FakeTable(this.items);
  private readonly index = new Map<string, Item>();
  private changes: { readonly id: string; readonly item: Item | undefined; readonly due: number }[] = [];
  private writes = 0;

  constructor(private readonly random: Random) {}

  public perform(operation: string, input: any): unknown {
    switch (operation) {
      case 'GetItem':
        return this.table.getItem(input);
      case 'BatchGetItem':
        return this.table.batchGetItem(input, MOST_ITEMS);
      case 'Query':
        return this.table.query(input, this.shown());
      case 'PutItem':
        return this.write([input.Item.id], () => this.table.putItem(input));
      case 'UpdateItem':
        return this.write([input.Key.id], () => this.table.updateItem(input));
      case 'TransactWriteItems':
        return this.write(
          input.TransactItems.map(({ Update }: any) => Update.Key.id),
          () => this.table.transactWrite(input),
        );
      default:
        throw new Error(`the table does not know ${operation}`);
    }
  }

  public catchUp(): void {
    this.show(this.changes);
    this.changes = [];
  }

  private write(ids: string[], act: () => unknown): unknown {
    const output = act();
    this.writes++;
    for (const id of ids) {
      const earlier = this.changes.filter(change => change.id === id).map(change => change.due);
      this.changes.push({
        id,
        item: structuredClone(this.items.get(id)),
        due: Math.max(this.writes + this.random(LONGEST_LAG + 1), ...earlier),
      });
    }
    return output;
  }

  private shown(): Iterable<Item> {
    const due = this.changes.filter(change => change.due <= this.writes);
    this.changes = this.changes.filter(change => change.due > this.writes);
    this.show(due);
    return this.index.values();
  }

  private show(changes: typeof this.changes): void {
    for (const { id, item } of changes) {
      if (item) this.index.set(id, item);
    }
  }
}
