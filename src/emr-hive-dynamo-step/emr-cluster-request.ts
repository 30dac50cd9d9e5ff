import {
  type ClusterConfiguration,
  ClusterRequest,
  type InstanceFleet,
  InstanceTypeConfig,
  SPOT_TIMEOUT_MINUTES,
} from './contract';
import type { InstanceFleets } from './emr-instance-fleets';
import {
  type EmrConfiguration,
  EmrOnDemandAllocationStrategy,
  EmrSpotAllocationStrategy,
} from './emr-instance-fleets-options';

/** Resources that the step has made for its clusters. */
export interface ClusterSurroundings {
  readonly serviceRole: string;
  readonly instanceProfile: string;
  readonly securityConfiguration: string;
  readonly tags: ClusterRequest['Tags'];
  readonly subnetIds: string[];
  readonly primarySecurityGroup: string;
  readonly coreSecurityGroup: string;
  readonly serviceAccessSecurityGroup?: string;
  /** S3 URI of the folder for logs, if it is not the run's own. */
  readonly logs?: string;
}

/** The part of a RunJobFlow request that is the same for every run. */
export function clusterRequest(fleets: InstanceFleets, surroundings: ClusterSurroundings): ClusterRequest {
  const { securityGroups, bootstrapActions, configurations, idleTimeout } = fleets.options;
  const additionalGroups = securityGroups?.map(group => group.securityGroupId);
  return {
    ReleaseLabel: fleets.releaseLabel,
    Applications: [{ Name: 'Hive' }],
    ...(surroundings.logs && { LogUri: surroundings.logs }),
    ServiceRole: surroundings.serviceRole,
    JobFlowRole: surroundings.instanceProfile,
    SecurityConfiguration: surroundings.securityConfiguration,
    Tags: surroundings.tags,
    Instances: {
      Ec2SubnetIds: surroundings.subnetIds,
      EmrManagedMasterSecurityGroup: surroundings.primarySecurityGroup,
      EmrManagedSlaveSecurityGroup: surroundings.coreSecurityGroup,
      ...(surroundings.serviceAccessSecurityGroup && {
        ServiceAccessSecurityGroup: surroundings.serviceAccessSecurityGroup,
      }),
      ...(additionalGroups && {
        AdditionalMasterSecurityGroups: additionalGroups,
        AdditionalSlaveSecurityGroups: additionalGroups,
      }),
      InstanceFleets: [
        primaryFleet(fleets),
        coreFleet(fleets),
        ...(fleets.spotCapacity === 0 ? [] : [taskFleet(fleets)]),
      ],
      // the net beneath stop: without steps left, or idle for too long, the cluster ends, whoever has forgotten it
      KeepJobFlowAliveWhenNoSteps: idleTimeout !== undefined,
      TerminationProtected: false,
    },
    ...(idleTimeout && { AutoTerminationPolicy: { IdleTimeout: idleTimeout.toSeconds() } }),
    ...managedScaling(fleets),
    ...(bootstrapActions && {
      BootstrapActions: bootstrapActions.map(({ name, script, args }) => ({
        Name: name,
        ScriptBootstrapAction: { Path: script, ...(args && { Args: args }) },
      })),
    }),
    ...(configurations && { Configurations: configurations.map(configuration) }),
  };
}

function primaryFleet(fleets: InstanceFleets): InstanceFleet {
  return {
    Name: 'Primary',
    InstanceFleetType: 'MASTER',
    TargetOnDemandCapacity: 1, // losing it loses the cluster
    InstanceTypeConfigs: fleets.primaryInstanceTypes.map((InstanceType, index) => ({
      InstanceType,
      ...priority(fleets, index),
    })),
    LaunchSpecifications: onDemand(fleets),
  };
}

/** HDFS: on-demand, so that an interruption of Spot instances loses no data. */
function coreFleet(fleets: InstanceFleets): InstanceFleet {
  return {
    Name: 'Core',
    InstanceFleetType: 'CORE',
    TargetOnDemandCapacity: fleets.onDemandCapacity,
    InstanceTypeConfigs: worker(fleets, fleets.coreInstanceTypes),
    LaunchSpecifications: onDemand(fleets),
  };
}

function taskFleet(fleets: InstanceFleets): InstanceFleet {
  return {
    Name: 'Task',
    InstanceFleetType: 'TASK',
    TargetSpotCapacity: fleets.spotCapacity,
    InstanceTypeConfigs: worker(fleets, fleets.taskInstanceTypes),
    LaunchSpecifications: {
      ...onDemand(fleets), // for what Spot does not give in time, and for a relaunch
      SpotSpecification: {
        AllocationStrategy: fleets.spotAllocationStrategy,
        TimeoutDurationMinutes: SPOT_TIMEOUT_MINUTES,
        TimeoutAction: 'SWITCH_TO_ON_DEMAND',
      },
    },
  };
}

/** An allocation strategy also raises the limit of 5 instance types a fleet to 30. */
const onDemand = (fleets: InstanceFleets) => ({
  OnDemandSpecification: { AllocationStrategy: fleets.onDemandAllocationStrategy },
});

function worker(fleets: InstanceFleets, types: string[]): InstanceTypeConfig[] {
  const { ebsIops, ebsThroughput } = fleets.options;
  return types.map((InstanceType, index) => ({
    InstanceType,
    WeightedCapacity: fleets.instanceWeights[InstanceType] ?? 1,
    ...priority(fleets, index),
    EbsConfiguration: {
      EbsOptimized: true,
      EbsBlockDeviceConfigs: [
        {
          VolumeSpecification: {
            VolumeType: fleets.ebsVolumeType,
            SizeInGB: fleets.ebsVolumeSize.toGibibytes(),
            ...(ebsIops !== undefined && { Iops: ebsIops }),
            ...(ebsThroughput !== undefined && { Throughput: ebsThroughput }),
          },
          VolumesPerInstance: fleets.ebsVolumesPerInstance,
        },
      ],
    },
  }));
}

/** 0 is the highest; only the strategies that go by it look at it. */
function priority(fleets: InstanceFleets, index: number): { readonly Priority?: number } {
  const prioritized =
    fleets.onDemandAllocationStrategy === EmrOnDemandAllocationStrategy.PRIORITIZED ||
    fleets.spotAllocationStrategy === EmrSpotAllocationStrategy.CAPACITY_OPTIMIZED_PRIORITIZED;
  return prioritized ? { Priority: index } : {};
}

function managedScaling({
  options,
  onDemandCapacity,
  spotCapacity,
}: InstanceFleets): Pick<ClusterRequest, 'ManagedScalingPolicy'> {
  const { maxCapacityUnits } = options;
  if (maxCapacityUnits === undefined) return {};
  return {
    ManagedScalingPolicy: {
      ComputeLimits: {
        UnitType: 'InstanceFleetUnits',
        MinimumCapacityUnits: onDemandCapacity + spotCapacity,
        MaximumCapacityUnits: maxCapacityUnits,
        // what is added is Spot where there is Spot (EMR adds on-demand instances first otherwise), and no core: HDFS
        // leaves an instance slowly
        MaximumOnDemandCapacityUnits: spotCapacity > 0 ? onDemandCapacity : maxCapacityUnits,
        MaximumCoreCapacityUnits: spotCapacity > 0 ? onDemandCapacity : maxCapacityUnits,
      },
    },
  };
}

function configuration({ classification, properties, configurations }: EmrConfiguration): ClusterConfiguration {
  return {
    Classification: classification,
    ...(properties && { Properties: properties }),
    ...(configurations && { Configurations: configurations.map(configuration) }),
  };
}
