import { execFileSync } from 'child_process';
import { mkdtempSync, readFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { OPERATIONS } from '../../src/operator/contract';
import { s3Failure } from '../file-ledger/fake-aws';
import { fakeTime, Story } from '../file-ledger/story';

const DOCUMENT = readFileSync('docs/operate.md', 'utf8');

/** The payloads that docs/operate.md tells to send, below a heading. */
function commands(heading: string): string[] {
  const [, section] = DOCUMENT.split(new RegExp(`^#+ ${heading}\n`, 'm'));
  return [...section.split(/^#/m)[0].matchAll(/^etl '(.*)'$/gm)].map(([, payload]) => payload);
}

test('every operation is documented, with all its fields', () => {
  const rows = new Map(
    [...DOCUMENT.matchAll(/^\| `(\w+)` *\| (.*?) \|/gm)].map(([, operation, fields]) => [operation, fields]),
  );
  for (const [operation, { oneOf = [], required = [], optional = [] }] of Object.entries(OPERATIONS)) {
    const fields = [...rows.get(operation)!.matchAll(/`(\w+)`/g)].map(([, field]) => field);
    expect([operation, fields.sort()]).toEqual([operation, [...new Set([...oneOf, ...required, ...optional])].sort()]);
  }
});

test('an evening ends well with the documented commands alone', async () => {
  const time = fakeTime('2026-03-01T20:00:00Z');
  const story = new Story({ maxAttempts: 2, prefix: 'in/' });
  let answers: any[] = [];
  /** Sends what the document tells. */
  const operate = async (heading: string, known: Record<string, string> = {}) => {
    for (const command of commands(heading)) {
      const payload = Object.entries(known).reduce(
        (text, [name, value]) => text.replaceAll(`<${name}>`, value),
        command,
      );
      answers.push(await story.operate(JSON.parse(payload)));
    }
  };
  const minute = async () => {
    time.advanceMinutes(1);
    await story.sweep();
  };

  // a broken permission
  await story.receive(story.upload('in/a.csv'));
  await story.end(story.running(), 'FAILED', 'Etl.Configuration', 'the role may not read the work bucket');
  await story.receive(story.upload('in/b.csv'));
  await minute();
  expect(story.aws.running()).toEqual([]);
  await operate('A broken permission');
  expect(answers[0].paused).toMatch(/^run .* failed: Etl.Configuration: the role may not read/);
  expect(answers[0].files.map((file: { key: string }) => file.key)).toEqual(['in/a.csv', 'in/b.csv']);
  await minute();
  await story.end(story.running(), 'SUCCEEDED');
  expect(story.statuses()).toEqual({ 'in/a.csv': 'LOADED', 'in/b.csv': 'LOADED' });

  // a bad file
  await story.receive(story.upload('in/bad.csv'), story.upload('in/good.csv'));
  const first = story.running();
  await story.receive(story.upload('in/mistake.csv'));
  story.aws.endExecution(
    first,
    'FAILED',
    'Etl.Data',
    JSON.stringify({ message: 'line 7: no date', files: [story.file('in/bad.csv').id] }),
  );
  answers = [];
  await operate('A bad file'); // before the event of the end came
  await story.event(first);
  await story.end(story.running(), 'SUCCEEDED');
  expect(answers[1]).toMatchObject({ setAside: 1 });
  answers = [];
  await operate('A bad file');
  expect(answers[0].files).toContainEqual(
    expect.objectContaining({ key: 'in/bad.csv', status: 'REJECTED', reason: 'Etl.Data: line 7: no date' }),
  );
  await story.receive(story.upload('in/bad.csv'));
  await story.end(story.running(), 'SUCCEEDED');
  expect(
    story
      .files()
      .filter(file => file.key === 'in/bad.csv')
      .map(file => file.status),
  ).toEqual(['REJECTED', 'LOADED']);

  // a full dead-letter queue
  const letters = ['in/c.csv', 'in/d.csv'].map(key => story.upload(key));
  for (let receives = 0; receives < 5; receives++) {
    letters.forEach(() => story.aws.refuseNext('HeadObject', s3Failure(403)));
    expect(await story.receive(...letters)).toEqual([0, 1]);
  }
  expect(await story.receive(...letters)).toEqual([]); // moved back to the queue
  await story.end(story.running(), 'SUCCEEDED');
  expect(story.statuses()).toMatchObject({ 'in/c.csv': 'LOADED', 'in/d.csv': 'LOADED' });

  // a replay
  await story.receive(story.upload('in/late.csv'));
  const runId = story.running().slice(0, -2);
  await story.end(`${runId}-1`, 'FAILED', 'Etl.LoadFailed', 'the warehouse is down');
  await story.end(`${runId}-2`, 'FAILED', 'Etl.LoadFailed', 'the warehouse is down');
  expect(story.statuses()).toMatchObject({ 'in/late.csv': 'FAILED' });
  answers = [];
  await operate('A replay', { runId });
  expect(answers[0].runs).toContainEqual(
    expect.objectContaining({ runId, cause: 'Etl.LoadFailed: the warehouse is down' }),
  );
  expect(answers[1]).toMatchObject({ putBack: 1, warning: expect.stringContaining('DynamoDB') });
  await minute();
  await story.end(story.running(), 'SUCCEEDED');
  answers = [];
  await operate('A replay', { runId });
  expect(answers[1]).toMatchObject({ putBack: 0 }); // once more does nothing
  expect(answers[2].answer).toMatch(/^It was loaded by run/);

  // a backfill, of what lay there before
  const old = Array.from({ length: 25 }, (_, number) => `in/2025/${String(number).padStart(2, '0')}.csv`);
  old.forEach(key => story.upload(key));
  story.aws.listLimit = 10;
  story.remainingMilliseconds = 20_000;
  const request = { operation: 'backfill', prefix: 'in/2025/' };
  const calls = [await story.operate(request)];
  while (calls.at(-1).next) calls.push(await story.operate({ ...request, next: calls.at(-1).next }));
  expect(calls.map(({ entered, failed }) => [entered, failed])).toEqual([
    [10, 0],
    [10, 0],
    [5, 0],
  ]);
  story.remainingMilliseconds = 180_000;
  await minute();
  await story.end(story.running(), 'SUCCEEDED');
  answers = [];
  await operate('A backfill');
  expect(answers).toEqual([{ paused: null, runs: [], files: [] }]);

  const done = story
    .files()
    .filter(file => file.status === 'LOADED')
    .map(file => file.key);
  expect(done.sort()).toEqual(
    [...old, 'in/a.csv', 'in/b.csv', 'in/bad.csv', 'in/c.csv', 'in/d.csv', 'in/good.csv', 'in/late.csv'].sort(),
  );
  expect(
    story
      .files()
      .filter(file => file.status !== 'LOADED')
      .map(({ key, status }) => [key, status]),
  ).toEqual([
    ['in/bad.csv', 'REJECTED'],
    ['in/mistake.csv', 'REJECTED'],
  ]);
  jest.useRealTimers();
});

test('the documented loop goes on until an answer has no next, whatever the key', () => {
  const etl = /^etl\(\).*$/m.exec(DOCUMENT)![0];
  const loop = /```sh\n(next=\n[^]*?)```/.exec(DOCUMENT)![1];
  // the CLI writes the answer, without an end of line, and then what it has to say itself
  const aws = `aws() {
    while [ "$1" != --payload ]; do shift; done
    printf '%s\\n' "$2" >> "$LOG"
    if [ "$(wc -l < "$LOG")" -eq 1 ]; then printf %s "$FIRST"; else printf %s "$SECOND"; fi
    echo '{"StatusCode": 200}'
  }`;
  const next = 'in/2025/a "b" $c.csv';
  const log = join(mkdtempSync(join(tmpdir(), 'operate-')), 'calls');
  execFileSync('bash', ['-c', [aws, etl, loop].join('\n')], {
    env: {
      ...process.env,
      LOG: log,
      FIRST: JSON.stringify({ entered: 1, next }),
      SECOND: JSON.stringify({ entered: 2 }),
    },
  });
  expect(
    readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line)),
  ).toEqual([
    { operation: 'backfill', prefix: 'in/2025/' },
    { operation: 'backfill', prefix: 'in/2025/', next },
  ]);
});
