import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import type { LedgerSettings } from './settings';
import { dynamo } from '../../runtime/clients/dynamodb';
import type { FileItem } from '../contract';

/** Enters a file that waits; false if it is known already, whatever has become of it since. */
export async function arrive(ledger: Pick<LedgerSettings, 'table'>, file: FileItem): Promise<boolean> {
  try {
    await dynamo().send(
      new PutCommand({
        TableName: ledger.table,
        Item: file,
        ConditionExpression: 'attribute_not_exists(#id)',
        ExpressionAttributeNames: { '#id': 'id' },
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
