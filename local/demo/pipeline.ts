import type { Clients } from './clients';
import type { Narrator } from './narrator';
import type { Queue } from './queue';
import type { QueryRows } from './tables';
import type { Watcher } from './watch/watcher';
import type { DatasetDefinition } from '../../src/dataset/contract';

/** The example as it is deployed: what its resources are called. */
export interface DeployedApp {
  readonly dataset: DatasetDefinition;
  readonly landingBucket: string;
  /** Keys that the pipeline loads begin with it. */
  readonly prefix: string;
  readonly queueUrl: string;
  readonly ledgerTable: string;
  readonly stateMachineArn: string;
  readonly dynamoDbTable: string;
  /** Of the table in Redshift. */
  readonly schema: string;
  readonly table: string;
}

/** A pipeline that runs, and what it takes to use it and to look at it. */
export interface Pipeline {
  readonly app: DeployedApp;
  readonly clients: Clients;
  /** Asks Redshift's stand-in. */
  readonly query: QueryRows;
  readonly queue: Queue;
  readonly watcher: Watcher;
  readonly narrator: Narrator;
}
