import { requireEnv, requireWholeNumber } from '../../runtime/environment';
import { LEDGER_ENV } from '../contract';

/** What the construct has told the functions that drive the ledger. */
export interface LedgerSettings {
  readonly table: string;
  readonly workBucket: string;
  readonly stateMachineArn: string;
  readonly maxFiles: number;
  readonly maxBytes: number;
  readonly maxExecutions: number;
  readonly maxAttempts: number;
  readonly minRunIntervalSeconds: number;
  readonly pauseAfter: number;
  /** How long items of files are kept that are done; Infinity: for ever. */
  readonly retentionSeconds: number;
  readonly stopFunctions: string[];
  readonly teardownFunctions: string[];
}

/** @throws ConfigurationError if a variable is missing or is no number */
export function ledgerSettings(): LedgerSettings {
  return {
    table: requireEnv(LEDGER_ENV.table),
    workBucket: requireEnv(LEDGER_ENV.workBucket),
    stateMachineArn: requireEnv(LEDGER_ENV.stateMachine),
    maxFiles: requireWholeNumber(LEDGER_ENV.maxFiles),
    maxBytes: process.env[LEDGER_ENV.maxBytes] ? requireWholeNumber(LEDGER_ENV.maxBytes) : Infinity,
    maxExecutions: requireWholeNumber(LEDGER_ENV.maxExecutions),
    maxAttempts: requireWholeNumber(LEDGER_ENV.maxAttempts),
    minRunIntervalSeconds: process.env[LEDGER_ENV.minRunIntervalSeconds]
      ? requireWholeNumber(LEDGER_ENV.minRunIntervalSeconds)
      : 0,
    pauseAfter: requireWholeNumber(LEDGER_ENV.pauseAfter),
    retentionSeconds: retentionSeconds(),
    stopFunctions: process.env[LEDGER_ENV.stopFunctions]?.split(',') ?? [],
    teardownFunctions: process.env[LEDGER_ENV.teardownFunctions]?.split(',') ?? [],
  };
}

export function retentionSeconds(): number {
  return process.env[LEDGER_ENV.retentionSeconds] ? requireWholeNumber(LEDGER_ENV.retentionSeconds) : Infinity;
}
