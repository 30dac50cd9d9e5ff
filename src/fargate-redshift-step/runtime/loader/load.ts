import { setTimeout as pause } from 'timers/promises';
import { retryConflicts } from './conflicts';
import { connectionTo } from './connection';
import { classify, FailureContext } from './failure';
import type { Log } from './log';
import { ReadingProgress } from './reading-progress';
import { keepRefusedRows } from './refused-rows';
import { availableCpus } from './scan/available-cpus';
import { CopySources, prepareSources } from './scan/copy-sources';
import { startRunner } from './scan/threads';
import { Session } from './session';
import { fillLatestRows } from './sql/latest-rows';
import { findRecord } from './sql/load-history';
import { copySources, createStagedRows } from './sql/staged-rows';
import { historyExists, prepareTarget } from './sql/target-table';
import type { TargetColumn } from './sql/target-types';
import { temporaryTables } from './sql/temporary-tables';
import { upsert } from './sql/upsert';
import { rejectedRowsUri, tooManyRejected } from './too-many-rejected';
import type { StagedFile, StagedFiles } from '../../../etl-pipeline/contract';
import { stepFolder, StepResult } from '../../../etl-step/contract';
import { ConfigurationError, TransientError } from '../../../runtime/errors';
import { getJson, putJsonOnce } from '../../../runtime/work-bucket';
import type { LoaderInput } from '../../contract';

/** How long the statement under way may take to be cancelled: there must be time left to say why the load ends. */
const CANCEL_MILLISECONDS = 8_000;

/**
 * Loads the staged files of a run into the target table and writes the result. May be repeated: a run whose rows are in
 * the table is not loaded again.
 *
 * @param signal ends the load within seconds, whatever it is doing; a transaction under way is rolled back
 * @throws EtlError of the class that says who can mend it
 */
export async function load(input: LoaderInput, signal: AbortSignal, log: Log): Promise<StepResult> {
  const known: FailureContext = { input };
  const work = new Load(input, known, signal, log);
  try {
    return await Promise.race([work.run(), aborted(signal)]);
  } catch (error) {
    if (signal.aborted) {
      throw new TransientError(
        `Run ${input.runId}: the load was stopped, from outside or at the end of its maxRuntime.`,
        { cause: error },
      );
    }
    throw classify(error, known);
  } finally {
    await work.end();
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    else signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

class Load {
  private readonly start = Date.now();
  private session?: Session;

  constructor(
    private readonly input: LoaderInput,
    private readonly known: FailureContext,
    private readonly signal: AbortSignal,
    private readonly log: Log,
  ) {}

  async run(): Promise<StepResult> {
    const { input, log } = this;
    const done = await getJson<StepResult>(input.workBucket, input.resultKey);
    if (done) {
      log('the result is there already, nothing to do');
      return done;
    }
    const session = await this.connect();
    const result = (await this.recorded(session)) ?? (await this.loadInto(session));
    await putJsonOnce(input.workBucket, input.resultKey, result);
    return result;
  }

  async end(): Promise<void> {
    const { session, signal, log, input } = this;
    if (!signal.aborted) return session?.close();
    const cancelled = session
      ?.abort(() => connectionTo(input.warehouse))
      .catch((error: Error) => log('the statement under way could not be cancelled', { error: error.message }));
    await Promise.race([cancelled, pause(CANCEL_MILLISECONDS)]);
  }

  private async connect(): Promise<Session> {
    const login = await connectionTo(this.input.warehouse);
    this.known.user = login.user;
    this.log('connecting', { host: login.host, port: login.port, database: login.database, user: login.user });
    const session = await Session.open(login, this.signal);
    this.session = session;
    this.log('connected');
    return session;
  }

  /** What an earlier task of the run has recorded: its files may be gone since. */
  private async recorded(session: Session): Promise<StepResult | undefined> {
    const record = (await historyExists(session, this.input.schema))
      ? await findRecord(session, this.input)
      : undefined;
    if (record) this.log('the run was loaded before, nothing changed');
    return record;
  }

  private async loadInto(session: Session): Promise<StepResult> {
    const { input, log } = this;
    const files = await this.stagedFiles();
    const columns = await retryConflicts(session, log, () => prepareTarget(session, input, input.dataset, log));
    const prepared = await this.readFiles(files, columns);

    const tables = temporaryTables(input.table);
    await session.query(createStagedRows(tables.staged, prepared.forms));
    const copied = await copySources(session, input, tables.staged, prepared.sources, log);
    const refused = copied.refused.length;
    if (copied.loaded + refused !== prepared.rows) {
      throw new Error(
        `The files hold ${prepared.rows} rows, but COPY loaded ${copied.loaded} and left out ${refused}.`,
      );
    }
    await keepRefusedRows(input, copied.refused, this.signal);
    const rejected = prepared.rejected + refused;
    if (rejected > input.maxRejectedRows) throw tooManyRejected(input, rejected, []);

    log('converting rows', { rows: copied.loaded });
    const latest = await fillLatestRows(session, copied.loaded, {
      dataset: input.dataset,
      columns,
      forms: prepared.forms,
      tables,
    });
    log('merging rows', { rows: latest });
    const counted = {
      read: prepared.rows + prepared.rejected,
      rejected,
      latest,
      ...(rejected > 0 ? { rejectedRows: rejectedRowsUri(input) } : {}),
    };
    return upsert(session, input, tables.latest, counted, () => Math.round((Date.now() - this.start) / 1000), log);
  }

  private async stagedFiles(): Promise<StagedFile[]> {
    const { runId, workBucket, stagedFilesKey } = this.input;
    const staged = await getJson<StagedFiles>(workBucket, stagedFilesKey);
    if (!staged) {
      throw new ConfigurationError(
        `Run ${runId}: s3://${workBucket}/${stagedFilesKey} is missing, though staging has written it. ` +
          'Something deletes objects below runs/ while runs still need them: look at the lifecycle rules.',
      );
    }
    this.known.files = staged.files;
    return staged.files;
  }

  private async readFiles(files: StagedFile[], targets: TargetColumn[]): Promise<CopySources> {
    const { input, log, signal } = this;
    const { workBucket, dataset, rejectedRowsFolder } = input;
    const threads = await availableCpus();
    log('reading files', { files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0), threads });
    const progress = new ReadingProgress(log);
    const rowsFolder = `${stepFolder(input.runId, input.stepId)}input/`;
    const runner = startRunner({ workBucket, dataset, targets, rowsFolder, rejectedRowsFolder }, threads, bytes =>
      progress.add(bytes),
    );
    const close = (): void => {
      void runner.close();
    };
    signal.addEventListener('abort', close, { once: true });
    try {
      signal.throwIfAborted();
      return await prepareSources(input, files, runner, threads, log);
    } finally {
      signal.removeEventListener('abort', close);
      await runner.close();
    }
  }
}
