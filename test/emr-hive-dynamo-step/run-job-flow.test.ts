import { readFileSync } from 'fs';
import { join } from 'path';
import { RunJobFlowInput$ } from '@aws-sdk/client-emr';
import { App, Size, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { launchEvent, TARGET } from './runtime/events';
import { FakeAws, freshAwsForEachTest } from './runtime/fake-aws';
import { violations } from './sdk-model';
import {
  Column,
  DataFormat,
  Dataset,
  EmrCompute,
  EmrHiveDynamoStep,
  EmrInstanceFleetsOptions,
  EmrOnDemandAllocationStrategy,
  EmrSpotAllocationStrategy,
} from '../../src';
import { handler } from '../../src/emr-hive-dynamo-step/runtime/emr-hive-dynamo.lambda';
import { allStates, stateMachineDefinition } from '../state-machine-definition';

let aws: FakeAws;

freshAwsForEachTest(fake => {
  aws = fake;
});

type Options = Omit<EmrInstanceFleetsOptions, 'vpc'>;

/** What the template hands to the function's launch. */
function renderedArguments(options: (stack: Stack, vpc: ec2.IVpc) => Options) {
  const stack = new Stack(new App(), 'Orders', { env: { account: '111122223333', region: 'eu-west-1' } });
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 });
  const step = new EmrHiveDynamoStep(stack, 'ToDynamo', {
    table: new dynamodb.Table(stack, 'Table', {
      partitionKey: { name: 'order_id', type: dynamodb.AttributeType.STRING },
    }),
    compute: EmrCompute.instanceFleets({ vpc, ...options(stack, vpc) }),
  });
  const { chain } = step.bind(stack, {
    dataset: new Dataset({
      name: 'orders',
      format: DataFormat.csv(),
      columns: [Column.string('order_id')],
      key: ['order_id'],
    }),
    workBucket: new s3.Bucket(stack, 'Work'),
  });
  new sfn.StateMachine(stack, 'Machine', { definitionBody: sfn.DefinitionBody.fromChainable(chain) });
  return allStates(stateMachineDefinition(Template.fromStack(stack)))['ToDynamo: Begin'].Assign.arguments;
}

/** The request that reaches EMR, of the first launch or of one after that. */
async function request(options: (stack: Stack, vpc: ec2.IVpc) => Options, relaunch = 0) {
  const rendered = renderedArguments(options);
  await handler({ ...launchEvent('', 1, relaunch), arguments: { ...rendered, table: TARGET } });
  return aws.clusters[0].request;
}

const everyOption = (stack: Stack, vpc: ec2.IVpc): Options => ({
  releaseLabel: 'emr-7.14.0',
  securityGroups: [new ec2.SecurityGroup(stack, 'Proxy', { vpc })],
  primaryInstanceTypes: [new ec2.InstanceType('m5.xlarge')],
  coreInstanceTypes: [new ec2.InstanceType('m5.xlarge'), new ec2.InstanceType('m5.2xlarge')],
  taskInstanceTypes: [new ec2.InstanceType('m5.2xlarge')],
  instanceWeights: { 'm5.2xlarge': 2 },
  onDemandCapacity: 4,
  spotCapacity: 6,
  maxCapacityUnits: 20,
  spotAllocationStrategy: EmrSpotAllocationStrategy.CAPACITY_OPTIMIZED_PRIORITIZED,
  onDemandAllocationStrategy: EmrOnDemandAllocationStrategy.PRIORITIZED,
  ebsVolumeSize: Size.gibibytes(200),
  ebsVolumesPerInstance: 3,
  ebsVolumeType: ec2.EbsDeviceVolumeType.GP3,
  ebsIops: 4000,
  ebsThroughput: 250,
  bootstrapActions: [{ name: 'agent', script: 's3://scripts/agent.sh', args: ['--quiet'] }],
  configurations: [
    {
      classification: 'hadoop-env',
      configurations: [{ classification: 'export', properties: { HADOOP_HEAPSIZE: '2048' } }],
    },
  ],
  logBucket: s3.Bucket.fromBucketName(stack, 'Logs', 'company-logs'),
  logPrefix: 'etl/emr',
  securityConfigurationName: 'company-standard',
});

/** Golden files: read a difference before you put it there. */
const golden = (name: string) => JSON.parse(readFileSync(join(__dirname, `golden/${name}.json`), 'utf8'));

describe('the request that reaches EMR', () => {
  test('with the defaults is the golden one', async () => {
    expect(await request(() => ({}))).toEqual(golden('run-job-flow-defaults'));
  });

  test('with every option is the golden one', async () => {
    expect(await request(everyOption)).toEqual(golden('run-job-flow-options'));
  });

  test.each<[string, (stack: Stack, vpc: ec2.IVpc) => Options, number]>([
    ['with the defaults', () => ({}), 0],
    ['with every option', everyOption, 0],
    ['without Spot', () => ({ spotCapacity: 0, maxCapacityUnits: 5 }), 0],
    ['of a relaunch', everyOption, 1],
  ])('%s fits the model of RunJobFlow that the SDK ships', async (_, options, relaunch) => {
    expect(violations(RunJobFlowInput$, await request(options, relaunch), 'request')).toEqual([]);
  });
});

test('the model refuses what EMR would refuse', () => {
  expect(
    violations(
      RunJobFlowInput$,
      {
        Name: 'orders',
        ReleaseLable: 'emr-7.13.0',
        ManagedScalingPolicy: { ComputeLimits: { UnitType: 'Fleets', MinimumCapacityUnits: '1' } },
        Steps: [{ Name: 'Load', ActionOnFailure: 'IGNORE' }],
      },
      'request',
    ),
  ).toEqual([
    'request.Instances is required',
    'request.ReleaseLable is not known',
    'request.ManagedScalingPolicy.ComputeLimits.MaximumCapacityUnits is required',
    'request.ManagedScalingPolicy.ComputeLimits.UnitType must be one of InstanceFleetUnits, Instances, VCPU, got ' +
      'Fleets',
    'request.ManagedScalingPolicy.ComputeLimits.MinimumCapacityUnits must be a number, got "1"',
    'request.Steps[0].HadoopJarStep is required',
    'request.Steps[0].ActionOnFailure must be one of CANCEL_AND_WAIT, CONTINUE, TERMINATE_CLUSTER, ' +
      'TERMINATE_JOB_FLOW, got IGNORE',
  ]);
});

describe('without Spot', () => {
  test('there is no task fleet, and what is added is core', async () => {
    const { Instances, ManagedScalingPolicy } = await request(() => ({
      onDemandCapacity: 2,
      spotCapacity: 0,
      maxCapacityUnits: 5,
    }));
    expect(Instances!.InstanceFleets!.map(({ InstanceFleetType }) => InstanceFleetType)).toEqual(['MASTER', 'CORE']);
    expect(ManagedScalingPolicy!.ComputeLimits).toEqual({
      UnitType: 'InstanceFleetUnits',
      MinimumCapacityUnits: 2,
      MaximumCapacityUnits: 5,
      MaximumOnDemandCapacityUnits: 5,
      MaximumCoreCapacityUnits: 5,
    });
  });
});

test('no Spot instance ever holds HDFS: the core is on-demand, and managed scaling leaves it as it is', async () => {
  const { Instances, ManagedScalingPolicy } = await request(everyOption);
  const [, core] = Instances!.InstanceFleets!;
  expect(core).toMatchObject({ InstanceFleetType: 'CORE', TargetOnDemandCapacity: 4 });
  expect(core.TargetSpotCapacity).toBeUndefined();
  expect(ManagedScalingPolicy!.ComputeLimits!.MaximumCoreCapacityUnits).toBe(4);
});

test('the number of units that load is known to the launch', () => {
  expect(renderedArguments(everyOption).workers).toBe(10);
});
