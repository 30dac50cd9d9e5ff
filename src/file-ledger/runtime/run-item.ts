import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { runTime } from './execution-name';
import type { LedgerSettings } from './settings';
import { bytesOf } from './waiting-files';
import { dynamo } from '../../runtime/clients/dynamodb';
import type { LedgerFile, RunItem } from '../contract';

type Table = Pick<LedgerSettings, 'table'>;

export async function getRun(ledger: Table, runId: string): Promise<RunItem | undefined> {
  const { Item } = await dynamo().send(
    new GetCommand({ TableName: ledger.table, Key: { id: runId }, ConsistentRead: true }),
  );
  return Item as RunItem | undefined;
}

/**
 * Enters a run, at its first attempt, with the files that it has got. Returns the run as it stands, if it is entered
 * already.
 */
export async function putRunOnce(
  ledger: Table & Pick<LedgerSettings, 'maxAttempts'>,
  runId: string,
  files: LedgerFile[],
): Promise<RunItem> {
  const run: RunItem = {
    id: runId,
    status: 'RUNNING',
    attempt: 1,
    count: files.length,
    bytes: bytesOf(files),
    maxAttempts: ledger.maxAttempts,
    created: runTime(runId).toISOString(),
  };
  try {
    await dynamo().send(
      new PutCommand({
        TableName: ledger.table,
        Item: run,
        ConditionExpression: 'attribute_not_exists(#id)',
        ExpressionAttributeNames: { '#id': 'id' },
      }),
    );
    return run;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return (await getRun(ledger, runId))!;
  }
}

/** Turns a run to its next attempt, unless somebody has done so before. */
export async function nextAttempt(ledger: Table, { id, attempt }: RunItem): Promise<void> {
  try {
    await dynamo().send(
      new UpdateCommand({
        TableName: ledger.table,
        Key: { id },
        UpdateExpression: 'SET #attempt = :next',
        ConditionExpression: '#attempt = :attempt',
        ExpressionAttributeNames: { '#attempt': 'attempt' },
        ExpressionAttributeValues: { ':attempt': attempt, ':next': attempt + 1 },
      }),
    );
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}

/** Gives a run its final status, and what people want to know of it; true if it had none before. */
export async function finishRun(
  ledger: Table,
  runId: string,
  end: Pick<RunItem, 'status'> & Partial<RunItem>,
): Promise<boolean> {
  const known = Object.entries(end).filter(([, value]) => value !== undefined);
  const { Attributes } = await dynamo().send(
    new UpdateCommand({
      TableName: ledger.table,
      Key: { id: runId },
      UpdateExpression: `SET ${known.map(([name]) => `#${name} = :${name}`).join(', ')}`,
      ExpressionAttributeNames: Object.fromEntries(known.map(([name]) => [`#${name}`, name])),
      ExpressionAttributeValues: Object.fromEntries(known.map(([name, value]) => [`:${name}`, value])),
      ReturnValues: 'UPDATED_OLD',
    }),
  );
  return Attributes?.status === 'RUNNING';
}
