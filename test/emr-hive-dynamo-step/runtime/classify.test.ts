import type { ClusterStateChangeReasonCode, FailureDetails } from '@aws-sdk/client-emr';
import { CLUSTER } from './events';
import { classify } from '../../../src/emr-hive-dynamo-step/runtime/classify';

function failure(code: ClusterStateChangeReasonCode, details?: FailureDetails, log?: string) {
  return classify({
    runId: 'run-1',
    cluster: {
      Id: 'j-1',
      Status: {
        State: 'TERMINATED_WITH_ERRORS',
        StateChangeReason: { Code: code, Message: 'the reason' },
        ErrorDetails: [{ ErrorCode: 'CODE', ErrorMessage: 'details' }],
      },
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
  expect(error.message).toMatch(
    /^Run run-1: .*cluster j-1 is TERMINATED_WITH_ERRORS \(.*the reason\); CODE: details; its step is FAILED.*s3:\/\/work\/logs\/j-1\//,
  );
});

test.each([
  [
    'a table that is not there',
    'com.amazonaws.services.dynamodbv2.model.ResourceNotFoundException: Requested resource not found',
    'Etl.Configuration',
    'Create the DynamoDB table',
  ],
  [
    'a permission that is missing',
    'User: arn:aws:sts::1:assumed-role/x is not authorized to perform: dynamodb:BatchWriteItem',
    'Etl.Configuration',
    'instance role',
  ],
  [
    'a key of another type',
    'ValidationException: The provided key element does not match the schema',
    'Etl.Configuration',
    'key',
  ],
  [
    'no way to S3',
    'SdkClientException: Unable to execute HTTP request: Connect to bucket.s3.amazonaws.com timed out',
    'Etl.Configuration',
    'route',
  ],
  [
    'a script that Hive refuses',
    'FAILED: ParseException line 1:0 cannot recognize input',
    'Etl.Configuration',
    'another EMR release',
  ],
  [
    'a transform that Hive refuses',
    "FAILED: SemanticException [Error 10004]: Invalid table alias or column reference 'price'",
    'Etl.Configuration',
    '`transform`',
  ],
  [
    'a quota of writes',
    'RequestLimitExceeded: Throughput exceeds the current throughput limit for your account',
    'Etl.Configuration',
    '`writeUnitsPerSecond`',
  ],
  [
    'writes that are throttled',
    'DynamoDbException: ProvisionedThroughputExceededException: The level of configured provisioned throughput ' +
      'was exceeded',
    'Etl.Configuration',
    '`writeThroughputPercent`',
  ],
  ['a lost instance', 'Diagnostics: Container released on a *lost* node', 'Etl.Capacity', 'all on-demand'],
  [
    'a lost block',
    'org.apache.hadoop.hdfs.BlockMissingException: Could not obtain block: BP-1-10.0.0.1-1:blk_1_1 file=/tmp/hive',
    'Etl.Capacity',
    'all on-demand',
  ],
  [
    'no core instance that is left',
    'File /tmp/x could only be written to 0 of the 1 minReplication nodes. There are 0 datanode(s) running',
    'Etl.Capacity',
    'all on-demand',
  ],
  ['a full disk', 'java.io.IOException: No space left on device', 'Etl.Configuration', 'ebsVolumeSize'],
  [
    'no local directory with room',
    'org.apache.hadoop.util.DiskChecker$DiskErrorException: Could not find any valid local directory for output',
    'Etl.Configuration',
    'ebsVolumeSize',
  ],
  [
    'a full HDFS',
    'File /tmp/x could only be written to 0 of the 1 minReplication nodes. There are 1 datanode(s) running and 1 ' +
      'node(s) are excluded',
    'Etl.Configuration',
    'ebsVolumeSize',
  ],
  [
    'an instance that YARN gave up for its disks',
    '1/2 local-dirs usable space is below configured utilization percentage/no more usable space; Container ' +
      'released on a *lost* node',
    'Etl.Configuration',
    'ebsVolumeSize',
  ],
  [
    'a task without memory',
    'FATAL [main] org.apache.hadoop.mapred.YarnChild: Error running child : java.lang.OutOfMemoryError: Java ' +
      'heap space',
    'Etl.Data',
    'Either one file has enormous lines',
  ],
  [
    'a task that only collects garbage',
    'Error: GC overhead limit exceeded',
    'Etl.Data',
    'the run is too large for the instances',
  ],
  [
    'a line of 2 GiB',
    'java.lang.OutOfMemoryError: Requested array size exceeds VM limit',
    'Etl.Data',
    'enormous lines',
  ],
  [
    'a container over its limit, in the words of Hadoop 3',
    "Container [pid=7,containerID=container_1] is running 5242880B beyond the 'PHYSICAL' memory limit. Killing " +
      'container. Container killed on request. Exit code is 143',
    'Etl.Data',
    'maxBytesPerExecution',
  ],
  [
    'a container over its limit, in the words of Hadoop 2',
    'is running beyond physical memory limits. Current usage: 3.1 GB of 3 GB physical memory used',
    'Etl.Data',
    'put the file back',
  ],
  [
    'a container that was killed for another reason',
    'Container killed on request. Exit code is 143',
    'Etl.LoadFailed',
    '143',
  ],
  [
    'an unknown failure',
    'FAILED: Execution Error, return code 2 from org.apache.hadoop.hive.ql.exec.mr.MapRedTask',
    'Etl.LoadFailed',
    'return code 2',
  ],
])('a step that failed by %s', (_, text, name, advice) => {
  const byDetails = failure('STEP_FAILURE', {
    Reason: 'Unknown Error.',
    Message: text,
    LogFile: 's3://work/logs/j-1/steps/s-1/stderr.gz',
  });
  expect(byDetails.name).toBe(name);
  expect(byDetails.message).toContain(text);
  expect(byDetails.message).toContain(advice);
  expect(byDetails.message).toContain('logs: s3://work/logs/j-1/steps/s-1/stderr.gz');
  expect(failure('STEP_FAILURE', undefined, text).name).toBe(name);
});

test('memory that ran out names no file, so that the ledger looks for it', () => {
  const { message } = failure('STEP_FAILURE', undefined, 'java.lang.OutOfMemoryError: Java heap space');
  expect(() => JSON.parse(message)).toThrow(SyntaxError); // a message with files is JSON
});

describe('a quota of the account', () => {
  const exceeded = (code: ClusterStateChangeReasonCode, message: string, request = CLUSTER) =>
    classify({
      runId: 'run-1',
      cluster: {
        Id: 'j-1',
        Status: { State: 'TERMINATED_WITH_ERRORS', StateChangeReason: { Code: code, Message: message } },
      },
      logs: 's3://work/logs/',
      request,
    });

  test.each<[string, ClusterStateChangeReasonCode, string, string[]]>([
    [
      'of vCPUs, as EMR says it',
      'INTERNAL_ERROR',
      'The request to create the EMR cluster or add EC2 instances to it failed. The number of vCPUs for instance ' +
        'type m7g.xlarge exceeds the EC2 service quota for that type.',
      ['L-1216C47A', 'L-34B43A08'],
    ],
    [
      'of vCPUs, as EC2 says it',
      'VALIDATION_ERROR',
      'You have requested more vCPU capacity than your current vCPU limit of 5 allows for the instance bucket ' +
        'that the specified instance type belongs to.',
      ['L-1216C47A'],
    ],
    [
      'of Spot instances',
      'INSTANCE_FLEET_TIMEOUT',
      'MaxSpotInstanceCountExceeded: Max spot instance count exceeded',
      ['L-34B43A08'],
    ],
    ['of volumes', 'VALIDATION_ERROR', 'The EBS volume limit was exceeded.', ['L-7A658B76']],
  ])('%s is named, whatever the reason of the cluster', (_, code, message, quotas) => {
    const error = exceeded(code, message);
    expect(error.name).toBe('Etl.Configuration');
    for (const quota of quotas) expect(error.message).toContain(quota);
  });

  test('is told beside what the cluster takes', () => {
    expect(exceeded('INTERNAL_ERROR', 'exceeds the EC2 service quota for that type').message).toContain(
      'One cluster takes 8 vCPUs on demand and 12 of Spot, which become on-demand where Spot is missing.',
    );
  });

  test('of a type whose size does not tell its vCPUs is told without', () => {
    const [primary, ...others] = CLUSTER.Instances.InstanceFleets;
    const metal = {
      ...CLUSTER,
      Instances: {
        ...CLUSTER.Instances,
        InstanceFleets: [{ ...primary, InstanceTypeConfigs: [{ InstanceType: 'm5.metal' }] }, ...others],
      },
    };
    expect(exceeded('INTERNAL_ERROR', 'VcpuLimitExceeded', metal).message).not.toContain('One cluster takes');
  });

  test('is missing capacity if it is only that the zone has none', () => {
    expect(exceeded('INTERNAL_ERROR', 'Amazon EC2 has insufficient capacity').name).toBe('Etl.Capacity');
  });
});
