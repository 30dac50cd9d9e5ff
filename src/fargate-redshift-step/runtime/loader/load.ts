import { setTimeout as pause } from 'timers/promises';
import { connectionTo } from './connection';
import { classify, FailureContext } from './failure';
import type { Log } from './log';
import { ReadingProgress } from './reading-progress';
import { keepRefusedRows } from './refused-rows';
import { ConnectionLostError, isConflict, Retries } from './retries';
import { availableCpus } from './scan/available-cpus';
import { CopySources, prepareSources } from './scan/copy-sources';
import { startRunner } from './scan/threads';
import { Session } from './session';
import { findRecord } from './sql/load-history';
import { findRunRows } from './sql/run-rows';
import { copySources, createStagedRows, RefusedRow } from './sql/staged-rows';
import { findHistory, prepareTarget, TargetTable } from './sql/target-table';
import type { TargetColumn } from './sql/target-types';
import { temporaryTables } from './sql/temporary-tables';
import { writeOnce } from './sql/write-once';
import { rejectedRowsUri, tooManyRejected } from './too-many-rejected';
import type { StagedFile, StagedFiles } from '../../../etl-pipeline/contract';
import { stepFolder, StepResult } from '../../../etl-step/contract';
import { ConfigurationError, TransientError } from '../../../runtime/errors';
import { getJson, putJsonOnce } from '../../../runtime/work-bucket';
import type { LoaderInput, LoaderResult } from '../../contract';

/** How long the statement under way may take to be cancelled: there must be time left to say why the load ends. */
const CANCEL_MILLISECONDS = 8_000;

/**
 * Loads the staged files of a run into the target table and writes the result. May be repeated: a run whose rows are in
 * the table is not loaded again.
 *
 * @param signal ends the load within seconds, whatever it is doing; a transaction under way is rolled back
 * @throws EtlError of the class that says who can mend it
 */
export async function load(input: LoaderInput, signal: AbortSignal, log: Log): Promise<LoaderResult> {
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

/** A thread takes about as long to start as to read so much: small runs are read in the program's own. */
const THREAD_BYTES = 16 * 1024 * 1024;

/** What the pass over the files found for the table's columns. */
interface ReadFiles {
  readonly columns: TargetColumn[];
  readonly sources: CopySources;
}

class Load {
  private readonly start = Date.now();
  private readonly retries: Retries;
  private session?: Session;
  private files?: ReadFiles;

  constructor(
    private readonly input: LoaderInput,
    private readonly known: FailureContext,
    private readonly signal: AbortSignal,
    private readonly log: Log,
  ) {
    this.retries = new Retries(log, signal);
  }

  async run(): Promise<LoaderResult> {
    const { input, log } = this;
    const done = await getJson<LoaderResult>(input.workBucket, input.resultKey);
    if (done) {
      log('the result is there already, nothing to do');
      return done;
    }
    // with the connection go the temporary tables: all but the pass over the files is done again
    const counted = await this.retries.run(
      () => this.throughOneSession(),
      error => error instanceof ConnectionLostError,
    );
    const result = { ...counted, retries: this.retries.count };
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

  private async throughOneSession(): Promise<StepResult> {
    const session = await this.connect();
    return (await this.recorded(session)) ?? this.loadInto(session);
  }

  private async connect(): Promise<Session> {
    const { input, log, session: lost } = this;
    const login = await connectionTo(input.warehouse);
    this.known.user = login.user;
    log('connecting', { host: login.host, port: login.port, database: login.database, user: login.user });
    const session = await Session.open(login, input.maxRuntimeSeconds, this.signal);
    this.session = session;
    log('connected');
    if (lost) await session.endOther(lost);
    return session;
  }

  /** What an earlier task of the run has recorded: its files may be gone since. */
  private async recorded(session: Session): Promise<StepResult | undefined> {
    const schema = await findHistory(session, this.input.schema);
    const record = schema === undefined ? undefined : await findRecord(session, schema, this.input);
    if (record) this.log('the run was loaded before, nothing changed');
    return record;
  }

  private async loadInto(session: Session): Promise<StepResult> {
    const { input, log } = this;
    const files = await this.stagedFiles();
    const target = await this.againAfterConflicts(session, () => prepareTarget(session, input, log));
    const sources = await this.readFiles(files, target);

    const tables = temporaryTables(target.table);
    await session.query(createStagedRows(tables.staged, sources.forms));
    const copied = await copySources(session, input, tables.staged, sources.sources, log);
    const refused = copied.refused.length;
    if (copied.loaded + refused !== sources.rows) {
      throw new Error(`The files hold ${sources.rows} rows, but COPY loaded ${copied.loaded} and left out ${refused}.`);
    }
    await keepRefusedRows(input, copied.refused, this.signal);
    const tooMany = tooManyRejected(input, withRefused(sources, copied.refused));
    if (tooMany) throw tooMany;

    log('finding rows with equal keys', { rows: copied.loaded });
    const { dataset, mode } = input;
    const { forms } = sources;
    const rows = await findRunRows(session, copied.loaded, { dataset, mode, columns: target.columns, forms, tables });
    log('writing rows', { rows: rows.count });
    const rejected = sources.rejected + refused;
    const counted = {
      read: sources.rows + sources.rejected,
      rejected,
      ...(rejected > 0 ? { rejectedRows: rejectedRowsUri(input) } : {}),
      seconds: () => Math.round((Date.now() - this.start) / 1000),
    };
    return this.againAfterConflicts(session, () => writeOnce(session, input, { target, rows }, counted, log));
  }

  /**
   * Does something in a transaction, or in statements that may be repeated, until no other transaction is in the way.
   */
  private async againAfterConflicts<T>(session: Session, attempted: () => Promise<T>): Promise<T> {
    return this.retries.run(attempted, isConflict, () => session.query('ROLLBACK'));
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

  /** Files are read once, unless the table's columns have changed since. */
  private async readFiles(files: StagedFile[], { columns }: TargetTable): Promise<CopySources> {
    if (JSON.stringify(this.files?.columns) !== JSON.stringify(columns)) {
      this.files = { columns, sources: await this.scan(files, columns) };
    }
    return this.files!.sources;
  }

  private async scan(files: StagedFile[], targets: TargetColumn[]): Promise<CopySources> {
    const { input, log, signal } = this;
    const { workBucket, dataset, rejectedRowsFolder } = input;
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const threads = Math.max(1, Math.min(await availableCpus(), Math.ceil(bytes / THREAD_BYTES)));
    log('reading files', { files: files.length, bytes, threads });
    const progress = new ReadingProgress(log);
    const rowsFolder = `${stepFolder(input.runId, input.stepId)}input/`;
    const context = { workBucket, dataset, targets, rowsFolder, rejectedRowsFolder };
    const runner = startRunner(context, threads, read => progress.add(read));
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

/** Rows of the files, those that COPY refused among the rejected ones. */
function withRefused({ files }: CopySources, refused: RefusedRow[]): CopySources['files'] {
  const byFile = new Map<string, number>();
  for (const { source } of refused) byFile.set(source.file, (byFile.get(source.file) ?? 0) + 1);
  return files.map(file => ({ ...file, rejected: file.rejected + (byFile.get(file.id) ?? 0) }));
}
