import type { Clients } from '../clients';
import { readLedger, type LedgerContent } from '../ledger';
import type { Narrator } from '../narrator';
import type { DeployedApp } from '../pipeline';
import { ExecutionChanges } from './execution-changes';
import { LedgerChanges } from './ledger-changes';
import { TaskChanges } from './task-changes';

export interface Look {
  readonly content: LedgerContent;
  /** Whether anything has changed since the look before. */
  readonly changed: boolean;
}

/** Looks at what a pipeline does, and tells what has changed since it looked before. The local EMR tells of its clusters by itself. */
export class Watcher {
  private readonly ledger = new LedgerChanges();
  private readonly executions: ExecutionChanges;
  private readonly tasks: TaskChanges;

  constructor(
    private readonly narrator: Narrator, private readonly clients: Clients, private readonly app: Pick<DeployedApp, 'ledgerTable' | 'stateMachineArn'>,
  ) {
    this.executions = new ExecutionChanges(clients.sfn, app.stateMachineArn);
    this.tasks = new TaskChanges(clients.ecs);
  }

  public async look(): Promise<Look> {
    const content = await readLedger(this.clients.documents, this.app.ledgerTable);
    const [executions, tasks] = await Promise.all([this.executions.since(content.runs), this.tasks.since()]);
    const { underWay, settled } = this.ledger.since(content);
    const lines = [...underWay, ...tasks, ...executions, ...settled]; // as causes follow each other
    for (const line of lines) this.narrator.say(line);
    return { content, changed: lines.length > 0 };
  }
}
