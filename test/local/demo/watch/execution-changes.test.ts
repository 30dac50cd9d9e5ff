import {
  DescribeExecutionCommand,
  ExecutionDoesNotExist,
  GetExecutionHistoryCommand,
  SFNClient,
  type HistoryEvent,
} from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { ExecutionChanges, stepsUnderWay } from '../../../../local/demo/watch/execution-changes';
import type { RunItem } from '../../../../src/file-ledger/contract';

const MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:orders';
const ARN = 'arn:aws:states:us-east-1:000000000000:execution:orders:R-1';
const RUN: RunItem = {
  id: 'R',
  status: 'RUNNING',
  attempt: 1,
  maxAttempts: 3,
  count: 1,
  bytes: 1,
  created: '2026-11-01T00:00:00Z',
};

const STEPS = [
  { stepId: 'ToDynamo', within: [] },
  { stepId: 'Stats', within: [] },
  { stepId: 'One', within: ['Load'] },
  { stepId: 'Other', within: ['Load'] },
];

const sfn = mockClient(SFNClient);
beforeEach(() => sfn.reset());

function history(status: 'RUNNING' | 'FAILED' | 'SUCCEEDED', ...events: Array<Partial<HistoryEvent>>): void {
  sfn.on(DescribeExecutionCommand, { executionArn: ARN }).resolves({ status });
  const numbered = events.map((event, index) => ({ timestamp: undefined, type: undefined, ...event, id: index + 1 }));
  sfn
    .on(GetExecutionHistoryCommand, { executionArn: ARN, reverseOrder: true })
    .resolves({ events: numbered.reverse() });
}

const entered = (type: HistoryEvent['type'], name: string): Partial<HistoryEvent> => ({
  type,
  stateEnteredEventDetails: { name },
});

test('states that do something are told once, however often a loop enters them', async () => {
  const changes = new ExecutionChanges(new SFNClient({}), MACHINE, STEPS);
  const first = [
    entered('PassStateEntered', 'A: Begin'),
    entered('TaskStateEntered', 'A: Launch'),
    entered('WaitStateEntered', 'A: Wait'),
  ];
  history('RUNNING', ...first);
  expect(await changes.since([RUN])).toEqual(['execution R-1: A: Launch', 'execution R-1: A: Wait']);

  history('RUNNING', ...first, entered('TaskStateEntered', 'A: Check'), entered('WaitStateEntered', 'A: Wait'));
  expect(await changes.since([RUN])).toEqual(['execution R-1: A: Check']);
});

test("a step's result is told once, though every later state hands it on, and so is the end of the execution", async () => {
  const changes = new ExecutionChanges(new SFNClient({}), MACHINE, STEPS);
  const output = JSON.stringify({
    results: { ToDynamo: { rowsRead: 5, rowsWritten: 3, rowsRejected: 1, duplicatesDropped: 1, seconds: 12.34 } },
  });
  history(
    'SUCCEEDED',
    entered('ParallelStateEntered', 'ToDynamo'),
    {
      type: 'ParallelStateExited',
      stateExitedEventDetails: { name: 'ToDynamo', output: '{"results":{"ToDynamo":[{}]}}' },
    },
    { type: 'PassStateExited', stateExitedEventDetails: { name: 'ToDynamo: Result', output } },
    { type: 'SucceedStateExited', stateExitedEventDetails: { name: 'Loaded', output } },
  );
  expect(await changes.since([RUN])).toEqual([
    'execution R-1: ToDynamo',
    'execution R-1: ToDynamo is done: 5 rows read, 3 written, 1 rejected, 1 duplicates dropped, in 12.3 s',
    'execution R-1: ended: SUCCEEDED',
  ]);
  expect(await changes.since([RUN])).toEqual([]);
});

test('a result of another shape is shown with the shape that is wanted, and steps have their times', async () => {
  const changes = new ExecutionChanges(new SFNClient({}), MACHINE, STEPS);
  const output = '{"results":{"Stats":{"rowsRead":7,"orders":3}}}';
  history(
    'SUCCEEDED',
    { ...entered('ParallelStateEntered', 'Stats'), timestamp: new Date(1_000) },
    {
      type: 'ParallelStateExited',
      timestamp: new Date(3_000),
      stateExitedEventDetails: { name: 'Stats', output: '{"results":{"Stats":[{}]}}' },
    },
    { type: 'PassStateExited', stateExitedEventDetails: { name: 'Stats: Result', output } },
  );
  expect(await changes.since([RUN])).toEqual([
    'execution R-1: Stats',
    'execution R-1: Stats is done. It returned {"rowsRead":7,"orders":3}; to have its rows counted, return ' +
      '{ rowsRead, rowsWritten, rowsRejected, duplicatesDropped, seconds }, all of them numbers: rowsWritten, ' +
      'rowsRejected, duplicatesDropped, seconds are missing',
    'execution R-1: ended: SUCCEEDED',
  ]);
  expect(changes.records).toMatchObject([
    {
      name: 'R-1',
      status: 'SUCCEEDED',
      steps: [{ stepId: 'Stats', began: 1_000, ended: 3_000 }],
      results: { Stats: { rowsRead: 7, orders: 3 } },
    },
  ]);
});

test('steps inside a Parallel begin with it, and end when their results say', async () => {
  const changes = new ExecutionChanges(new SFNClient({}), MACHINE, STEPS);
  const counts = (seconds: number) => ({ rowsRead: 1, rowsWritten: 1, rowsRejected: 0, duplicatesDropped: 0, seconds });
  const output = JSON.stringify({ results: { One: counts(2), Other: counts(9) } });
  const load = { ...entered('ParallelStateEntered', 'Load'), timestamp: new Date(1_000) };
  history('RUNNING', load);
  await changes.since([RUN]);
  expect(stepsUnderWay(changes.records).map(({ stepId }) => stepId)).toEqual(['One', 'Other']);
  history(
    'SUCCEEDED',
    load,
    {
      type: 'ParallelStateExited',
      timestamp: new Date(10_000),
      stateExitedEventDetails: { name: 'Load', output: '[]' },
    },
    { type: 'PassStateExited', stateExitedEventDetails: { name: 'Load: Results', output } },
  );
  expect(await changes.since([RUN])).toEqual([
    expect.stringContaining('One is done: 1 rows read'),
    expect.stringContaining('Other is done: 1 rows read'),
    'execution R-1: ended: SUCCEEDED',
  ]);
  expect(changes.records[0].steps).toEqual([
    { stepId: 'One', began: 1_000, ended: 3_000 },
    { stepId: 'Other', began: 1_000, ended: 10_000 },
  ]);
  expect(stepsUnderWay(changes.records)).toEqual([]);
});

test('failures are told with their cause', async () => {
  history('FAILED', {
    type: 'ExecutionFailed',
    executionFailedEventDetails: { error: 'Etl.Configuration', cause: 'no such table' },
  });
  expect(await new ExecutionChanges(new SFNClient({}), MACHINE, STEPS).since([RUN])).toEqual([
    'execution R-1: ExecutionFailed: Etl.Configuration no such table',
    'execution R-1: ended: FAILED',
  ]);
});

test('an execution that the ledger has announced but not started yet is nothing to tell', async () => {
  sfn.on(DescribeExecutionCommand).rejects(new ExecutionDoesNotExist({ message: 'none', $metadata: {} }));
  expect(await new ExecutionChanges(new SFNClient({}), MACHINE, STEPS).since([RUN])).toEqual([]);
});

test('a long history is read back only as far as it is new', async () => {
  const changes = new ExecutionChanges(new SFNClient({}), MACHINE, STEPS);
  const event = (id: number) =>
    ({ id, timestamp: undefined, ...entered('TaskStateEntered', `S${id}`) }) as HistoryEvent;
  sfn.on(DescribeExecutionCommand).resolves({ status: 'RUNNING' });
  sfn
    .on(GetExecutionHistoryCommand, { nextToken: undefined })
    .resolves({ events: [event(4), event(3)], nextToken: 'older' });
  sfn.on(GetExecutionHistoryCommand, { nextToken: 'older' }).resolves({ events: [event(2), event(1)] });
  expect(await changes.since([RUN])).toEqual(['S1', 'S2', 'S3', 'S4'].map(name => `execution R-1: ${name}`));

  sfn
    .on(GetExecutionHistoryCommand, { nextToken: undefined })
    .resolves({ events: [event(5), event(4)], nextToken: 'older' });
  sfn.on(GetExecutionHistoryCommand, { nextToken: 'older' }).rejects(new Error('not needed'));
  expect(await changes.since([RUN])).toEqual(['execution R-1: S5']);
});
