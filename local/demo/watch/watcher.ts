import type { Clients } from '../clients';
import { readLedger, type LedgerContent } from '../ledger';
import type { Narrator } from '../narrator';
import type { DeployedApp } from '../pipeline';
import { ExecutionChanges } from './execution-changes';
import { LedgerChanges } from './ledger-changes';
import { LoadProgress } from './load-progress';
import { TaskChanges } from './task-changes';
import type { RunningHive } from '../../hive';

export interface Look {
  readonly content: LedgerContent;
  /** Whether anything has changed since the look before. */
  readonly changed: boolean;
}

/**
 * Looks at what a pipeline does, and tells what has changed since it looked before. The local EMR tells of its clusters
 * by itself.
 */
export class Watcher {
  private readonly ledger = new LedgerChanges();
  private readonly executions: ExecutionChanges;
  private readonly tasks: TaskChanges;
  private readonly load: LoadProgress;

  constructor(
    private readonly narrator: Narrator,
    private readonly clients: Clients,
    hive: Pick<RunningHive, 'progress'>,
    private readonly app: Pick<DeployedApp, 'ledgerTable' | 'stateMachineArn'>,
  ) {
    this.executions = new ExecutionChanges(clients.sfn, app.stateMachineArn);
    this.tasks = new TaskChanges(clients.ecs);
    this.load = new LoadProgress(hive);
  }

  public async look(): Promise<Look> {
    const content = await readLedger(this.clients.documents, this.app.ledgerTable);
    const [executions, tasks, load] = await Promise.all([
      this.executions.since(content.runs),
      this.tasks.since(),
      this.load.since(),
    ]);
    const { underWay, settled } = this.ledger.since(content);
    const lines = [...underWay, ...load, ...tasks, ...executions, ...settled]; // as causes follow each other
    for (const line of lines) this.narrator.say(line);
    return { content, changed: lines.length > 0 };
  }
}
