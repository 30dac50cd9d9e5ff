import { DescribeExecutionCommand } from '@aws-sdk/client-sfn';
import { isTransient } from './aws-errors';
import { sfn } from '../../runtime/clients/sfn';
import { EtlError, TransientError } from '../../runtime/errors';
import { ERROR } from '../contract';

/**
 * For a launch, right before it acts: a call of an execution that has been stopped may arrive late, and must start
 * nothing.
 * @throws EtlError `Etl.Stopped` if the execution has ended; nobody reads it then
 */
export async function ensureStillRunning(executionArn: string): Promise<void> {
  let status: string | undefined;
  try {
    ({ status } = await sfn().send(new DescribeExecutionCommand({ executionArn })));
  } catch (error) {
    if (isTransient(error)) {
      throw new TransientError(`Step Functions did not describe ${executionArn}: ${(error as Error).message}`, {
        cause: error,
      });
    }
    throw error;
  }
  if (status !== 'RUNNING') {
    throw new EtlError(ERROR.stopped, `${executionArn} is ${status}, not RUNNING: nothing is launched for it.`);
  }
}
