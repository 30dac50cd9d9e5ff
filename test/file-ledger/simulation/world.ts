import { Executions, executionArnOf, type End, type Execution } from './executions';
import type { Functions } from './functions';
import { ObjectStore } from './object-store';
import { Processes, type Fault, type Process } from './processes';
import type { AwsCall } from './protocols';
import { randomFrom, type Random } from './random';
import { LaggingTable } from './lagging-table';
import { TASK_ARGUMENTS, Tasks } from './tasks';
import type { StagedFiles } from '../../../src/etl-pipeline/contract';
import { CONTRACT_VERSION, ERROR, resultKey, stagedFilesKey } from '../../../src/etl-step/contract';
import { LOADER_EXIT } from '../../../src/fargate-redshift-step/contract';
import { filesKey, SLOTS_ID, type ExecutionInput, type FileItem, type LedgerFile, type RunItem, type SlotsItem } from '../../../src/file-ledger/contract';

export interface Settings {
  readonly maxFiles: number;
  readonly maxExecutions: number;
  readonly maxAttempts: number;
  readonly pauseAfter: number;
}

/** How an attempt is to end, and how long its load takes. */
export interface Plan extends End {
  readonly ticks: number;
}

/** What happens around the functions. A tick is a minute: the sweep's schedule. */
export interface Scenario {
  readonly name: string;
  readonly settings?: Partial<Settings>;
  /** Of the order in which calls take effect, and of what lags. */
  readonly seed?: number;
  /** Messages of a batch; a tick's batches are delivered side by side. */
  readonly batchSize?: number;
  /** How often an execution's event is sent; 1 unless said otherwise. */
  readonly eventsOf?: (execution: string) => number;
  /** Sweeps of one tick. */
  readonly sweeps?: number;
  /** What people and producers do in that tick. */
  readonly happens: (tick: number, world: World) => void;
  /** From this tick on nothing more happens by itself. */
  readonly lastTick: number;
  /** Asked once for each attempt, when its task has begun. */
  readonly plan?: (attempt: ExecutionInput, keys: string[], world: World) => Plan;
  /** Why staging rejects a file. */
  readonly rejects?: (key: string) => string | undefined;
}

export const STEP_ID = 'ToRedshift';
const LANDING_BUCKET = 'landing';
const DEFAULTS: Settings = { maxFiles: 10, maxExecutions: 1, maxAttempts: 3, pauseAfter: 50 };
const TICK_MILLISECONDS = 60_000;
/** Lambda's time-outs. */
const LEDGER_TICKS = 3;
const STEP_TICKS = 1;
const MOST_TICKS = 80;
/** What the state machine's Retry makes of a step's function that fails. */
const MOST_CALLS_OF_STEP = 8;

/** Failures that no other attempt can mend. */
const LASTING: (string | undefined)[] = [ERROR.data, ERROR.configuration, ERROR.timeout, 'States.Timeout'];

/** What the state machine is at with an execution. */
interface Progress {
  readonly files: LedgerFile[];
  phase: 'launch' | 'load' | 'check';
  process?: Process;
  calls: number;
  job?: unknown;
  plan?: Plan;
  until?: number;
}

/** Everything around the ledger's functions: AWS, the queue, the schedule, the state machine's run through the step, people. */
export class World {
  public readonly settings: Settings;
  public readonly table: LaggingTable;
  public readonly objects = new ObjectStore();
  public readonly executions: Executions;
  public readonly tasks: Tasks;
  public readonly processes: Processes;
  /** What must never be. */
  public readonly violations: string[] = [];
  /** Loads that succeeded, in their order. */
  public readonly loads: { readonly runId: string; readonly ids: string[] }[] = [];
  /** Loads that there had been of a file when it was put back. */
  public readonly loadsBefore = new Map<string, number>();
  /** Keys that were uploaded. */
  public readonly keys: string[] = [];
  public resumes = 0;
  public tick = 0;

  private readonly random: Random;
  private readonly progress = new Map<string, Progress>();
  private queue: string[] = [];
  private events: string[] = [];
  private deliveries: { readonly process: Process; readonly messages: string[] }[] = [];

  constructor(private readonly scenario: Scenario, private readonly functions: Functions, faults: Fault[] = []) {
    this.settings = { ...DEFAULTS, ...scenario.settings };
    this.random = randomFrom(scenario.seed ?? 1);
    this.table = new LaggingTable(this.random);
    this.executions = new Executions(() => this.now() / 1000, () => this.random(4) > 0, input => this.checkStart(input));
    this.tasks = new Tasks(task => {
      if (this.executions.isRunning(task.execution)) this.violations.push(`the task of ${task.execution} is stopped while that execution runs`);
    });
    this.processes = new Processes((call, process) => this.perform(call, process), this.random, faults);
    functions.enter({ now: () => this.now(), randomBytes: size => Buffer.from(Array.from({ length: size }, () => this.random(256))), settings: this.settings });
  }

  /** Lets time pass until there is nothing left to do, and one minute more. */
  public async run(): Promise<this> {
    for (let quiet = 0; quiet < 2; quiet = this.isQuiet() ? quiet + 1 : 0) {
      if (this.tick > MOST_TICKS) {
        this.violations.push(`still busy after ${MOST_TICKS} minutes: ${this.unfinished()}`);
        break;
      }
      await this.pass();
    }
    return this;
  }

  // ---- what people and producers do

  public upload(...keys: string[]): void {
    for (const key of keys) {
      this.keys.push(key);
      const number = this.keys.length;
      const time = new Date(this.now() + number);
      this.objects.landing.set(`${LANDING_BUCKET}/${key}`, { etag: `etag-${number}`, versionId: `version-${number}`, size: 10, lastModified: time });
      this.announce(key);
    }
  }

  /** Sends the event of an object, perhaps once more. */
  public announce(...keys: string[]): void {
    for (const key of keys) {
      const { etag, versionId, lastModified } = this.objects.landing.get(`${LANDING_BUCKET}/${key}`)!;
      this.queue.push(JSON.stringify({
        Records: [{
          eventName: 'ObjectCreated:Put',
          eventTime: lastModified.toISOString(),
          s3: { bucket: { name: LANDING_BUCKET }, object: { key, eTag: etag, versionId, sequencer: `00${etag.slice(5)}` } },
        }],
      }));
    }
  }

  public abortAll(): void {
    for (const execution of this.executions.running()) this.end(execution, { status: 'ABORTED', cause: 'by an operator' });
  }

  public pause(reason: string): void {
    this.updateSlots({ UpdateExpression: 'SET #paused = :pause', ExpressionAttributeNames: { '#paused': 'paused' }, ExpressionAttributeValues: { ':pause': { reason } } });
  }

  public resume(): void {
    this.resumes++;
    this.updateSlots({ UpdateExpression: 'REMOVE #failed, #paused', ExpressionAttributeNames: { '#failed': 'failed', '#paused': 'paused' } });
  }

  /** Puts a file back, if it is done with. */
  public replay(key: string): void {
    const file = this.file(key);
    if (!file || file.status === 'PENDING' || file.status === 'CLAIMED') return;
    this.loadsBefore.set(file.id, this.loadsOf(file.id));
    this.table.perform('UpdateItem', {
      TableName: 'ledger',
      Key: { id: file.id },
      UpdateExpression: 'SET #status = :pending, #limit = :none, #waiting = :shard',
      ConditionExpression: '#runId = :seen',
      ExpressionAttributeNames: { '#status': 'status', '#limit': 'limit', '#waiting': 'waiting', '#runId': 'runId' },
      ExpressionAttributeValues: { ':pending': 'PENDING', ':none': 0, ':shard': parseInt(file.id.slice(0, 2), 16) % 8, ':seen': file.runId },
    });
  }

  // ---- what there is

  public files(): FileItem[] {
    return [...this.table.items.values()].filter(item => 'key' in item) as unknown as FileItem[];
  }

  public file(key: string): FileItem | undefined {
    return this.files().find(file => file.key === key);
  }

  public runs(): RunItem[] {
    return [...this.table.items.values()].filter(item => 'attempt' in item) as unknown as RunItem[];
  }

  public slots(): SlotsItem {
    return (this.table.items.get(SLOTS_ID) ?? { id: SLOTS_ID }) as unknown as SlotsItem;
  }

  public loadsOf(id: string): number {
    return this.loads.filter(({ ids }) => ids.includes(id)).length;
  }

  // ---- one minute

  private async pass(): Promise<void> {
    this.processes.tick = this.tick;
    this.processes.endOverdue();
    this.scenario.happens(this.tick, this);
    this.resumeIfStuck();
    this.deliver();
    for (let sweep = this.scenario.sweeps ?? 1; sweep > 0; sweep--) this.startLedger('sweep', {});
    let before: number;
    do {
      before = this.processes.log.length;
      for (const execution of this.executions.running()) this.advanceExecution(execution);
      for (const name of this.events.splice(0)) this.startLedger('advance', { detail: { name } });
      await this.processes.runUntilBlocked();
    } while (this.processes.log.length > before);
    this.takeBack();
    this.tasks.pass();
    this.table.catchUp();
    this.tick++;
  }

  private now(): number {
    return Date.parse('2026-03-01T10:00:00Z') + this.tick * TICK_MILLISECONDS;
  }

  private startLedger(name: 'arrivals' | 'advance' | 'sweep', event: unknown): Process {
    return this.processes.start(`${name} of minute ${this.tick}`, this.functions.handlers[name], event, LEDGER_TICKS);
  }

  /** The cause of a configuration failure is repaired, and whatever else is paused goes on. */
  private resumeIfStuck(): void {
    const { live, paused, failed } = this.slots();
    if (live?.size || this.tick <= this.scenario.lastTick) return;
    if (paused || (failed?.size ?? 0) >= this.settings.pauseAfter) this.resume();
  }

  private deliver(): void {
    const size = this.scenario.batchSize ?? 10;
    while (this.queue.length > 0) {
      const messages = this.queue.splice(0, size);
      const Records = messages.map((body, index) => ({ messageId: String(index), body }));
      this.deliveries.push({ messages, process: this.startLedger('arrivals', { Records }) });
    }
  }

  /** Messages of a call that failed become visible again. */
  private takeBack(): void {
    for (const { process, messages } of this.deliveries) {
      if (process.state === 'failed') this.violations.push(`${process.name} failed: ${process.error}`);
      if (process.state === 'crashed') this.queue.push(...messages);
      if (process.state === 'done') this.queue.push(...process.result.batchItemFailures.map(({ itemIdentifier }: any) => messages[itemIdentifier]));
    }
    this.deliveries = this.deliveries.filter(({ process }) => process.state === 'running');
  }

  // ---- the state machine's way through staging and the step

  private advanceExecution(execution: Execution): void {
    const { runId, attempt } = execution.input;
    const progress = this.progress.get(execution.name);
    if (!progress) return this.stage(execution);
    const { process } = progress;
    if (progress.phase === 'load') {
      if (this.tick >= progress.until!) this.finishLoad(execution, progress);
      return;
    }
    if (process?.state === 'running') return;
    if (process?.state === 'done') return this.takeAnswer(execution, progress, process.result);
    if (progress.calls++ >= MOST_CALLS_OF_STEP) return this.end(execution, { status: 'FAILED', error: 'States.TaskFailed', cause: String(process?.error) });
    progress.process = this.callStep(`${progress.phase} of ${execution.name}`, {
      contract: CONTRACT_VERSION,
      action: progress.phase,
      runId,
      attempt,
      relaunch: 0,
      executionArn: executionArnOf(execution.name),
      arguments: TASK_ARGUMENTS,
      job: progress.job,
    });
  }

  private stage(execution: Execution): void {
    const { files: { key }, runId } = execution.input;
    const files = this.objects.json<LedgerFile[]>(key)!;
    const staged: StagedFiles = this.objects.json(stagedFilesKey(runId)) ?? {
      files: [],
      rejected: files.map(file => ({ id: file.id, reason: this.scenario.rejects?.(file.key) ?? '' })).filter(({ reason }) => reason !== ''),
    };
    this.objects.work.set(stagedFilesKey(runId), JSON.stringify(staged));
    if (staged.rejected.length === files.length) return this.end(execution, { status: 'SUCCEEDED' });
    const rejected = new Set(staged.rejected.map(({ id }) => id));
    this.progress.set(execution.name, { files: files.filter(({ id }) => !rejected.has(id)), phase: 'launch', calls: 0 });
    this.advanceExecution(execution);
  }

  private takeAnswer(execution: Execution, progress: Progress, answer: any): void {
    if (answer.status === 'done') return this.end(execution, { status: 'SUCCEEDED' });
    progress.job = answer.job;
    progress.process = undefined;
    if (progress.phase === 'check') return this.advanceExecution(execution); // it has not seen the end yet
    progress.plan = this.scenario.plan?.(execution.input, progress.files.map(({ key }) => key), this) ?? { status: 'SUCCEEDED', ticks: 1 };
    progress.until = this.tick + progress.plan.ticks;
    progress.phase = 'load';
  }

  private finishLoad(execution: Execution, progress: Progress): void {
    const { runId } = execution.input;
    if (progress.plan!.status !== 'SUCCEEDED') return this.end(execution, progress.plan!); // its task runs on
    const { taskArn } = progress.job as { taskArn: string };
    const task = this.tasks.all.get(taskArn)!;
    if (task.lastStatus === 'RUNNING') {
      const result = resultKey(runId, STEP_ID);
      if (!this.objects.work.has(result)) this.loads.push({ runId, ids: progress.files.map(({ id }) => id) });
      this.objects.work.set(result, JSON.stringify({ rowsRead: 1, rowsWritten: 1, rowsRejected: 0, duplicatesDropped: 0, seconds: 1 }));
      this.tasks.exit(task, LOADER_EXIT.done);
    }
    progress.phase = 'check';
    this.advanceExecution(execution);
  }

  private end(execution: Execution, end: End): void {
    this.executions.end(execution, end);
    for (let events = this.scenario.eventsOf?.(execution.name) ?? 1; events > 0; events--) this.events.push(execution.name);
  }

  private callStep(name: string, event: unknown): Process {
    return this.processes.start(name, this.functions.handlers.step, event, STEP_TICKS);
  }

  // ---- AWS

  private perform({ service, operation, input }: AwsCall, process: Process): unknown {
    switch (service) {
      case 'dynamodb': return this.performOnTable(operation, input);
      case 's3': return this.objects.perform(operation, input);
      case 'states': return this.executions.perform(operation, input);
      case 'ecs': return this.tasks.perform(operation, input);
      case 'lambda': return this.invoke(input, process);
    }
  }

  private performOnTable(operation: string, input: any): unknown {
    if (operation === 'GetItem' || operation === 'Query') return this.table.perform(operation, input);
    const unsettled = this.runs().filter(({ status }) => status === 'RUNNING').map(({ id }) => id);
    const slots = structuredClone(this.slots());
    const output = this.table.perform(operation, input);
    for (const run of this.runs()) if (run.status !== 'RUNNING' && unsettled.includes(run.id)) this.checkSettled(run);
    this.checkSlots(slots);
    return output;
  }

  private async invoke({ FunctionName, Payload }: any, { name }: Process): Promise<unknown> {
    if (FunctionName !== 'step') throw new Error(`no function ${FunctionName}`);
    const event = JSON.parse(Payload);
    const process = this.callStep(`${event.action} of ${event.runId}-${event.attempt}, asked by ${name}`, event);
    while (process.state === 'running') await new Promise(resolve => setImmediate(resolve));
    if (process.state === 'done') return { Payload: JSON.stringify(process.result) };
    return { FunctionError: 'Unhandled', Payload: JSON.stringify({ errorType: process.error?.name ?? 'Runtime.ExitError', errorMessage: String(process.error) }) };
  }

  /** What must be true when a run becomes final. */
  private checkSettled({ id, attempt }: RunItem): void {
    if (this.executions.isRunning(`${id}-${attempt}`)) this.violations.push(`${id} is settled while ${id}-${attempt} runs`);
    const left = this.tasks.running().filter(task => task.execution.startsWith(`${id}-`));
    if (left.length > 0) this.violations.push(`${id} is settled while ${left.map(task => task.execution).join(', ')} has a task`);
    if (this.files().some(({ status, runId }) => status === 'CLAIMED' && runId === id)) this.violations.push(`${id} is settled, but not all of its files`);
  }

  /** What must be true of each change of the slots. */
  private checkSlots(before: SlotsItem): void {
    const { live = new Set(), failed = new Set(), paused } = this.slots();
    for (const id of live) {
      if (before.live?.has(id)) continue;
      if (before.paused) this.violations.push(`${id} takes a slot while the trigger is paused`);
      if ((before.failed?.size ?? 0) >= this.settings.pauseAfter) this.violations.push(`${id} takes a slot though ${before.failed!.size} runs have failed`);
      if (live.size > this.settings.maxExecutions) this.violations.push(`${id} takes slot ${live.size} of ${this.settings.maxExecutions}`);
    }
    for (const id of before.live ?? []) {
      if (live.has(id)) continue;
      const run = this.runs().find(other => other.id === id);
      const verdict = JSON.stringify({ failed: failed.has(id), anyFailed: failed.size > 0, paused: paused?.runId === id });
      const failure = run?.status !== 'SUCCEEDED';
      const configuration = run?.status === 'FAILED' && run.error === ERROR.configuration;
      const expected = JSON.stringify({ failed: failure, anyFailed: failure, paused: configuration });
      if (run && verdict !== expected) this.violations.push(`${id}, ${run.status} ${run.error}, gives its slot back with ${verdict}`);
      if (!run && this.files().some(({ runId }) => runId === id)) this.violations.push(`${id} gives its slot back, but has files and no item`);
    }
  }

  /** What must be true whenever an execution starts, whatever happened before. */
  private checkStart({ runId, attempt, files }: ExecutionInput): void {
    const running = this.executions.running();
    const list = this.objects.json<LedgerFile[]>(files.key) ?? [];
    const run = this.runs().find(({ id }) => id === runId);
    const demand = (holds: boolean, text: string) => { if (!holds) this.violations.push(`${runId}-${attempt} starts, but ${text}`); };
    demand(this.slots().live?.has(runId) ?? false, 'its run has no slot');
    demand(run?.status === 'RUNNING' && run.attempt >= attempt, `its run's item is ${JSON.stringify(run)}`);
    demand(running.length < this.settings.maxExecutions, `${running.length} others run`);
    demand(!running.some(other => other.input.runId === runId), 'another attempt of its run runs');
    demand(list.length === files.count && files.count > 0, `its list has ${list.length} files, its input says ${files.count}`);
    const limits = list.map(({ id }) => this.files().find(file => file.id === id)!.limit);
    demand(new Set(limits).size === 1 && (limits[0] === 0 || limits[0] >= files.count), `its files may travel with ${limits.join(', ')}`);
    const last = this.executions.all.get(`${runId}-${attempt - 1}`);
    const repeats = last?.end?.status === 'FAILED' && !LASTING.includes(last.end.error) && attempt <= this.settings.maxAttempts;
    demand(attempt === 1 || repeats, `the attempt before is ${last?.status} ${last?.end?.error}`);
    const taken = new Set(running.flatMap(other => this.objects.json<LedgerFile[]>(filesKey(other.input.runId))!.map(({ id }) => id)));
    demand(!list.some(({ id }) => taken.has(id)), 'one of its files is in another run');
    demand(list.every(({ id }) => this.loadsOf(id) === (this.loadsBefore.get(id) ?? 0) || this.loads.some(load => load.runId === runId)), 'one of its files is loaded already');
  }

  private isQuiet(): boolean {
    return this.tick > this.scenario.lastTick && this.unfinished() === '';
  }

  /** What still waits for somebody. */
  private unfinished(): string {
    const open = this.files().filter(({ status }) => status === 'PENDING' || status === 'CLAIMED').map(({ key, status }) => `${key} is ${status}`);
    return [
      ...this.queue.length > 0 || this.deliveries.length > 0 ? ['messages'] : [],
      ...this.events.length > 0 ? ['events'] : [],
      ...this.processes.isIdle() ? [] : ['processes'],
      ...this.executions.running().map(({ name }) => name),
      ...this.slots().live ?? [],
      ...this.slots().paused ? ['a pause'] : [],
      ...open,
    ].join(', ');
  }

  private updateSlots(update: object): void {
    this.table.perform('UpdateItem', { TableName: 'ledger', Key: { id: SLOTS_ID }, ...update });
  }
}
