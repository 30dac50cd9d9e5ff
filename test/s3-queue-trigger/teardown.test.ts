import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import type { StopEvent } from '../../src/etl-step/contract';
import type { SlotsItem } from '../../src/file-ledger/contract';
import { pause, resume } from '../../src/file-ledger/runtime/pause';
import { TABLE, type Fault } from '../file-ledger/fake-aws';
import { fakeTime, Story, type StoryOptions } from '../file-ledger/story';

// waiting moves the time of the test, and lets happen what else happens meanwhile
let meanwhile: (() => Promise<void>) | undefined;
jest.mock('timers/promises', () => ({
  setTimeout: async (milliseconds: number) => {
    jest.setSystemTime(Date.now() + milliseconds);
    await meanwhile?.();
  },
}));

const answers: Record<string, string>[] = [];
let put: jest.SpyInstance;

beforeEach(() => {
  fakeTime('2026-03-01T10:00:00Z');
  meanwhile = undefined;
  answers.length = 0;
  put = jest.spyOn(global, 'fetch').mockImplementation(async (_, init) => {
    expect(init).toEqual({ method: 'PUT', body: expect.any(Buffer) }); // no content type: the URL is signed without one
    answers.push(JSON.parse(String(init!.body)));
    return new Response();
  });
});
afterEach(() => {
  put.mockRestore();
  jest.useRealTimers();
});

const COMMON = {
  ServiceToken: 'arn:aws:lambda:eu-west-1:111122223333:function:teardown',
  ResponseURL: 'https://cloudformation-custom-resource-response.example.com/answer',
  StackId: 'arn:aws:cloudformation:eu-west-1:111122223333:stack/Orders/6f8c1c50',
  RequestId: 'request',
  LogicalResourceId: 'UploadsStopRuns1',
  ResourceType: 'Custom::StopRuns',
  ResourceProperties: { ServiceToken: 'arn:aws:lambda:eu-west-1:111122223333:function:teardown' },
};
const request = (RequestType: 'Create' | 'Update' | 'Delete', PhysicalResourceId = 'as-before') =>
  ({
    ...COMMON,
    RequestType,
    ...(RequestType !== 'Create' && { PhysicalResourceId }),
    ...(RequestType === 'Update' && { OldResourceProperties: {} }),
  }) as CloudFormationCustomResourceEvent;

const answer = () => answers.at(-1)!;

/** A stop function whose compute ends some seconds after it was first asked; and which attempts it was asked for. */
function computeThatEnds(story: Story, seconds = 120): StopEvent[] {
  const asked: StopEvent[] = [];
  const begun = new Map<string, number>();
  story.aws.stops.set('stop', event => {
    asked.push(event as StopEvent);
    const { runId } = event as StopEvent;
    if (!begun.has(runId)) begun.set(runId, Date.now());
    return Date.now() - begun.get(runId)! >= seconds * 1000
      ? { status: 'ended' }
      : { status: 'stopping', waitSeconds: 15 };
  });
  return asked;
}

/** A run of the two files a and b that goes on. */
async function runThatGoesOn(
  options: StoryOptions = {},
): Promise<{ story: Story; execution: string; runId: string; asked: StopEvent[] }> {
  const story = new Story({ stopFunctions: ['stop'], ...options });
  const asked = computeThatEnds(story);
  await story.receive(story.upload('a'), story.upload('b'));
  const execution = story.running();
  return { story, execution, runId: execution.slice(0, -2), asked };
}

/** Without the time at which a run began last. */
const slots = (story: Story) => {
  const { begun, ...others } = story.aws.items.get('slots') as unknown as SlotsItem;
  return others;
};

/** Nothing runs, and nothing begins whoever comes. */
async function expectClosed(story: Story): Promise<void> {
  const executions = story.aws.executions.size;
  await story.receive(story.upload('late'));
  for (const name of story.aws.executions.keys()) await story.event(name);
  await story.sweep();
  expect(story.aws.running()).toEqual([]);
  expect(story.aws.executions.size).toBe(executions);
  expect(slots(story)).toEqual({ id: 'slots', paused: expect.anything() });
}

describe('a creation or an update', () => {
  test.each(['Create', 'Update'] as const)('%s: touches nothing, and the resource has one id for ever', async type => {
    const { story } = await runThatGoesOn();
    const before = story.aws.calls.length;
    await story.teardown(request(type, 'UploadsStopRuns1'));
    expect(story.aws.calls.slice(before)).toEqual([]);
    expect(answers).toEqual([
      {
        Status: 'SUCCESS',
        PhysicalResourceId: 'UploadsStopRuns1',
        StackId: COMMON.StackId,
        RequestId: 'request',
        LogicalResourceId: 'UploadsStopRuns1',
      },
    ]);
  });
});

describe('a deletion', () => {
  test('is over after three calls if nothing runs: also that of a stack whose creation has failed', async () => {
    const story = new Story();
    await story.teardown(request('Delete'));
    expect(story.aws.calls).toEqual(['UpdateItem', 'GetItem', 'ListExecutions']);
    expect(answer()).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: 'as-before' });
    await expectClosed(story);
  });

  test('stops what runs, asks for its compute until that has ended, and lets the files wait', async () => {
    const { story, execution, runId, asked } = await runThatGoesOn();
    const began = Date.now();
    await story.teardown(request('Delete'));
    expect(answer().Status).toBe('SUCCESS');
    expect(story.aws.executions.get(execution)).toMatchObject({
      status: 'ABORTED',
      error: 'Etl.Stopped',
      cause: expect.stringContaining('the stack Orders'),
    });
    expect(Date.now() - began).toBeGreaterThanOrEqual(120_000);
    expect(asked.at(-1)).toEqual({ contract: 1, action: 'stop', runId, attempt: 1 });
    expect(story.statuses()).toEqual({ a: 'PENDING', b: 'PENDING' });
    expect(story.file('a')).toMatchObject({ limit: 0, waiting: expect.any(Number), runId });
    expect(story.runs()).toMatchObject([{ status: 'ABORTED', error: 'Etl.Stopped', attempt: 1 }]);
    await expectClosed(story);
  });

  test('is no failure of the pipeline: after a resume the files are loaded', async () => {
    const { story } = await runThatGoesOn();
    await story.teardown(request('Delete'));
    computeThatEnds(story, 0);
    await resume({ table: TABLE });
    await story.sweep();
    await story.end(story.running(), 'SUCCEEDED');
    expect(story.statuses()).toEqual({ a: 'LOADED', b: 'LOADED' });
  });

  test('stops every run at the first look, of however many pages', async () => {
    const story = new Story({ stopFunctions: ['stop'], maxExecutions: 3, maxFiles: 1 });
    computeThatEnds(story);
    await story.receive(story.upload('a'), story.upload('b'), story.upload('c'));
    expect(story.aws.running()).toHaveLength(3);
    const began = new Date();
    await story.teardown(request('Delete'));
    expect(answer().Status).toBe('SUCCESS');
    expect([...story.aws.executions.values()].map(({ stopped }) => stopped)).toEqual([began, began, began]);
    expect(story.statuses()).toEqual({ a: 'PENDING', b: 'PENDING', c: 'PENDING' });
    await expectClosed(story);
  });

  test('asks once more after the time in which a launch may still come, though nothing shows', async () => {
    const { story, execution } = await runThatGoesOn();
    const asked = computeThatEnds(story, 0);
    const times: number[] = [];
    meanwhile = async () => {
      if (asked.length > times.length) times.push(Date.now());
    };
    await story.teardown(request('Delete'));
    const stopped = story.aws.executions.get(execution)!.stopped!.getTime();
    expect(Date.now() - stopped).toBeGreaterThanOrEqual(60_000);
    expect(asked.length).toBeGreaterThan(2);
  });

  test('begins a run that has only its slot, so that nobody can begin it later', async () => {
    const story = new Story({ stopFunctions: ['stop'] });
    computeThatEnds(story);
    story.aws.refuseNext('TransactWriteItems', new Error('the function dies')); // between slot and claims
    await story.receive(story.upload('a'));
    expect(slots(story).live?.size).toBe(1);
    expect(story.aws.executions.size).toBe(0);
    await story.teardown(request('Delete'));
    expect(answer().Status).toBe('SUCCESS');
    expect([...story.aws.executions.values()].map(({ status }) => status)).toEqual(['ABORTED']);
    expect(story.statuses()).toEqual({ a: 'PENDING' });
    await expectClosed(story);
  });

  test('stops the next attempt, too, that somebody begins meanwhile', async () => {
    const { story, execution, runId } = await runThatGoesOn();
    computeThatEnds(story, 0);
    story.aws.beforeNext('ListExecutions', () => story.aws.endExecution(execution, 'FAILED', 'Etl.Transient'));
    meanwhile = async () => {
      meanwhile = undefined;
      await story.event(execution);
      expect(story.running()).toBe(`${runId}-2`);
    };
    await story.teardown(request('Delete'));
    expect(answer().Status).toBe('SUCCESS');
    expect(story.aws.executions.get(`${runId}-2`)).toMatchObject({ status: 'ABORTED', error: 'Etl.Stopped' });
    expect(story.statuses()).toEqual({ a: 'PENDING', b: 'PENDING' });
    await expectClosed(story);
  });

  test('settles a run whose execution has succeeded right before: nothing is loaded twice', async () => {
    const { story, execution } = await runThatGoesOn();
    story.aws.endExecution(execution, 'SUCCEEDED'); // its event is lost
    await story.teardown(request('Delete'));
    expect(story.statuses()).toEqual({ a: 'LOADED', b: 'LOADED' });
    await expectClosed(story);
  });

  test('stops an execution that somebody has started with the input of a run, and its compute; others are left alone', async () => {
    const { story, execution, runId } = await runThatGoesOn();
    await story.teardown(request('Delete'));
    const again = { ...story.aws.executions.get(execution)!, status: 'RUNNING' as const, started: new Date() };
    story.aws.executions.set('by-hand', again);
    story.aws.executions.set('of-somebody', {
      ...again,
      input: { ...again.input, runId: '20260301T090000Z-0123456789abcdef' },
    });
    story.aws.executions.set('nobody', { ...again, input: {} as typeof again.input });
    const asked = computeThatEnds(story);
    await story.teardown(request('Delete'));
    expect(answer().Status).toBe('SUCCESS');
    expect(story.aws.running()).toEqual(['of-somebody', 'nobody']);
    expect(asked.length).toBeGreaterThan(1);
    expect(new Set(asked.map(event => event.runId))).toEqual(new Set([runId]));
  });

  test('ends what is kept between runs, but not before the last run is over', async () => {
    const { story } = await runThatGoesOn({ teardownFunctions: ['keeper'] });
    const events: unknown[] = [];
    story.aws.stops.set('keeper', event => {
      events.push(event);
      expect(slots(story)).toEqual({ id: 'slots', paused: expect.anything() });
      return events.length < 3 ? { status: 'stopping', waitSeconds: 15 } : { status: 'ended' };
    });
    await story.teardown(request('Delete'));
    expect(answer().Status).toBe('SUCCESS');
    expect(events).toEqual(Array(3).fill({ contract: 1, action: 'teardown' }));
  });

  test('fails if what is kept between runs cannot be ended, named', async () => {
    const story = new Story({ teardownFunctions: ['keeper'] });
    story.aws.stops.set('keeper', () => new Error('not authorized to terminate j-1ABC'));
    await story.teardown(request('Delete'));
    expect(answer().Reason).toContain(
      'what is kept between runs: Without a run: keeper could not stop its compute: {"errorMessage":"not ' +
        'authorized to terminate j-1ABC"}',
    );
  });

  test('leaves the reason of an earlier pause for whoever resumes', async () => {
    const story = new Story();
    await pause({ table: TABLE }, 'the warehouse moves');
    await story.teardown(request('Delete'));
    expect(story.paused()).toEqual({ reason: 'the warehouse moves' });
  });
});

describe('what cannot be stopped', () => {
  test('fails the deletion in time, named; the next deletion goes on', async () => {
    const { story, execution } = await runThatGoesOn();
    computeThatEnds(story, 24 * 60 * 60);
    const began = Date.now();
    await story.teardown(request('Delete'));
    expect(Date.now() - began).toBeLessThan(15 * 60_000);
    expect(answer()).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'as-before' });
    expect(answer().Reason).toContain(
      `${execution}: has ended, its compute has not. Not ended yet, by their own answer: stop.`,
    );
    expect(answer().Reason).toContain(
      'aws cloudformation delete-stack --stack-name Orders --retain-resources UploadsStopRuns1',
    );

    computeThatEnds(story, 0);
    await story.teardown(request('Delete'));
    expect(answer().Status).toBe('SUCCESS');
    await expectClosed(story);
  });

  test('fails the deletion after about a minute if asking fails, with the error', async () => {
    const { story, execution, runId } = await runThatGoesOn();
    story.aws.stops.set('stop', () => new Error('not authorized to terminate j-1ABC'));
    const began = Date.now();
    await story.teardown(request('Delete'));
    expect(Date.now() - began).toBeLessThan(2 * 60_000);
    expect(answer().Status).toBe('FAILED');
    expect(answer().Reason).toContain(
      `${execution}: Run ${runId}, attempt 1: stop could not stop its compute: {"errorMessage":"not authorized ` +
        'to terminate j-1ABC"}',
    );
  });

  test('fails the deletion also if the ledger does not answer', async () => {
    const story = new Story();
    for (let look = 0; look < 10; look++) story.aws.refuseNext('UpdateItem', new Error('the table is gone'));
    await story.teardown(request('Delete'));
    expect(answer().Reason).toContain('the ledger or its state machine: the table is gone');
  });

  test('is forgiven if it passes', async () => {
    const { story } = await runThatGoesOn();
    for (const call of ['Invoke', 'DescribeExecution', 'ListExecutions', 'StopExecution', 'UpdateItem']) {
      story.aws.refuseNext(call, new Error('for a moment'));
    }
    await story.teardown(request('Delete'));
    expect(answer().Status).toBe('SUCCESS');
    await expectClosed(story);
  });

  test('is told in at most as many bytes as CloudFormation takes', async () => {
    const story = new Story({ stopFunctions: ['stop'], maxExecutions: 9, maxFiles: 1 });
    story.aws.stops.set('stop', () => new Error('ü'.repeat(2_000)));
    await story.receive(...'abcdefghi'.split('').map(key => story.upload(key)));
    await story.teardown(request('Delete'));
    expect(answer().Reason).toContain('and 4 more');
    expect(Buffer.byteLength(JSON.stringify(answer()))).toBeLessThanOrEqual(4_096);
  });
});

describe('the answer', () => {
  test('is repeated if CloudFormation does not take it', async () => {
    put.mockResolvedValueOnce(new Response('', { status: 503 })).mockRejectedValueOnce(new TypeError('fetch failed'));
    await new Story().teardown(request('Delete'));
    expect(answer().Status).toBe('SUCCESS');
  });

  test('fails the call if it never arrives: Lambda repeats all of it', async () => {
    put.mockResolvedValue(new Response('', { status: 403 }));
    await expect(new Story().teardown(request('Delete'))).rejects.toThrow(
      'CloudFormation did not take the answer: status 403',
    );
  });
});

describe('a function that dies', () => {
  /**
   * A run that goes on, one that has only its slot, and an execution that somebody has started by hand; the function
   * dies at one of its calls, and Lambda calls it again.
   */
  async function play(death?: { readonly call: number; readonly when: Fault['when'] }) {
    const fault = { call: Infinity, when: death?.when ?? 'before' };
    const story = new Story({ stopFunctions: ['stop'], maxExecutions: 2, maxFiles: 1, fault });
    const compute = new Set<string>();
    story.aws.stops.set('stop', event => {
      const { runId } = event as StopEvent;
      const runs = [...story.aws.executions.values()].some(
        ({ status, input }) => status === 'RUNNING' && input.runId === runId,
      );
      if (runs) throw new Error(`the compute of ${runId} is stopped while it runs`);
      compute.delete(runId);
      return { status: 'ended' };
    });
    await story.receive(story.upload('old'));
    await story.end(story.running(), 'SUCCEEDED');
    await story.receive(story.upload('a'));
    story.aws.refuseNext('TransactWriteItems', new Error('the function dies'));
    await story.receive(story.upload('b'));
    story.aws.executions.set('by-hand', {
      ...[...story.aws.executions.values()][0],
      status: 'RUNNING',
      stopped: undefined,
    });
    for (const name of story.aws.running()) compute.add(story.aws.executions.get(name)!.input.runId);

    const before = story.aws.calls.length;
    fault.call = before + (death?.call ?? Infinity);
    await story.teardown(request('Delete')).catch(() => undefined);
    const died = story.aws.restart();
    if (died) await story.teardown(request('Delete'));
    const end = {
      answer: answer().Status,
      files: story.statuses(),
      running: story.aws.running(),
      slots: slots(story),
      compute: [...compute],
    };
    return { died, calls: story.aws.calls.slice(before), end };
  }

  test.each(['before', 'after'] as const)('%s any call leaves nothing running and no file behind', async when => {
    const expected = {
      answer: 'SUCCESS',
      files: { old: 'LOADED', a: 'PENDING', b: 'PENDING' },
      running: [],
      slots: { id: 'slots', paused: expect.anything() },
      compute: [],
    };
    const { calls, end } = await play();
    expect(end).toEqual(expected);
    expect(calls.length).toBeGreaterThan(30);
    for (let call = 1; call <= calls.length; call++) {
      const dying = await play({ call, when });
      const where = `died ${when} call ${call}, ${dying.calls[call - 1]}`;
      expect([where, dying.died, dying.end]).toEqual([where, true, expected]);
    }
  });
});
