import type {
  ClusterRequest,
  EmrHiveDynamoArguments,
  EmrJob,
  TableArguments,
} from '../../../src/emr-hive-dynamo-step/contract';
import type { CheckEvent, JobStatus, LaunchEvent, StopEvent } from '../../../src/etl-step/contract';

export const RUN = '20261123T120000Z-0123456789abcdef';
/** What staging has put there. */
export const STAGED_FILE = `runs/${RUN}/input/part-00000.csv`;
export const STEP_FOLDER = `runs/${RUN}/ToDynamo/`;

/** As the construct renders it, with one core and three task instances. */
export const CLUSTER: ClusterRequest = {
  ReleaseLabel: 'emr-7.13.0',
  Applications: [{ Name: 'Hive' }],
  ServiceRole: 'Service',
  JobFlowRole: 'Profile',
  SecurityConfiguration: 'Encrypted',
  Tags: [{ Key: 'team', Value: 'orders' }],
  Instances: {
    Ec2SubnetIds: ['subnet-a', 'subnet-b', 'subnet-c'],
    EmrManagedMasterSecurityGroup: 'sg-primary',
    EmrManagedSlaveSecurityGroup: 'sg-core',
    ServiceAccessSecurityGroup: 'sg-service',
    InstanceFleets: [
      {
        Name: 'Primary',
        InstanceFleetType: 'MASTER',
        TargetOnDemandCapacity: 1,
        InstanceTypeConfigs: [{ InstanceType: 'm7g.xlarge' }],
        LaunchSpecifications: { OnDemandSpecification: { AllocationStrategy: 'lowest-price' } },
      },
      {
        Name: 'Core',
        InstanceFleetType: 'CORE',
        TargetOnDemandCapacity: 1,
        InstanceTypeConfigs: [{ InstanceType: 'm7g.xlarge', WeightedCapacity: 1 }],
        LaunchSpecifications: { OnDemandSpecification: { AllocationStrategy: 'lowest-price' } },
      },
      {
        Name: 'Task',
        InstanceFleetType: 'TASK',
        TargetSpotCapacity: 3,
        InstanceTypeConfigs: [{ InstanceType: 'm7g.xlarge', WeightedCapacity: 1 }],
        LaunchSpecifications: {
          OnDemandSpecification: { AllocationStrategy: 'lowest-price' },
          SpotSpecification: {
            AllocationStrategy: 'price-capacity-optimized',
            TimeoutDurationMinutes: 10,
            TimeoutAction: 'SWITCH_TO_ON_DEMAND',
          },
        },
      },
    ],
    KeepJobFlowAliveWhenNoSteps: false,
    TerminationProtected: false,
  },
};

/** The same, with subnets or managed scaling of the test's. */
export function cluster({
  subnetIds,
  maxCapacityUnits,
}: {
  readonly subnetIds?: string[];
  readonly maxCapacityUnits?: number;
}): ClusterRequest {
  return {
    ...CLUSTER,
    Instances: { ...CLUSTER.Instances, ...(subnetIds && { Ec2SubnetIds: subnetIds }) },
    ...(maxCapacityUnits && {
      ManagedScalingPolicy: {
        ComputeLimits: {
          UnitType: 'InstanceFleetUnits',
          MinimumCapacityUnits: 4,
          MaximumCapacityUnits: maxCapacityUnits,
          MaximumOnDemandCapacityUnits: 1,
          MaximumCoreCapacityUnits: 1,
        },
      },
    }),
  };
}

/** A table that is there, see FakeAws. */
export const TARGET: TableArguments = {
  name: 'orders',
  arn: 'arn:aws:dynamodb:us-east-1:111122223333:table/orders',
  key: [{ name: 'order_id', type: 'S' }],
  writeThroughputPercent: 50,
};

const common = (attempt: number) => ({ contract: 1, runId: RUN, attempt });
const EXECUTION = 'arn:aws:states:us-east-1:111122223333:execution:machine:run-1';

export function launchEvent(
  script: string,
  attempt = 1,
  relaunch = 0,
  request = CLUSTER,
  more: Partial<EmrHiveDynamoArguments> = {},
): LaunchEvent<EmrHiveDynamoArguments> {
  return {
    ...common(attempt),
    action: 'launch',
    executionArn: EXECUTION,
    relaunch,
    arguments: { script, table: TARGET, workers: 4, cluster: request, ...more },
  };
}

export function checkEvent(
  launch: LaunchEvent<EmrHiveDynamoArguments>,
  status: JobStatus<EmrJob>,
): CheckEvent<EmrJob, EmrHiveDynamoArguments> {
  if (status.status !== 'running') throw new Error(`there is nothing to check: ${JSON.stringify(status)}`);
  const { action: _action, ...rest } = launch;
  // as it comes back from Step Functions: undefined properties are gone
  return { ...rest, action: 'check', job: JSON.parse(JSON.stringify(status.job)) };
}

export const stopEvent = (attempt = 1): StopEvent => ({ ...common(attempt), action: 'stop' });
