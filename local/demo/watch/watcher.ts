import type { Clients } from '../clients';
import type { DeployedPipeline } from '../deployed';
import { readLedger, type LedgerContent } from '../ledger';
import type { Narrator } from '../narrator';
import { ExecutionChanges, type ExecutionRecord } from './execution-changes';
import { LedgerChanges } from './ledger-changes';
import { LoadProgress, type Engines } from './load-progress';
import { TaskChanges } from './task-changes';

export interface Look {
  readonly content: LedgerContent;
  /** Whether anything has changed since the look before, or an engine has done anything. */
  readonly changed: boolean;
  /** The steps that are under way, with how far they are. */
  readonly underWay: string[];
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
    engines: Engines,
    private readonly app: Pick<DeployedPipeline, 'ledgerTable' | 'stateMachineArn' | 'steps'>,
  ) {
    this.executions = new ExecutionChanges(clients.sfn, app.stateMachineArn, app.steps);
    this.tasks = new TaskChanges(clients.ecs);
    this.load = new LoadProgress(engines, app.steps);
  }

  /** What the executions have done, as far as it has been looked at. */
  public get records(): ExecutionRecord[] {
    return this.executions.records;
  }

  public async look(): Promise<Look> {
    const content = await readLedger(this.clients.documents, this.app.ledgerTable);
    const [executions, tasks] = await Promise.all([this.executions.since(content.runs), this.tasks.since()]);
    const load = await this.load.since(this.records);
    const { underWay, settled } = this.ledger.since(content);
    const lines = [...underWay, ...load.lines, ...tasks, ...executions, ...settled]; // as causes follow each other
    for (const line of lines) this.narrator.say(line);
    return { content, changed: load.moved || lines.length > 0, underWay: load.underWay };
  }
}
