import type { ClusterStateChangeReasonCode, FailureDetails } from '@aws-sdk/client-emr';
import { classify } from '../../../src/emr-hive-dynamo-step/runtime/classify';

function failure(code: ClusterStateChangeReasonCode, details?: FailureDetails, log?: string) {
  return classify({
    runId: 'run-1',
    cluster: {
      Id: 'j-1',
      Status: { State: 'TERMINATED_WITH_ERRORS', StateChangeReason: { Code: code, Message: 'the reason' }, ErrorDetails: [{ ErrorCode: 'CODE', ErrorMessage: 'details' }] },
    },
    step: { Id: 's-1', Status: { State: 'FAILED', FailureDetails: details } },
    log,
    logs: 's3://work/logs/',
  });
}

test.each<[ClusterStateChangeReasonCode, string]>([
  ['INSTANCE_FLEET_TIMEOUT', 'Etl.Capacity'],
  ['INSTANCE_FAILURE', 'Etl.Capacity'],
  ['INTERNAL_ERROR', 'Etl.Capacity'],
  ['VALIDATION_ERROR', 'Etl.Configuration'],
  ['BOOTSTRAP_FAILURE', 'Etl.Configuration'],
  ['USER_REQUEST', 'Etl.Configuration'],
  ['STEP_FAILURE', 'Etl.LoadFailed'],
  ['ALL_STEPS_COMPLETED', 'Etl.LoadFailed'],
])('a cluster that ended by %s is %s', (code, name) => {
  const error = failure(code);
  expect(error.name).toBe(name);
  expect(error.message).toMatch(/^Run run-1: .*cluster j-1 is TERMINATED_WITH_ERRORS \(.*the reason\); CODE: details; its step is FAILED.*s3:\/\/work\/logs\/j-1\//);
});

test.each([
  ['a table that is not there', 'com.amazonaws.services.dynamodbv2.model.ResourceNotFoundException: Requested resource not found', 'Etl.Configuration', 'Create the DynamoDB table'],
  ['a permission that is missing', 'User: arn:aws:sts::1:assumed-role/x is not authorized to perform: dynamodb:BatchWriteItem', 'Etl.Configuration', 'instance role'],
  ['a key of another type', 'ValidationException: The provided key element does not match the schema', 'Etl.Configuration', 'key'],
  ['no way to S3', 'SdkClientException: Unable to execute HTTP request: Connect to bucket.s3.amazonaws.com timed out', 'Etl.Configuration', 'route'],
  ['a script that Hive refuses', 'FAILED: ParseException line 1:0 cannot recognize input', 'Etl.Configuration', 'another EMR release'],
  ['a lost instance', 'Diagnostics: Container released on a *lost* node', 'Etl.Capacity', ''],
  ['an unknown failure', 'FAILED: Execution Error, return code 2 from org.apache.hadoop.hive.ql.exec.mr.MapRedTask', 'Etl.LoadFailed', 'return code 2'],
])('a step that failed by %s', (_, text, name, advice) => {
  const byDetails = failure('STEP_FAILURE', { Reason: 'Unknown Error.', Message: text, LogFile: 's3://work/logs/j-1/steps/s-1/stderr.gz' });
  expect(byDetails.name).toBe(name);
  expect(byDetails.message).toContain(text);
  expect(byDetails.message).toContain(advice);
  expect(byDetails.message).toContain('logs: s3://work/logs/j-1/steps/s-1/stderr.gz');
  expect(failure('STEP_FAILURE', undefined, text).name).toBe(name);
});
