import { UnknownLoginError } from './digest-login';
import { awsUnreachable, unreachable } from './reach';
import { isConflict } from './retries';
import type { StagedFile } from '../../../etl-pipeline/contract';
import { ConfigurationError, DataError, EtlError, TransientError } from '../../../runtime/errors';
import { loadGrants, type LoaderInput, REDSHIFT_PORT } from '../../contract';

/** What is known of the load when it fails; more of it the later that is. */
export interface FailureContext {
  readonly input: LoaderInput;
  user?: string;
  files?: StagedFile[];
}

/** Fields of the errors of pg, Node and the SDK that tell them apart. */
interface Cause extends Error {
  readonly code?: string;
  readonly detail?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/**
 * The error of the pipeline that a failure of the warehouse, of AWS or of the network amounts to. Redshift reports
 * nearly everything with SQLSTATE XX000, so its texts decide. What is not recognised is Etl.Transient: it is tried
 * again, a limited number of times, and no file is blamed.
 */
export function classify(error: unknown, context: FailureContext): EtlError {
  if (error instanceof EtlError) return error;
  const cause: Cause = error instanceof Error ? error : new Error(String(error));
  return (
    awsFailure(cause, context) ??
    loginFailure(cause, context) ??
    copyFailure(cause, context) ??
    sqlFailure(cause, context) ??
    new TransientError(`The load of run ${context.input.runId} into ${target(context)} failed: ${cause.message}`, {
      cause,
    })
  );
}

const target = ({ input }: FailureContext): string => `${input.schema}.${input.table}`;

function awsFailure(cause: Cause, { input }: FailureContext): EtlError | undefined {
  const status = cause.$metadata?.httpStatusCode;
  if (cause.name === 'CredentialsProviderError') {
    return new ConfigurationError(
      `Run ${input.runId}: the task finds no AWS credentials. Give its task definition a task role.`,
      { cause },
    );
  }
  if (status === undefined) return undefined;
  if (status === 403 || /AccessDenied/.test(cause.name)) {
    return new ConfigurationError(
      `Run ${input.runId}: AWS denied the task role a call (${cause.name}: ${cause.message}). Allow it in the ` +
        'role of the task.',
      { cause },
    );
  }
  if (cause.name === 'NoSuchKey') return stagedFileGone(cause, input);
  if (/^(ResourceNotFoundException|ClusterNotFoundFault|NoSuchBucket)$/.test(cause.name)) {
    return new ConfigurationError(
      `Run ${input.runId}: ${cause.message} Check the secret and the workgroup or cluster that the step names.`,
      { cause },
    );
  }
  return undefined;
}

function loginFailure(cause: Cause, { input, user }: FailureContext): EtlError | undefined {
  const { warehouse } = input;
  if (cause.code === '28000' || cause.code === '28P01') {
    const fix = warehouse.secretArn
      ? `Correct username and password in the secret ${warehouse.secretArn}.`
      : 'Check that the task role may get credentials of this warehouse.';
    return new ConfigurationError(
      `Run ${input.runId}: the warehouse refused the login${user ? ` of ${user}` : ''}: ${cause.message}. ${fix}`,
      { cause },
    );
  }
  if (cause instanceof UnknownLoginError) {
    return new ConfigurationError(
      `Run ${input.runId}: the loader cannot log in to the warehouse: ${cause.message}. Give the step a database ` +
        'user with a ' +
        'password that the warehouse keeps as MD5 or SHA-256.',
      { cause },
    );
  }
  if (cause.code === '3D000') {
    return new ConfigurationError(
      `Run ${input.runId}: the warehouse has no database '${warehouse.database}' (${cause.message}). Name an ` +
        'existing one.',
      { cause },
    );
  }
  if (
    /^(ERR_TLS_CERT_ALTNAME_INVALID|CERT_HAS_EXPIRED|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(GET_ISSUER_CERT|GET_ISSUER_CERT_LOCALLY|VERIFY_LEAF_SIGNATURE))$/.test(
      cause.code ?? '',
    ) ||
    /does not support SSL/.test(cause.message)
  ) {
    return new ConfigurationError(
      `Run ${input.runId}: the warehouse's certificate cannot be trusted (${cause.message}). ` +
        (cause.code === 'CERT_HAS_EXPIRED'
          ? 'Renew it: Redshift renews its own, unless the host is another one.'
          : 'Use the host name that the certificate names; if a certification authority of your own signed it, set ' +
            'NODE_EXTRA_CA_CERTS in the image.'),
      { cause },
    );
  }
  // without a user there is no login yet: it is AWS that was asked
  const reason = user ? unreachable(cause, warehouse.port ?? REDSHIFT_PORT) : awsUnreachable(cause);
  if (reason) {
    const what = user ? `the warehouse cannot be reached; ${reason}` : reason;
    return new TransientError(`Run ${input.runId}: ${what}`, { cause });
  }
  return undefined;
}

function copyFailure(cause: Cause, { input, files = [] }: FailureContext): EtlError | undefined {
  const text = `${cause.message} ${cause.detail ?? ''}`;
  const { copyRoleArn } = input.warehouse;
  if (/is not authorized to assume IAM Role/.test(text)) {
    return new ConfigurationError(
      `Run ${input.runId}: the warehouse may not assume the COPY role ${copyRoleArn}. Associate the role with ` +
        'the warehouse ' +
        '(Redshift console, or IamRoles of the namespace or cluster) and let its trust policy name ' +
        'redshift.amazonaws.com ' +
        '(and redshift-serverless.amazonaws.com for a workgroup).',
      { cause },
    );
  }
  if (/S3ServiceException.*(Access Denied|AccessDenied|Status 403)/s.test(text)) {
    return new ConfigurationError(
      `Run ${input.runId}: the COPY role ${copyRoleArn} may not read the work bucket. Allow it s3:GetObject on ` +
        `arn:aws:s3:::${input.workBucket}/runs/* ` +
        'and, if the bucket is encrypted with a key of yours, kms:Decrypt on that key.',
      { cause },
    );
  }
  if (/S3ServiceException.*Status 404/s.test(text)) return stagedFileGone(cause, input);
  if (/gzip|zlib|inflate|decompress/i.test(text)) {
    const broken = files.filter(file => text.includes(`s3://${input.workBucket}/${file.key}`)).map(file => file.id);
    return new DataError(`Run ${input.runId}: a gzip file is broken: ${cause.message}`, broken, { cause });
  }
  return undefined;
}

function stagedFileGone(cause: Cause, { runId, workBucket }: LoaderInput): ConfigurationError {
  return new ConfigurationError(
    `Run ${runId}: a staged file is no longer in the bucket ${workBucket}: ${cause.message} Something deletes ` +
      'objects ' +
      'below runs/ while runs still need them: look at the lifecycle rules.',
    { cause },
  );
}

function sqlFailure(cause: Cause, context: FailureContext): EtlError | undefined {
  const { input, user } = context;
  if (cause.code === '42501') {
    return new ConfigurationError(
      `Run ${input.runId}: the database user ${user} lacks a right: ${cause.message}. As an owner or ` +
        `administrator run: ${grants(input, user!)}`,
      { cause },
    );
  }
  // https://docs.aws.amazon.com/redshift/latest/dg/query-performance-improvement-opportunities.html; other queries may have
  // filled the disk, and be over soon
  if (/disk full/i.test(`${cause.message} ${cause.detail ?? ''}`) || cause.code === '53100') {
    return new TransientError(
      `Run ${input.runId}: the warehouse's disk is full (${cause.message}). If that stays so, free space (VACUUM, or ` +
        'drop what nobody needs), look for queries that spill to disk, or enlarge the warehouse.',
      { cause },
    );
  }
  if (isConflict(cause)) {
    return new TransientError(
      `Run ${input.runId}: other transactions kept changing what the load of ${target(context)} reads ` +
        `(${[cause.message, cause.detail].filter(Boolean).join(': ')}).`,
      { cause },
    );
  }
  return undefined;
}

function grants({ schema, table, warehouse: { database } }: LoaderInput, user: string): string {
  const { first, tables } = loadGrants({ database, schema, table, user });
  return [...first, tables].join(' ');
}
