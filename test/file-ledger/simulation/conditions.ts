/** One condition, or one order of two steps, of the protocol, taken out of the source. */
export interface Removal {
  readonly name: string;
  /** Below src. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** Part of the name of the scenario whose faults are to notice it first. */
  readonly scenario?: string;
  /** The call whose faults are to notice it first. */
  readonly call?: string;
}

const LEDGER = 'file-ledger/runtime';

const ledger = (file: string, name: string, from: string, to: string, scenario?: string): Removal => ({
  name,
  file: `${LEDGER}/${file}.ts`,
  from,
  to,
  scenario,
});

/** What docs/ledger.md demands, taken away piece by piece. */
export const REMOVALS: Removal[] = [
  // arrive
  ledger(
    'arrive',
    'arrive: if there is no item with that id',
    "'attribute_not_exists(#id)'",
    "'attribute_not_exists(#id) OR #id = #id'",
  ),
  // dispatch
  ledger('slots', 'dispatch: if live has room', 'size(#live) < :max)', 'size(#live) < :max OR :max = :max)'),
  ledger(
    'slots',
    'dispatch: if failed has fewer members than the breaker allows',
    'size(#failed) < :pauseAfter)',
    'size(#failed) < :pauseAfter OR :max = :max)',
    'keep failing',
  ),
  ledger(
    'slots',
    'dispatch: if there is no paused',
    'AND attribute_not_exists(#paused)',
    'AND (attribute_not_exists(#paused) OR :max = :max)',
    'configuration',
  ),
  ledger(
    'dispatch',
    'dispatch: the plan before the slot',
    'await putJson(ledger.workBucket, planKey(runId), plan);\n    if (!(await takeSlot(ledger, runId, now))) return;',
    'if (!(await takeSlot(ledger, runId, now))) return;\n    await putJson(ledger.workBucket, planKey(runId), plan);',
  ),
  ledger(
    'dispatch',
    'dispatch: the plan is written before the run goes on',
    'await putJson(ledger.workBucket, planKey',
    'void putJson(ledger.workBucket, planKey',
  ),
  ledger(
    'dispatch',
    'dispatch: no push without a slot',
    'if (!(await takeSlot(ledger, runId, now))) return;',
    'await takeSlot(ledger, runId, now);',
  ),
  ledger('waiting-files', 'dispatch: files of one run have one limit', 'if (file.limit !== limit) continue;', ''),
  ledger('waiting-files', 'dispatch: no more files than their limit', ' || chosen.length === limit', ''),
  // push
  ledger('push', 'push: claim if runId is as seen', "'#runId = :seen'", "'#runId = :seen OR :seen = :seen'"),
  ledger('push', 'push: a refused claim of this run is mine', 'refusal.old?.runId?.S === runId', 'false'),
  ledger('push', 'push: a refused claim of another run is lost', 'refusal.old?.runId?.S === runId', 'true'),
  ledger('push', 'push: a run without files gives its slot back', 'await giveBackSlot(ledger, runId);', ''),
  ledger('push', 'push: a run without files has no item', 'if (!(await getRun(ledger, runId))) {', '{'),
  ledger(
    'push',
    'push: the list before the item',
    `await putJson(ledger.workBucket, filesKey(runId), mine.map(ledgerFile));
  const run = await putRunOnce(ledger, runId, mine);`,
    `const run = await putRunOnce(ledger, runId, mine);
  await putJson(ledger.workBucket, filesKey(runId), mine.map(ledgerFile));`,
  ),
  ledger(
    'push',
    'push: the item before the start',
    `const run = await putRunOnce(ledger, runId, mine);
  await start(ledger, run, 1);`,
    `await start(ledger, { id: runId, count: mine.length, bytes: 10 * mine.length } as never, 1);
  await putRunOnce(ledger, runId, mine);`,
  ),
  ledger('run-item', 'push: the item once', "'attribute_not_exists(#id)'", "'attribute_not_exists(#id) OR #id = #id'"),
  ledger(
    'start',
    'start: already exists is success',
    'if (!(error instanceof ExecutionAlreadyExists)) throw error;',
    'throw error;',
  ),
  // advance
  ledger(
    'advance',
    'advance: a final run is only released',
    "if (run.status !== 'RUNNING') return release(ledger, run);",
    '',
  ),
  ledger('advance', 'advance: a final run is released', 'return release(ledger, run);', 'return;'),
  ledger(
    'advance',
    'advance: what does not exist is started, not settled',
    "if (end === 'missing') return start(ledger, run, run.attempt);",
    "if (end === 'missing') return settle(ledger, run, { status: 'FAILED', error: 'missing' });",
  ),
  ledger(
    'advance',
    'advance: what does not exist is started',
    "if (end === 'missing') return start(ledger, run, run.attempt);",
    "if (end === 'missing') return;",
  ),
  ledger(
    'advance',
    'advance: what runs is left alone',
    "if (end === 'running') return;",
    "if (end === 'running') return settle(ledger, run, { status: 'FAILED', error: 'running' });",
  ),
  ledger(
    'advance',
    'advance: compute has ended first',
    'const stopping = await stopCompute(ledger, { runId, attempt: run.attempt });',
    'void stopCompute(ledger, { runId, attempt: run.attempt });\n  const stopping: string[] = [];',
  ),
  ledger(
    'advance',
    'advance: compute that is ending has not ended',
    'if (stopping.length > 0) {',
    'if (stopping.length > 9) {',
  ),
  ledger(
    'advance',
    'advance: the attempt is counted before the next one starts',
    `await nextAttempt(ledger, run);
    return start(ledger, run, run.attempt + 1);`,
    `await start(ledger, run, run.attempt + 1);
    return nextAttempt(ledger, run);`,
  ),
  ledger('advance', 'advance: attempts are counted', 'await nextAttempt(ledger, run);', ''),
  ledger('run-item', 'advance: attempt is k', "'#attempt = :attempt'", "'#attempt = :attempt OR :attempt = :attempt'"),
  ledger(
    'attempt-end',
    'advance: only FAILED is repeated',
    "end.status === 'FAILED' && ",
    "end.status !== 'SUCCEEDED' && ",
  ),
  ledger('attempt-end', 'advance: Etl.Data is not repeated', 'ERROR.data,', ''),
  ledger('attempt-end', 'advance: Etl.Configuration is not repeated', 'ERROR.configuration,', ''),
  ledger('attempt-end', 'advance: Etl.Timeout is not repeated', 'ERROR.timeout,', ''),
  ledger('attempt-end', 'advance: no more than maxAttempts', ' && run.attempt < run.maxAttempts', ''),
  {
    name: 'advance: an event starts no run without an item',
    file: 's3-queue-trigger/runtime/advance.lambda.ts',
    from: 'leaveUnstarted: true',
    to: 'leaveUnstarted: false',
  },
  // settle
  ledger(
    'settle',
    'settle: status is CLAIMED',
    "'#status = :claimed AND #runId = :run'",
    "'(#status = :claimed OR :claimed = :claimed) AND #runId = :run'",
  ),
  ledger(
    'settle',
    'settle: runId is this run',
    "'#status = :claimed AND #runId = :run'",
    "'#status = :claimed AND (#runId = :run OR :run = :run)'",
  ),
  ledger(
    'settle',
    'settle: n is the count of the item',
    'fileOutcomes(end, run.count, files, rejected)',
    'fileOutcomes(end, files.length, files, rejected)',
  ),
  ledger('settle', 'settle: the files before the item', 'await updateEach(\n', '[] as undefined[]; void (\n'),
  ledger(
    'settle',
    'settle: the item before the release',
    'const isFirst = await finishRun(',
    [
      'await release(ledger, { id: run.id, status: end.status, error: end.error, cause });',
      'const isFirst = await finishRun(',
    ].join('\n'),
  ),
  ledger('settle', 'settle: files put back wait', "assign('waiting', waitingShard(id));", ''),
  ledger(
    'settle',
    'settle: halves have a limit',
    "if (outcome.limit !== undefined) assign('limit', outcome.limit);",
    '',
  ),
  ledger(
    'settle',
    'settle: what staging rejected',
    'new Map(staged?.rejected.map(file => [file.id, file.reason]))',
    'new Map<string, string>()',
  ),
  ledger(
    'outcome',
    'settle: Etl.Configuration puts files back',
    'if (isConfigurationFailure(end) || isStopped(end)) return',
    'if (isStopped(end)) return',
  ),
  ledger('outcome', 'settle: one file alone is its own proof', 'if (count > 1) return', 'if (count > 0) return'),
  ledger(
    'outcome',
    'settle: named files are rejected, the others wait',
    'if (named.size > 0) {',
    'if (named.size > 1) {',
  ),
  // release
  ledger(
    'release',
    'release: if live contains the run',
    "'contains(#live, :run)'",
    "'contains(#live, :run) OR :run = :run'",
  ),
  ledger('release', 'release: the slot goes', 'DELETE #live :runs$', 'ADD #live :runs$'),
  ledger('release', 'release: success clears failed', "' REMOVE #failed'", "' ADD #failed :runs'"),
  ledger('release', 'release: failure is remembered', "' ADD #failed :runs'", "' REMOVE #failed'"),
  ledger(
    'release',
    'release: Etl.Configuration pauses',
    'const pauses = isConfigurationFailure(run);',
    'const pauses = false as boolean;',
  ),
  // sweep
  ledger(
    'sweep',
    'sweep: every run is advanced',
    'return advance(ledger, runId',
    'return Promise.resolve() ?? advance(ledger, runId',
  ),
  ledger('sweep', 'sweep: dispatches', "await attempt('Dispatching', () => dispatch(ledger, mayContinue));", ''),
  ledger(
    'sweep',
    'sweep: a run without an item is pushed in the end',
    'leaveUnstarted: ageSeconds <= LEDGER_FUNCTION_TIMEOUT_SECONDS',
    'leaveUnstarted: true',
  ),
  // stop
  {
    name: 'stop: never a later attempt',
    file: 'etl-step/runtime/job-handler.ts',
    from: 'launch.attempt <= attempt',
    to: 'launch.attempt <= attempt + 9',
    scenario: 'until the last one',
    call: 'lambda:Invoke',
  },
  {
    name: 'stop: the attempt itself',
    file: 'etl-step/runtime/job-handler.ts',
    from: 'launch.attempt <= attempt',
    to: 'launch.attempt < attempt',
  },
  {
    name: 'stop: ended means ended',
    file: 'etl-step/runtime/job-handler.ts',
    from: 'ended.every(Boolean)',
    to: 'ended.length >= 0',
  },
];

/** @throws Error if the source does not hold the condition, or holds it twice */
export function remove(text: string, { file, from, to }: Removal): string {
  if (text.split(from).length !== 2) throw new Error(`${file} must contain exactly once: ${from}`);
  return text.replace(from, () => to);
}
