import { load } from './load';
import { jsonLog } from './log';
import { ERROR } from '../../../etl-step/contract';
import { requireEnv } from '../../../runtime/environment';
import { DataError, EtlError } from '../../../runtime/errors';
import { getJson, putJson } from '../../../runtime/work-bucket';
import { LOADER_EXIT, LOADER_INPUT_ENV, LoaderFailure, LoaderInput } from '../../contract';

// The container's program: reads its work from a document in the work bucket, and says by its exit code how that ended.

const abort = new AbortController();
// ECS sends SIGTERM when the task is stopped, and SIGKILL 30 s later
process.once('SIGTERM', () => abort.abort());

async function main(): Promise<number> {
  const input = await readInput();
  setTimeout(() => abort.abort(), input.maxRuntimeSeconds * 1000).unref();
  const log = jsonLog({ runId: input.runId, attempt: input.attempt, stepId: input.stepId });
  try {
    const result = await load(input, abort.signal, log);
    log('done', { ...result });
    return LOADER_EXIT.done;
  } catch (error) {
    const failure = failureOf(error as EtlError);
    log('failed', { ...failure });
    await putJson(input.workBucket, input.failureKey, failure);
    return exitCode(failure.error);
  }
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
function failureOf(error: EtlError): LoaderFailure {
  if (error instanceof DataError && error.message.startsWith('{')) return { error: error.name, ...JSON.parse(error.message) };
  return { error: error.name, message: error.message };
}

function exitCode(error: string): number {
  switch (error) {
    case ERROR.data: return LOADER_EXIT.data;
    case ERROR.configuration: return LOADER_EXIT.configuration;
    default: return LOADER_EXIT.transient;
  }
}

main().then(code => process.exit(code), (error: unknown) => {
  jsonLog({})('failed before the work began', { error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
  process.exit(error instanceof EtlError ? exitCode(error.name) : LOADER_EXIT.transient);
});
