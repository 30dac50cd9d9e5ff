import { ExecutionAlreadyExists, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { executionName } from './execution-name';
import type { LedgerSettings } from './settings';
import { sfn } from '../../runtime/clients/sfn';
import { logger } from '../../runtime/logger';
import { filesKey, type ExecutionInput, type RunItem } from '../contract';

/** Starts an attempt of a run. Its name makes it one execution, however often and late it is asked for. */
export async function start(
  ledger: Pick<LedgerSettings, 'stateMachineArn' | 'workBucket'>,
  run: RunItem,
  attempt: number,
): Promise<void> {
  const input: ExecutionInput = {
    runId: run.id,
    attempt,
    files: { bucket: ledger.workBucket, key: filesKey(run.id), count: run.count, bytes: run.bytes },
  };
  try {
    await sfn().send(
      new StartExecutionCommand({
        stateMachineArn: ledger.stateMachineArn,
        name: executionName(run.id, attempt),
        input: JSON.stringify(input),
      }),
    );
    logger.info('Started', { runId: run.id, attempt, files: run.count, bytes: run.bytes });
  } catch (error) {
    if (!(error instanceof ExecutionAlreadyExists)) throw error;
  }
}
