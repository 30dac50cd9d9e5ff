import type { DatasetDefinition } from '../../src/dataset/contract';

/** A pipeline as it is deployed: what its resources are called, and what its steps load. */
export interface DeployedPipeline {
  readonly landingBucket: string;
  /** Keys that the pipeline loads begin with it. */
  readonly prefix: string;
  readonly queueName: string;
  readonly ledgerTable: string;
  readonly workBucket: string;
  readonly stateMachineArn: string;
  /** Absent if the state machine is no EtlPipeline's: then nothing says what is in the files. */
  readonly dataset?: DatasetDefinition;
  /** In the order in which the state machine runs them. */
  readonly steps: DeployedStep[];
}

export interface DeployedStep {
  readonly stepId: string;
  /** States that hold it and others: it is under way while the machine is in one of them. */
  readonly within: string[];
  /** Absent: the step is not one of the library's, so nothing says where its rows go. */
  readonly target?: Target;
}

export type Target = DynamoDbTarget | RedshiftTarget;

export interface DynamoDbTarget {
  readonly engine: 'DynamoDB';
  readonly table: string;
}

export interface RedshiftTarget {
  readonly engine: 'Redshift';
  readonly schema: string;
  readonly table: string;
  readonly mode: 'upsert' | 'append' | 'replace';
  /** Where the loader looks for the warehouse; absent: it asks AWS. */
  readonly host?: string;
  readonly port?: number;
}

export function targetName(target: Target): string {
  return target.engine === 'DynamoDB' ? target.table : `${target.schema}.${target.table}`;
}
