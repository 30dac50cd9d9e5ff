import {
  executionArn,
  executionName,
  newRunId,
  runOfExecution,
  runTime,
} from '../../src/file-ledger/runtime/execution-name';

const NOW = new Date('2026-01-31T23:59:58.999Z');

test('a run id tells its time, and is new', () => {
  const runId = newRunId(NOW);
  expect(runId).toMatch(/^20260131T235958Z-[0-9a-f]{16}$/);
  expect(newRunId(NOW)).not.toBe(runId);
  expect(runTime(runId)).toEqual(new Date('2026-01-31T23:59:58Z'));
});

test('an execution is named after its run and attempt, and leads back to the run', () => {
  const runId = newRunId(NOW);
  expect(executionName(runId, 12)).toBe(`${runId}-12`);
  expect(runOfExecution(`${runId}-12`)).toBe(runId);
  expect(executionName(runId, 10).length).toBeLessThanOrEqual(80); // Step Functions' limit
});

test.each([
  'my-test',
  'my-test-1',
  '20260131T235958Z-0123456789abcdef',
  '20260131T235958Z-0123456789abcdef-0',
  'x20260131T235958Z-0123456789abcdef-1',
])('%s is an execution of no run', name => {
  expect(runOfExecution(name)).toBeUndefined();
});

test('an id of another shape is an error', () => {
  expect(() => runTime('yesterday')).toThrow("got 'yesterday'");
});

test('the ARN of an execution follows from that of its state machine, in every partition', () => {
  expect(executionArn('arn:aws-cn:states:cn-north-1:111122223333:stateMachine:load', 'name')).toBe(
    'arn:aws-cn:states:cn-north-1:111122223333:execution:load:name',
  );
});
