import { DescribeExecutionCommand } from '@aws-sdk/client-sfn';
import { sfn } from '../../runtime/clients/sfn';
import { EtlError } from '../../runtime/errors';
import { ERROR } from '../contract';

/**
 * For a launch, right before it acts: a call of an execution that has been stopped may arrive late, and must start
 * nothing.
 * @throws EtlError `Etl.Stopped` if the execution has ended; nobody reads it then
 */
export async function ensureStillRunning(executionArn: string): Promise<void> {
  const { status } = await sfn().send(new DescribeExecutionCommand({ executionArn }));
  if (status === 'RUNNING') return;
  throw new EtlError(ERROR.stopped, `${executionArn} is ${status}, not RUNNING: nothing is launched for it.`);
}
