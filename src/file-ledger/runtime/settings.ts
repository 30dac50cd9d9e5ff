import { requireEnv } from '../../runtime/environment';
import { ConfigurationError } from '../../runtime/errors';
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
  readonly stopFunctions: string[];
}

/** @throws ConfigurationError if a variable is missing or is no number */
export function ledgerSettings(): LedgerSettings {
  return {
    table: requireEnv(LEDGER_ENV.table),
    workBucket: requireEnv(LEDGER_ENV.workBucket),
    stateMachineArn: requireEnv(LEDGER_ENV.stateMachine),
    maxFiles: requireNumber(LEDGER_ENV.maxFiles),
    maxBytes: process.env[LEDGER_ENV.maxBytes] ? requireNumber(LEDGER_ENV.maxBytes) : Infinity,
    maxExecutions: requireNumber(LEDGER_ENV.maxExecutions),
    maxAttempts: requireNumber(LEDGER_ENV.maxAttempts),
    minRunIntervalSeconds: process.env[LEDGER_ENV.minRunIntervalSeconds] ? requireNumber(LEDGER_ENV.minRunIntervalSeconds) : 0,
    pauseAfter: requireNumber(LEDGER_ENV.pauseAfter),
    stopFunctions: process.env[LEDGER_ENV.stopFunctions]?.split(',') ?? [],
  };
}

function requireNumber(name: string): number {
  const value = Number(requireEnv(name));
  if (Number.isInteger(value) && value > 0) return value;
  throw new ConfigurationError(`The environment variable ${name} must be a whole number above 0, got '${process.env[name]}'. Deploy the stack again.`);
}
