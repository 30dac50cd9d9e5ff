import { DescribeExecutionCommand, SFNClient, SFNServiceException } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { ensureStillRunning } from '../../../src/etl-step/runtime/execution';

const ARN = 'arn:aws:states:eu-west-1:111111111111:execution:Machine:run-1';
const sfn = mockClient(SFNClient);

beforeEach(() => {
  sfn.reset();
  sfn.onAnyCommand().rejects(new Error('unexpected call'));
});

test('passes while the execution runs', async () => {
  sfn.on(DescribeExecutionCommand, { executionArn: ARN }).resolves({ status: 'RUNNING' });
  await expect(ensureStillRunning(ARN)).resolves.toBeUndefined();
});

test.each(['ABORTED', 'TIMED_OUT', 'FAILED', 'SUCCEEDED'] as const)(
  'refuses a launch for an execution that is %s',
  async status => {
    sfn.on(DescribeExecutionCommand).resolves({ status });
    await expect(ensureStillRunning(ARN)).rejects.toMatchObject({
      name: 'Etl.Stopped',
      message: `${ARN} is ${status}, not RUNNING: nothing is launched for it.`,
    });
  },
);

test('never takes an unknown answer for running', async () => {
  sfn.on(DescribeExecutionCommand).rejects(
    new SFNServiceException({
      name: 'AccessDeniedException',
      message: 'no',
      $fault: 'client',
      $metadata: { httpStatusCode: 400 },
    }),
  );
  await expect(ensureStillRunning(ARN)).rejects.toMatchObject({ name: 'AccessDeniedException' });
});
