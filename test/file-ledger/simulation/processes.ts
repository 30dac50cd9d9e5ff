import { AsyncLocalStorage } from 'async_hooks';
import type { Handler } from './bundle';
import type { HttpRequest, HttpResponse } from './http';
import { decode, encode, encodeError, type AwsCall } from './protocols';
import type { Random } from './random';

/** What goes wrong at one call, counted over all processes from 1 in the order in which calls take effect. */
export interface Fault {
  readonly call: number;
  readonly kind: FaultKind;
}

/** `ticks` says for how many ticks of the world a call is on its way: 0 is until all others have nothing left to do. */
export type FaultKind =
  /** The process dies, and the call never takes effect. */
  | { readonly what: 'crash before' }
  /** The call takes effect, and the process dies before it has the answer. */
  | { readonly what: 'crash after' }
  /** The call takes effect late; the process waits for it. */
  | { readonly what: 'stall'; readonly ticks: number }
  /** The process dies, and the call takes effect late. */
  | { readonly what: 'late'; readonly ticks: number }
  /** The answer gets lost, and the client sends the call again. */
  | { readonly what: 'twice' }
  /** The call takes effect, and once more late. */
  | { readonly what: 'echo'; readonly ticks: number };

/** One invocation of a function. */
export interface Process {
  readonly id: number;
  readonly name: string;
  /** Tick after which Lambda ends it. */
  readonly until: number;
  state: 'running' | 'done' | 'failed' | 'crashed';
  result?: any;
  error?: Error;
  /** Calls that it waits for. */
  open: number;
}

interface Waiting {
  readonly process: Process;
  readonly call: AwsCall;
  readonly answer: (response: HttpResponse) => void;
  /** Tick at whose end it takes effect; undefined: now. */
  readonly heldUntil?: number;
}

/** Makes a call take effect. */
export type Effect = (call: AwsCall, process: Process) => unknown;

const current = new AsyncLocalStorage<{ readonly processes: Processes; readonly process: Process }>();

/** The network of every function: its calls wait until the simulation chooses them. */
export function send(request: HttpRequest): Promise<HttpResponse> {
  const { processes, process } = current.getStore()!;
  return processes.wait(process, decode(request));
}

/** Milliseconds of real time after which a process that neither calls nor ends is taken for broken. */
const PATIENCE_MILLISECONDS = 10_000;

/** Runs functions side by side, one call after the other in an order of chance, and lets some calls go wrong. */
export class Processes {
  public readonly log: string[] = [];
  public tick = 0;
  /** The faults that have happened. */
  public readonly faulty: string[] = [];
  private readonly all: Process[] = [];
  private waiting: Waiting[] = [];
  private changes = 0;

  constructor(
    private readonly effect: Effect,
    private readonly random: Random,
    private readonly faults: Fault[],
  ) {}

  public start(name: string, handler: Handler, event: unknown, ticks: number): Process {
    const process: Process = { id: this.all.length + 1, name, until: this.tick + ticks, state: 'running', open: 0 };
    this.all.push(process);
    const end = (state: 'done' | 'failed', more: Partial<Process>) => {
      if (process.state === 'running') Object.assign(process, { state, ...more });
      this.changes++;
    };
    void current
      .run({ processes: this, process }, () => handler(event, { getRemainingTimeInMillis: () => 180_000 }))
      .then(
        result => end('done', { result }),
        error => end('failed', { error }),
      );
    return process;
  }

  public isIdle(): boolean {
    return this.waiting.length === 0 && !this.all.some(({ state }) => state === 'running');
  }

  /** Runs all until each has ended or waits for a call that is held. */
  public async runUntilBlocked(): Promise<void> {
    for (;;) {
      await this.settle();
      const ready = this.waiting.filter(({ heldUntil }) => heldUntil === undefined);
      if (ready.length > 0) this.perform(ready[this.random(ready.length)]);
      else if (!this.release()) return;
    }
  }

  /** Ends the processes whose time is over. */
  public endOverdue(): void {
    for (const process of this.all) if (process.state === 'running' && process.until < this.tick) this.kill(process);
  }

  public wait(process: Process, call: AwsCall): Promise<HttpResponse> {
    if (process.state !== 'running') return new Promise(() => undefined);
    process.open++;
    this.changes++;
    return new Promise(resolve =>
      this.waiting.push({
        process,
        call,
        answer: response => {
          process.open--;
          this.changes++;
          if (process.state === 'running') resolve(response);
        },
      }),
    );
  }

  /** Waits until no process can go on by itself. */
  private async settle(): Promise<void> {
    const begin = Date.now();
    let seen = -1;
    for (let quiet = 0; quiet < 2;) {
      await new Promise(resolve => setImmediate(resolve));
      const computing = this.all.find(({ state, open }) => state === 'running' && open === 0);
      if (computing && Date.now() - begin > PATIENCE_MILLISECONDS) {
        throw new Error(`${computing.name} neither calls nor ends`);
      }
      quiet = computing || this.changes !== seen ? 0 : quiet + 1;
      seen = this.changes;
    }
  }

  /** Lets one call that was held take effect, if its time has come. */
  private release(): boolean {
    const due = this.waiting.find(({ heldUntil }) => heldUntil !== undefined && heldUntil <= this.tick);
    if (!due) return false;
    this.waiting = this.waiting.filter(other => other !== due);
    void this.apply(due).then(due.answer);
    return true;
  }

  private perform(waiting: Waiting): void {
    const { process, call, answer } = waiting;
    this.waiting = this.waiting.filter(other => other !== waiting);
    this.log.push(`${call.service}:${call.operation}`);
    const kind = this.faults.find(fault => fault.call === this.log.length)?.kind;
    if (!kind) {
      void this.apply(waiting).then(answer);
      return;
    }
    this.faulty.push(`${Object.values(kind).join(' ')} call ${this.log.length}, ${call.operation} of ${process.name}`);
    switch (kind.what) {
      case 'crash before':
        this.kill(process);
        return;
      case 'crash after':
        void this.apply(waiting);
        this.kill(process);
        return;
      case 'stall':
        this.waiting.push({ ...waiting, heldUntil: this.tick + kind.ticks });
        return;
      case 'late':
        this.kill(process);
        this.waiting.push({ ...waiting, heldUntil: this.tick + kind.ticks });
        return;
      case 'twice':
        void this.apply(waiting)
          .then(() => this.apply(waiting))
          .then(answer);
        return;
      case 'echo':
        void this.apply(waiting).then(answer);
        this.waiting.push({ process, call, answer: () => undefined, heldUntil: this.tick + kind.ticks });
        return;
    }
  }

  private async apply({ call, process }: Waiting): Promise<HttpResponse> {
    try {
      return encode(call, await this.effect(call, process));
    } catch (error) {
      return encodeError(call, error);
    }
  }

  private kill(process: Process): void {
    process.state = 'crashed';
    this.waiting = this.waiting.filter(({ process: other, heldUntil }) => other !== process || heldUntil !== undefined);
    this.changes++;
  }
}
