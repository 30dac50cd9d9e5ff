import { isMainThread } from 'worker_threads';
import { load } from './load';
import { jsonLog } from './log';
import { serveParts } from './scan/threads';
import { ERROR } from '../../../etl-step/contract';
import { requireEnv } from '../../../runtime/environment';
import { DataError, EtlError, TransientError } from '../../../runtime/errors';
import { getJson, putJson } from '../../../runtime/work-bucket';
import { LOADER_EXIT, LOADER_INPUT_ENV, LoaderFailure, LoaderInput } from '../../contract';

// The container's program: reads its work from a document in the work bucket, and says by its exit code how that ended.
// Its bundle also runs in the threads that read files.

/**
 * How long the program may take to end, to cancel its statement and to say why. ECS waits 30 s before it kills a
 * container that it stops.
 */
const END_MILLISECONDS = 20_000;

async function main(): Promise<number> {
  const abort = new AbortController();
  const stop = (reason: Error): void => {
    abort.abort(reason);
    setTimeout(() => process.exit(LOADER_EXIT.transient), END_MILLISECONDS).unref();
  };
  // ECS sends SIGTERM when the task is stopped
  process.once('SIGTERM', () => stop(new TransientError('The task was stopped.')));
  const input = await readInput();
  setTimeout(() => stop(new TransientError('maxRuntime is over.')), input.maxRuntimeSeconds * 1000).unref();
  const log = jsonLog({ runId: input.runId, attempt: input.attempt, stepId: input.stepId });
  try {
    const result = await Promise.race([load(input, abort.signal, log), uncaught()]);
    log('done', { ...result });
    return LOADER_EXIT.done;
  } catch (error) {
    const failure = failureOf(error as Error);
    log('failed', { ...failure });
    await putJson(input.workBucket, input.failureKey, failure);
    return exitCode(failure.error);
  }
}

/** What nobody has caught ends the load, with its failure on record. */
function uncaught(): Promise<never> {
  return new Promise((_, reject) => {
    process.once('uncaughtException', error =>
      reject(new TransientError(`The loader failed: ${error.message}`, { cause: error })),
    );
  });
}

async function readInput(): Promise<LoaderInput> {
  const uri = requireEnv(LOADER_INPUT_ENV);
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  if (!bucket) throw new Error(`${LOADER_INPUT_ENV} must be an S3 URI, s3://bucket/key, got '${uri}'.`);
  const input = await getJson<LoaderInput>(bucket, key);
  if (!input) throw new Error(`There is no object ${uri}, which ${LOADER_INPUT_ENV} names.`);
  return input;
}

/** A DataError's message is JSON if it names files. */
function failureOf(error: Error): LoaderFailure {
  if (error instanceof DataError && error.message.startsWith('{')) {
    return { error: error.name, ...JSON.parse(error.message) };
  }
  return { error: error.name, message: error.message };
}

function exitCode(error: string): number {
  switch (error) {
    case ERROR.data:
      return LOADER_EXIT.data;
    case ERROR.configuration:
      return LOADER_EXIT.configuration;
    default:
      return LOADER_EXIT.transient;
  }
}

function run(): void {
  main().then(
    code => process.exit(code),
    (error: unknown) => {
      jsonLog({})('failed before the work began', {
        error: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
      });
      process.exit(error instanceof EtlError ? exitCode(error.name) : LOADER_EXIT.transient);
    },
  );
}

if (isMainThread) run();
else serveParts();
