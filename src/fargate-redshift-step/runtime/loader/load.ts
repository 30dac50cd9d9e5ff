import { CHECKED_ROWS, createCheckedRows, createLatestRows, fillCheckedRows, fillLatestRows, LATEST_ROWS } from './checked-rows';
import { connectionTo } from './connection';
import { CopySources, prepareSources } from './copy-sources';
import { classify, FailureContext } from './failure';
import type { Log } from './log';
import { keepInvalidRows, keepRefusedRows } from './rejected-rows';
import { Session } from './session';
import { CopiedRows, copySources } from './staged-rows';
import { prepareTarget } from './target-table';
import { CountedRows, upsert } from './upsert';
import type { StagedFiles } from '../../../etl-pipeline/contract';
import type { StepResult } from '../../../etl-step/contract';
import { ConfigurationError, DataError, TransientError } from '../../../runtime/errors';
import { getJson, putJsonOnce } from '../../../runtime/work-bucket';
import type { LoaderInput } from '../../contract';

/** When a run has too many rejected rows, this many of those that break a column's rule are kept, to see what is wrong. */
const SAMPLE_ROWS = 1_000;

/**
 * Loads the staged files of a run into the target table and writes the result. May be repeated: a run whose rows are in the table is not loaded again.
 *
 * @param signal aborts the load; a transaction under way is rolled back
 * @throws EtlError of the class that says who can mend it
 */
export async function load(input: LoaderInput, signal: AbortSignal, log: Log): Promise<StepResult> {
  let known: FailureContext = { input };
  let session: Session | undefined;
  const abort = (): void => {
    session?.abort().catch((error: Error) => log('the statement under way could not be cancelled', { error: error.message }));
  };
  try {
    const done = await getJson<StepResult>(input.workBucket, input.resultKey);
    if (done) {
      log('the result is there already, nothing to do');
      return done;
    }
    const staged = await getJson<StagedFiles>(input.workBucket, input.stagedFilesKey);
    if (!staged) {
      throw new ConfigurationError(`Run ${input.runId}: s3://${input.workBucket}/${input.stagedFilesKey} is missing, though staging has written it. `
        + 'Something deletes objects below runs/ while runs still need them: look at the lifecycle rules, then replay the files.');
    }
    known = { ...known, files: staged.files };
    const connection = await connectionTo(input.warehouse);
    known = { ...known, user: connection.user };
    log('connecting', { host: connection.host, port: connection.port, database: connection.database, user: connection.user });
    session = await Session.open(connection);
    signal.addEventListener('abort', abort, { once: true });
    signal.throwIfAborted();
    const result = await loadInto(session, input, staged, log);
    await putJsonOnce(input.workBucket, input.resultKey, result);
    return result;
  } catch (error) {
    if (signal.aborted) throw new TransientError(`Run ${input.runId}: the load was stopped, from outside or at the end of its maxRuntime.`, { cause: error });
    throw classify(error, known);
  } finally {
    signal.removeEventListener('abort', abort);
    if (!signal.aborted) await session?.close();
  }
}

async function loadInto(session: Session, input: LoaderInput, staged: StagedFiles, log: Log): Promise<StepResult> {
  const start = Date.now();
  const seconds = (): number => Math.round((Date.now() - start) / 1000);
  const columns = await prepareTarget(session, input, input.dataset, log);
  const prepared = await prepareSources(input, staged.files, log);
  const malformed = [...prepared.malformed.values()].reduce((sum, rows) => sum + rows, 0);
  if (malformed > input.maxRejectedRows) throw tooManyRejected(input, prepared, malformed);
  const copied = await copySources(session, input, prepared.sources, log);
  await keepRefusedRows(input, copied.refused);
  await session.query(createCheckedRows(input.dataset));
  await session.query(fillCheckedRows(input.dataset, columns));
  const counted = await count(session, input, prepared, malformed, copied, log);
  await session.query(createLatestRows(columns));
  await session.query(fillLatestRows(input.dataset, columns));
  const latest = Number(await session.value(`SELECT COUNT(*) FROM ${LATEST_ROWS}`));
  return upsert(session, input, { ...counted, latest }, seconds, log);
}

/** Counts the rows and keeps those that break a column's rule. */
async function count(
  session: Session, input: LoaderInput, prepared: CopySources, malformed: number, { loaded, refused }: CopiedRows, log: Log,
): Promise<Omit<CountedRows, 'latest'>> {
  const checked = Number(await session.value(`SELECT COUNT(*) FROM ${CHECKED_ROWS}`));
  if (checked !== loaded) throw new Error(`COPY loaded ${loaded} rows, but ${checked} were checked.`);
  const invalid = Number(await session.value(`SELECT COUNT(*) FROM ${CHECKED_ROWS} WHERE reason IS NOT NULL`));
  const read = malformed + refused.length + loaded;
  const rejected = malformed + refused.length + invalid;
  log('rows checked', { read, malformed, refused: refused.length, invalid });
  const tooMany = rejected > input.maxRejectedRows;
  await keepInvalidRows(session, input, tooMany ? SAMPLE_ROWS : invalid);
  if (tooMany) throw tooManyRejected(input, prepared, rejected);
  return { read, rejected, ...rejected > 0 ? { rejectedRows: folderOf(input) } : {} };
}

const folderOf = ({ workBucket, rejectedRowsFolder }: LoaderInput): string => `s3://${workBucket}/${rejectedRowsFolder}`;

/** Names the files that have more malformed rows than the whole run may reject: those are at fault, whatever the others hold. */
function tooManyRejected(input: LoaderInput, { malformed }: CopySources, rejected: number): DataError {
  const files = [...malformed].filter(([, rows]) => rows > input.maxRejectedRows).map(([id]) => id);
  return new DataError(`Run ${input.runId}: at least ${rejected} rows cannot be loaded, and maxRejectedRows allows ${input.maxRejectedRows}. `
    + `See the first of them and their reasons below ${folderOf(input)}`, files);
}
