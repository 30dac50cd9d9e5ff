import type { Fault } from './fake-aws';
import { fakeTime, Story, type StoryOptions } from './story';
import { EVENTS_ENV } from '../../src/file-ledger/contract';

let time: ReturnType<typeof fakeTime>;

beforeEach(() => {
  time = fakeTime('2026-03-01T10:00:00Z');
  process.env[EVENTS_ENV.trigger] = 'Stack-Trigger';
});

afterEach(() => {
  jest.useRealTimers();
  delete process.env[EVENTS_ENV.trigger];
});

async function arrived(names: string[], options: StoryOptions = {}): Promise<Story> {
  const story = new Story({ maxAttempts: 1, ...options });
  await story.receive(...names.map(key => story.upload(key)));
  return story;
}

const types = (story: Story) => story.aws.events.map(event => event.detailType);

test('a run that fails is told of, with what became of its files; a file that it rejects, too', async () => {
  const story = await arrived(['a', 'b']);
  const execution = story.running();
  const runId = execution.slice(0, -2);
  const { id, versionId } = story.file('a');
  await story.end(execution, 'FAILED', 'Etl.Data', JSON.stringify({ message: 'no date', files: [id] }));
  expect(story.aws.events).toEqual([
    {
      detailType: 'Etl File Rejected',
      detail: {
        trigger: 'Stack-Trigger',
        fileId: id,
        bucket: 'landing',
        key: 'a',
        versionId,
        runId,
        reason: 'Etl.Data: no date',
      },
    },
    {
      detailType: 'Etl Run Failed',
      detail: {
        trigger: 'Stack-Trigger',
        runId,
        attempt: 1,
        status: 'FAILED',
        error: 'Etl.Data',
        cause: 'Etl.Data: no date',
        files: { REJECTED: 1, PENDING: 1 },
      },
    },
  ]);
});

test('a run that succeeds tells of files that staging rejected, and of nothing else', async () => {
  const story = await arrived(['a', 'b']);
  const execution = story.running();
  const staged = { files: [], rejected: [{ id: story.file('b').id, reason: 'empty' }] };
  story.aws.workObjects.set(`runs/${execution.slice(0, -2)}/staged.json`, JSON.stringify(staged));
  await story.end(execution, 'SUCCEEDED');
  expect(story.aws.events).toEqual([
    { detailType: 'Etl File Rejected', detail: expect.objectContaining({ key: 'b', reason: 'empty' }) },
  ]);
});

test('a file that is too large is told of as it arrives, without a run', async () => {
  const story = new Story({ maxFileSize: 1 });
  await story.receive(story.upload('a'));
  const { id, versionId } = story.file('a');
  expect(story.aws.events).toEqual([
    {
      detailType: 'Etl File Rejected',
      detail: {
        trigger: 'Stack-Trigger',
        fileId: id,
        bucket: 'landing',
        key: 'a',
        versionId,
        reason: expect.stringContaining('maxFileSize'),
      },
    },
  ]);
});

test.each(['before', 'after'] as const)(
  'a crash %s any call loses no event of a file that is too large',
  async when => {
    for (let call = 1; call <= 3; call++) {
      const story = new Story({ maxFileSize: 1, fault: { call, when } });
      const message = story.upload('a');
      await story.receive(message).catch(() => undefined);
      if (story.aws.restart()) await story.receive(message);
      expect([call, types(story)[0], story.statuses()]).toEqual([call, 'Etl File Rejected', { a: 'REJECTED' }]);
    }
  },
);

test('a bus that refuses keeps no file from being entered', async () => {
  const story = new Story({ maxFileSize: 1 });
  story.aws.refuseNext('PutEvents', new Error('denied'));
  expect(await story.receive(story.upload('a'))).toEqual([]);
  expect(story.statuses()).toEqual({ a: 'REJECTED' });
});

test('an attempt that is followed by another is no failed run', async () => {
  const story = await arrived(['a'], { maxAttempts: 2 });
  await story.end(story.running(), 'FAILED', 'Etl.Transient');
  expect(story.aws.events).toEqual([]);
});

test('many rejected files go in calls of ten', async () => {
  const story = await arrived(Array.from({ length: 95 }, (_, number) => `file-${number}`));
  await story.end(
    story.running(),
    'FAILED',
    'Etl.Data',
    JSON.stringify({ message: 'bad', files: story.files().map(file => file.id) }),
  );
  expect(story.aws.events).toHaveLength(96);
  expect(story.aws.calls.filter(call => call === 'PutEvents')).toHaveLength(10);
});

test('events that the bus refuses for a moment are sent again, those alone', async () => {
  const story = await arrived(['a', 'b']);
  story.aws.refusedEvents.push(false, true);
  await story.end(
    story.running(),
    'FAILED',
    'Etl.Data',
    JSON.stringify({ message: 'bad', files: story.files().map(file => file.id) }),
  );
  expect(story.aws.events.map(event => event.detail.key ?? event.detail.status).sort()).toEqual(['FAILED', 'a', 'b']);
});

test('a bus that refuses for good holds nothing up, and is an error', async () => {
  const story = await arrived(['a']);
  story.aws.refuseNext('PutEvents', new Error('denied'));
  await expect(story.end(story.running(), 'FAILED', 'Etl.LoadFailed')).rejects.toThrow(
    /^Run .* is settled, but its events were not sent: denied/,
  );
  expect(story.statuses()).toEqual({ a: 'FAILED' });
  expect(story.slots().live).toEqual([]);
});

test('nobody listens: nothing is sent', async () => {
  delete process.env[EVENTS_ENV.trigger];
  const story = await arrived(['a'], { pauseAfter: 1 });
  await story.end(story.running(), 'FAILED', 'Etl.LoadFailed');
  await story.sweep();
  expect(story.aws.calls).not.toContain('PutEvents');
});

describe('a pause is told of once', () => {
  test('that of a failed configuration', async () => {
    const story = await arrived(['a']);
    const execution = story.running();
    await story.end(execution, 'FAILED', 'Etl.Configuration', 'no permission');
    await story.sweep();
    expect(types(story)).toEqual(['Etl Run Failed', 'Etl Paused']);
    expect(story.aws.events[1].detail).toEqual({
      trigger: 'Stack-Trigger',
      runId: execution.slice(0, -2),
      reason: expect.stringMatching(/^run .* failed: Etl.Configuration: no permission/),
    });
  });

  test('that of an operator, and the next one again', async () => {
    const story = new Story();
    for (const reason of ['one', 'two']) {
      await story.operate({ operation: 'pause', reason });
      await story.sweep();
      await story.sweep();
      await story.operate({ operation: 'resume' });
    }
    expect(story.aws.events.map(event => event.detail.reason)).toEqual(['one', 'two']);
  });

  test('that of too many failed runs, and after a success the next one again', async () => {
    const story = await arrived(['a'], { pauseAfter: 1, maxExecutions: 2 });
    const first = story.running();
    await story.receive(story.upload('b'));
    const [second] = story.aws.running().filter(name => name !== first);
    await story.end(first, 'FAILED', 'Etl.LoadFailed');
    await story.sweep();
    expect(types(story)).toEqual(['Etl Run Failed', 'Etl Paused']);
    await story.end(second, 'SUCCEEDED');
    await story.receive(story.upload('c'));
    await story.end(story.running(), 'FAILED', 'Etl.LoadFailed');
    expect(types(story)).toEqual(['Etl Run Failed', 'Etl Paused', 'Etl Run Failed', 'Etl Paused']);
  });
});

test.each(['before', 'after'] as const)('a crash %s any call loses no event', async when => {
  const play = async (fault?: Fault) => {
    const story = new Story({ maxAttempts: 1, fault });
    const run = async (process: () => Promise<unknown>) => {
      await process().catch(() => undefined);
      return story.aws.restart();
    };
    const message = story.upload('a');
    if (await run(() => story.receive(message))) await story.receive(message);
    for (let minute = 0; minute < 5; minute++) {
      for (const name of story.aws.running()) {
        story.aws.endExecution(name, 'FAILED', 'Etl.Configuration', 'no permission');
        await run(() => story.event(name));
      }
      time.advanceMinutes(5);
      await run(() => story.sweep());
    }
    return story;
  };
  const { calls } = (await play()).aws;
  for (let call = 1; call <= calls.length; call++) {
    const story = await play({ call, when });
    expect([call, [...new Set(types(story))].sort()]).toEqual([call, ['Etl Paused', 'Etl Run Failed']]);
  }
});
