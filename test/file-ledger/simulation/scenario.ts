import type { End } from './executions';
import type { World } from './world';
import type { ExecutionInput } from '../../../src/file-ledger/contract';

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
