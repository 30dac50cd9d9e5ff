import type { LoaderInput } from '../../../../src/fargate-redshift-step/contract';
import { classify } from '../../../../src/fargate-redshift-step/runtime/loader/failure';
import { isConflict } from '../../../../src/fargate-redshift-step/runtime/loader/retries';
import { BrokenGzipError } from '../../../../src/fargate-redshift-step/runtime/loader/scan/object-bytes';
import { DataError } from '../../../../src/runtime/errors';

const input = {
  runId: 'run-1',
  schema: 'analytics',
  table: 'orders',
  workBucket: 'work',
  warehouse: {
    database: 'dev',
    copyRoleArn: 'arn:aws:iam::123456789012:role/copy',
    region: 'eu-west-1',
    workgroupName: 'etl',
  },
} as LoaderInput;
const context = {
  input,
  user: 'IAMR:Loader',
  files: [
    { id: 'one', key: 'runs/run-1/input/part-00000.csv.gz', bytes: 1, gzip: true },
    { id: 'two', key: 'runs/run-1/input/part-00001.csv.gz', bytes: 1, gzip: true },
  ],
};
const error = (message: string, fields: object = {}) => Object.assign(new Error(message), fields);

// texts as Redshift, AWS and Node give them
test.each([
  [
    error(
      'User arn:aws:redshift:eu-west-1:123456789012:dbuser:w/etl is not authorized to assume IAM Role ' +
        'arn:aws:iam::123456789012:role/copy',
      { code: 'XX000' },
    ),
    'Etl.Configuration',
    /Associate the role/,
  ],
  [
    error('S3ServiceException:Access Denied,Status 403,Error AccessDenied,Rid 1,ExtRid 2,CanRetry 1', {
      code: 'XX000',
    }),
    'Etl.Configuration',
    /s3:GetObject on arn:aws:s3:::work\/runs\/\*/,
  ],
  [
    error(
      'Problem reading manifest file - S3ServiceException:The specified key does not exist.,Status 404,Error NoSuchKey',
      { code: 'XX000' },
    ),
    'Etl.Configuration',
    /lifecycle rules/,
  ],
  [
    error('Problem reading manifest file - S3ServiceException:Access Denied,Status 403,Error AccessDenied,Rid 1', {
      code: 'XX000',
    }),
    'Etl.Configuration',
    /s3:GetObject on arn:aws:s3:::work\/runs\/\*/,
  ],
  [
    error('Disk Full', { code: 'XX000', detail: 'error:  Disk Full, code: 1016, context: node: 0' }),
    'Etl.Transient',
    /free space.*enlarge the warehouse/,
  ],
  [error('certificate has expired', { code: 'CERT_HAS_EXPIRED' }), 'Etl.Configuration', /Renew it/],
  [
    error('permission denied for relation orders', { code: '42501' }),
    'Etl.Configuration',
    /GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE "analytics"."orders", "analytics"."etl_load_history" TO "IAMR:Loader";/,
  ],
  [
    error('password authentication failed for user "etl"', { code: '28000' }),
    'Etl.Configuration',
    /the task role may get credentials/,
  ],
  [error('database "dev" does not exist', { code: '3D000' }), 'Etl.Configuration', /no database 'dev'/],
  [
    error('unable to get local issuer certificate', { code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY' }),
    'Etl.Configuration',
    /NODE_EXTRA_CA_CERTS/,
  ],
  [error('The server does not support SSL connections'), 'Etl.Configuration', /certificate/],
  [
    error('not authorized to perform: redshift-serverless:GetCredentials', {
      name: 'AccessDeniedException',
      $metadata: { httpStatusCode: 400 },
    }),
    'Etl.Configuration',
    /role of the task/,
  ],
  [
    error('no such secret', { name: 'ResourceNotFoundException', $metadata: { httpStatusCode: 400 } }),
    'Etl.Configuration',
    /secret and the workgroup or cluster/,
  ],
  [
    error('The specified key does not exist.', { name: 'NoSuchKey', $metadata: { httpStatusCode: 404 } }),
    'Etl.Configuration',
    /lifecycle rules/,
  ],
  [error('Could not load credentials', { name: 'CredentialsProviderError' }), 'Etl.Configuration', /task role/],
  [
    error('Rate exceeded', { name: 'ThrottlingException', $metadata: { httpStatusCode: 400 } }),
    'Etl.Transient',
    /Rate exceeded/,
  ],
  [
    error('We encountered an internal error', { name: 'InternalError', $metadata: { httpStatusCode: 500 } }),
    'Etl.Transient',
    /internal error/,
  ],
  [
    error('connect ETIMEDOUT 10.0.0.1:5439', { code: 'ETIMEDOUT' }),
    'Etl.Transient',
    /warehouse cannot be reached; security group.* admit port 5439/,
  ],
  [error('timeout expired'), 'Etl.Transient', /warehouse cannot be reached; security group/],
  [
    error('getaddrinfo ENOTFOUND wh.example.com', { code: 'ENOTFOUND', hostname: 'wh.example.com' }),
    'Etl.Transient',
    /warehouse cannot be reached; name resolution: .*wh\.example\.com.*DNS support/,
  ],
  [error('connect EHOSTUNREACH 10.0.0.1:5439', { code: 'EHOSTUNREACH' }), 'Etl.Transient', /reached; route: .*peering/],
  [error('connect ECONNREFUSED 10.0.0.1:5439', { code: 'ECONNREFUSED' }), 'Etl.Transient', /reached; port: /],
  [
    error('Cluster not-there not found.', { name: 'ClusterNotFoundFault', $metadata: { httpStatusCode: 404 } }),
    'Etl.Configuration',
    /workgroup or cluster that the step names/,
  ],
  [error('Connection terminated unexpectedly'), 'Etl.Transient', /run-1 into analytics.orders failed/],
  [
    error('1023', { code: 'XX000', detail: 'Serializable isolation violation on table - 5' }),
    'Etl.Transient',
    /Serializable isolation violation/,
  ],
  [error('Assert', { code: 'XX000', detail: 'error: Assert code: 1000' }), 'Etl.Transient', /Assert/],
  ['no error at all', 'Etl.Transient', /no error at all/],
])('%s is %s', (cause, name, message) => {
  expect(classify(cause, context)).toMatchObject({ name, message: expect.stringMatching(message) });
});

test.each([
  error('getaddrinfo ENOTFOUND secretsmanager.eu-west-1.amazonaws.com', { code: 'ENOTFOUND' }),
  error('connect ETIMEDOUT 52.94.0.1:443', { code: 'ETIMEDOUT' }),
  error('Socket timed out without establishing a connection', { name: 'TimeoutError' }),
])('before there is a login it is AWS that cannot be reached: %s', cause => {
  expect(classify(cause, { input })).toMatchObject({
    name: 'Etl.Transient',
    message: expect.stringMatching(
      /run-1: AWS cannot be asked.* VPC endpoints .*secretsmanager.*redshift-serverless or redshift/,
    ),
  });
});

test('a gzip file that COPY cannot read is Etl.Data and named', () => {
  const failure = classify(
    error('inflate failed', { code: 'XX000', detail: 's3://work/runs/run-1/input/part-00001.csv.gz' }),
    context,
  );
  expect(JSON.parse(failure.message)).toEqual({ message: expect.stringContaining('gzip'), files: ['two'] });
  expect(failure.name).toBe('Etl.Data');
});

test('an error of the pipeline stays what it is', () => {
  const data = new DataError('bad rows', ['one']);
  expect(classify(data, context)).toBe(data);
  expect(classify(new BrokenGzipError('key', new Error('x')), context).name).toBe('Etl.Data');
});

test.each([
  [error('1023')],
  [error('ERROR', { detail: 'Serializable isolation violation on table - 7' })],
  [error('could not complete because of conflict with concurrent transaction', { code: 'XX000' })],
  [error('duplicate key violates unique constraint "pg_type_typname_nsp_index"', { code: '23505' })],
  [error('relation "etl_load_history" already exists', { code: '42P07' })],
])('%s is a conflict with another transaction', cause => {
  expect(isConflict(cause)).toBe(true);
});

test.each([
  [error('Load into table failed with 10235 errors')],
  [error('duplicate key violates unique constraint "orders_pkey"', { code: '23505' })],
  ['1023'],
])('%s is none', cause => {
  expect(isConflict(cause)).toBe(false);
});
