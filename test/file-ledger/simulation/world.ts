import { Executions } from './executions';
import type { Functions } from './functions';
import { Invariants } from './invariants';
import { LaggingTable } from './lagging-table';
import { ObjectStore } from './object-store';
import { Processes, type Fault, type Process } from './processes';
import type { AwsCall } from './protocols';
import { randomFrom, type Random } from './random';
import type { Scenario, Settings } from './scenario';
import { StateMachine } from './state-machine';
import { Tasks } from './tasks';
import { SLOTS_ID, type FileItem, type RunItem, type SlotsItem } from '../../../src/file-ledger/contract';
import type { OperatorRequest } from '../../../src/operator/contract';
import { LANDING_BUCKET } from '../fake-aws';

const DEFAULTS: Settings = { maxFiles: 10, maxExecutions: 1, maxAttempts: 3, pauseAfter: 50 };
const TICK_MILLISECONDS = 60_000;
/** Lambda's time-outs. */
const LEDGER_TICKS = 3;
const STEP_TICKS = 1;
const MOST_TICKS = 80;

/** Everything around the ledger's functions: AWS, the queue, the schedule, the state machine, people. */
export class World {
  public readonly settings: Settings;
  public readonly table: LaggingTable;
  public readonly objects = new ObjectStore();
  public readonly executions: Executions;
  public readonly tasks: Tasks;
  public readonly processes: Processes;
  public readonly invariants = new Invariants(this);
  /** Loads that succeeded, in their order. */
  public readonly loads: { readonly runId: string; readonly ids: string[] }[] = [];
  /** Loads that there had been of a file when it was put back. */
  public readonly loadsBefore = new Map<string, number>();
  /** Keys that were uploaded. */
  public readonly keys: string[] = [];
  /** Executions whose end is to be told. */
  public readonly events: string[] = [];
  public resumes = 0;
  public tick = 0;

  private readonly random: Random;
  private readonly stateMachine: StateMachine;
  private queue: string[] = [];
  /** Requests to the operator function, until they are answered. */
  private requests: { readonly payload: OperatorRequest; readonly process: Process }[] = [];
  private deliveries: { readonly process: Process; readonly messages: string[] }[] = [];

  constructor(
    private readonly scenario: Scenario,
    private readonly functions: Functions,
    faults: Fault[] = [],
  ) {
    this.settings = { ...DEFAULTS, ...scenario.settings };
    this.stateMachine = new StateMachine(this, scenario);
    this.random = randomFrom(scenario.seed ?? 1);
    this.table = new LaggingTable(this.random);
    this.executions = new Executions(
      () => this.now() / 1000,
      () => this.random(4) > 0,
      input => this.invariants.checkStart(input),
    );
    this.tasks = new Tasks(task => this.invariants.checkStop(task));
    this.processes = new Processes((call, process) => this.perform(call, process), this.random, faults);
    functions.enter({
      now: () => this.now(),
      randomBytes: size => Buffer.from(Array.from({ length: size }, () => this.random(256))),
      settings: this.settings,
    });
  }

  /** Lets time pass until there is nothing left to do, and one minute more. */
  public async run(): Promise<this> {
    for (let quiet = 0; quiet < 2; quiet = this.isQuiet() ? quiet + 1 : 0) {
      if (this.tick > MOST_TICKS) {
        this.invariants.violate(`still busy after ${MOST_TICKS} minutes: ${this.unfinished()}`);
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
      this.objects.landing.set(`${LANDING_BUCKET}/${key}`, {
        etag: `etag-${number}`,
        versionId: `version-${number}`,
        size: 10,
        lastModified: time,
      });
      this.announce(key);
    }
  }

  /** Sends the event of an object, perhaps once more. */
  public announce(...keys: string[]): void {
    for (const key of keys) {
      const { etag, versionId, lastModified } = this.objects.landing.get(`${LANDING_BUCKET}/${key}`)!;
      this.queue.push(
        JSON.stringify({
          Records: [
            {
              eventName: 'ObjectCreated:Put',
              eventTime: lastModified.toISOString(),
              s3: {
                bucket: { name: LANDING_BUCKET },
                object: { key, eTag: etag, versionId, sequencer: `00${etag.slice(5)}` },
              },
            },
          ],
        }),
      );
    }
  }

  public abortAll(): void {
    for (const execution of this.executions.running()) {
      this.stateMachine.end(execution, { status: 'ABORTED', cause: 'by an operator' });
    }
  }

  public pause(reason: string): void {
    this.operate({ operation: 'pause', reason });
  }

  public resume(): void {
    this.resumes++;
    this.operate({ operation: 'resume' });
  }

  /** Puts a file back, if it is done with. */
  public replay(key: string): void {
    const file = this.file(key);
    if (!file || file.status === 'PENDING' || file.status === 'CLAIMED') return;
    this.operate({ operation: 'putBack', fileIds: [file.id] });
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
      for (const execution of this.executions.running()) this.stateMachine.advance(execution);
      for (const name of this.events.splice(0)) this.startLedger('advance', { detail: { name } });
      await this.processes.runUntilBlocked();
    } while (this.processes.log.length > before);
    this.takeBack();
    this.askAgain();
    this.tasks.pass();
    this.table.catchUp();
    this.tick++;
  }

  private now(): number {
    return Date.parse('2026-03-01T10:00:00Z') + this.tick * TICK_MILLISECONDS;
  }

  private startLedger(name: 'arrivals' | 'advance' | 'sweep' | 'operator', event: unknown): Process {
    return this.processes.start(`${name} of minute ${this.tick}`, this.functions.handlers[name], event, LEDGER_TICKS);
  }

  /** The cause of a configuration failure is repaired, and whatever else is paused goes on. */
  private resumeIfStuck(): void {
    const { live, paused, failed } = this.slots();
    if (live?.size || this.tick <= this.scenario.lastTick || this.requests.length > 0) return;
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
      if (process.state === 'failed') this.invariants.violate(`${process.name} failed: ${process.error}`);
      if (process.state === 'crashed') this.queue.push(...messages);
      if (process.state === 'done') {
        this.queue.push(...process.result.batchItemFailures.map(({ itemIdentifier }: any) => messages[itemIdentifier]));
      }
    }
    this.deliveries = this.deliveries.filter(({ process }) => process.state === 'running');
  }

  private operate(payload: OperatorRequest): void {
    this.requests.push({ payload, process: this.startLedger('operator', payload) });
  }

  /** An operator whose request got no answer sends it again. */
  private askAgain(): void {
    const over = this.requests.filter(({ process }) => process.state !== 'running');
    this.requests = this.requests.filter(({ process }) => process.state === 'running');
    for (const { payload, process } of over) {
      if (process.state === 'crashed') this.operate(payload);
      if (process.state === 'failed' || process.result?.refused) {
        this.invariants.violate(`${process.name}, ${payload.operation}: ${process.error ?? process.result.refused}`);
      }
    }
  }

  public callStep(name: string, event: unknown): Process {
    return this.processes.start(name, this.functions.handlers.step, event, STEP_TICKS);
  }

  // ---- AWS

  private perform({ service, operation, input }: AwsCall, process: Process): unknown {
    switch (service) {
      case 'dynamodb':
        return this.performOnTable(operation, input);
      case 's3':
        return this.objects.perform(operation, input);
      case 'states':
        return this.executions.perform(operation, input);
      case 'ecs':
        return this.tasks.perform(operation, input);
      case 'lambda':
        return this.invoke(input, process);
    }
  }

  private performOnTable(operation: string, input: any): unknown {
    if (operation === 'GetItem' || operation === 'BatchGetItem' || operation === 'Query') {
      return this.table.perform(operation, input);
    }
    const unsettled = this.runs()
      .filter(({ status }) => status === 'RUNNING')
      .map(({ id }) => id);
    const slots = structuredClone(this.slots());
    const done = this.files().filter(({ status }) => status !== 'PENDING' && status !== 'CLAIMED');
    const output = this.table.perform(operation, input);
    const settled = this.runs().filter(run => run.status !== 'RUNNING' && unsettled.includes(run.id));
    for (const run of settled) this.invariants.checkSettled(run);
    this.invariants.checkSlots(slots);
    const putBack = done.filter(({ id }) => this.files().some(file => file.id === id && file.status === 'PENDING'));
    for (const { id } of putBack) this.loadsBefore.set(id, this.loadsOf(id));
    return output;
  }

  private async invoke({ FunctionName, Payload }: any, { name }: Process): Promise<unknown> {
    if (FunctionName !== 'step') throw new Error(`no function ${FunctionName}`);
    const event = JSON.parse(Payload);
    const process = this.callStep(`${event.action} of ${event.runId}-${event.attempt}, asked by ${name}`, event);
    while (process.state === 'running') await new Promise(resolve => setImmediate(resolve));
    if (process.state === 'done') return { Payload: JSON.stringify(process.result) };
    return {
      FunctionError: 'Unhandled',
      Payload: JSON.stringify({
        errorType: process.error?.name ?? 'Runtime.ExitError',
        errorMessage: String(process.error),
      }),
    };
  }

  private isQuiet(): boolean {
    return this.tick > this.scenario.lastTick && this.unfinished() === '';
  }

  /** What still waits for somebody. */
  private unfinished(): string {
    const open = this.files()
      .filter(({ status }) => status === 'PENDING' || status === 'CLAIMED')
      .map(({ key, status }) => `${key} is ${status}`);
    return [
      ...(this.queue.length > 0 || this.deliveries.length > 0 ? ['messages'] : []),
      ...(this.events.length > 0 ? ['events'] : []),
      ...(this.requests.length > 0 ? ['an operator'] : []),
      ...(this.processes.isIdle() ? [] : ['processes']),
      ...this.executions.running().map(({ name }) => name),
      ...(this.slots().live ?? []),
      ...(this.slots().paused ? ['a pause'] : []),
      ...open,
    ].join(', ');
  }
}
