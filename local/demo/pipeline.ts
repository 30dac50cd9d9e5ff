import type { Clients } from './clients';
import type { DeployedPipeline } from './deployed';
import type { Narrator } from './narrator';
import type { Queue } from './queue';
import type { QueryRows } from './tables';
import type { Watcher } from './watch/watcher';

/** A pipeline that runs, and what it takes to use it and to look at it. */
export interface Pipeline {
  readonly app: DeployedPipeline;
  readonly clients: Clients;
  /** Asks Redshift's stand-in. */
  readonly query: QueryRows;
  readonly queue: Queue;
  readonly watcher: Watcher;
  readonly narrator: Narrator;
}
