import { DescribeTableCommand, type TableDescription } from '@aws-sdk/client-dynamodb';
import { dynamo } from '../../runtime/clients/dynamodb';
import { ConfigurationError, TransientError } from '../../runtime/errors';
import { spellKey, type TableArguments } from '../contract';

/**
 * The table as it is now, before a cluster is paid for that could not write to it.
 *
 * @throws ConfigurationError if it is missing, not the one that the step was given, not ready for writes or has another
 * key; TransientError while it is made
 */
export async function describeTargetTable(runId: string, expected: TableArguments): Promise<TableDescription> {
  const table = await describe(runId, expected.name);
  const what = `Run ${runId}: the table ${expected.name}`;
  if (table.TableArn !== expected.arn) {
    throw new ConfigurationError(
      `${what} must be ${expected.arn}, got ${table.TableArn}: the DynamoDB connector finds tables by name, in ` +
        'the account and region of its ' +
        'cluster. Give the step a table of its own account and region.',
    );
  }
  checkStatus(what, table);
  const key = (table.KeySchema ?? []).map(({ AttributeName: name }) => ({
    name: name!,
    type: table.AttributeDefinitions!.find(({ AttributeName }) => AttributeName === name)!.AttributeType!,
  }));
  if (spellKey(key) !== spellKey(expected.key)) {
    throw new ConfigurationError(
      `${what} must have the key that the dataset makes, ${spellKey(expected.key)}, got ${spellKey(key)}. Change ` +
        `the dataset's \`key\`, the types ` +
        "of its columns, or the step's `attributeNames` or `epochSeconds`, or give the step another table.",
    );
  }
  return table;
}

async function describe(runId: string, TableName: string): Promise<TableDescription> {
  try {
    return (await dynamo().send(new DescribeTableCommand({ TableName }))).Table!;
  } catch (error) {
    const { name, message } = error as Error;
    if (name === 'ResourceNotFoundException') {
      throw new ConfigurationError(
        `Run ${runId}: there is no table ${TableName} in the account and region of the step. Create it, or ` +
          `correct the step's \`table\`.`,
        { cause: error },
      );
    }
    if (name === 'AccessDeniedException') {
      throw new ConfigurationError(
        `Run ${runId}: the role of the step's function must be allowed to describe the table ${TableName}, got ` +
          `${message} ` +
          'The step grants it that: look at what policies of the table or of the organization deny.',
        { cause: error },
      );
    }
    throw error;
  }
}

/** ACTIVE, or UPDATING, which takes writes too. */
function checkStatus(what: string, { TableStatus: status }: TableDescription): void {
  switch (status) {
    case 'ACTIVE':
    case 'UPDATING':
      return;
    case 'CREATING':
      throw new TransientError(`${what} is still being created.`);
    case 'INACCESSIBLE_ENCRYPTION_CREDENTIALS':
      throw new ConfigurationError(
        `${what} must be ACTIVE, got ${status}: DynamoDB cannot use its KMS key. Enable the key, or let its ` +
          'policy admit DynamoDB.',
      );
    default:
      throw new ConfigurationError(
        `${what} must be ACTIVE, got ${status}. Restore it or create it again, or give the step another table.`,
      );
  }
}
