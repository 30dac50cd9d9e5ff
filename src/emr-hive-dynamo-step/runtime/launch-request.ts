import type { RunJobFlowInput } from '@aws-sdk/client-emr';
import type { ClusterRequest, InstanceFleet } from '../contract';
import { hiveStep } from './emr-calls';

/** What a launch adds to the part that is the same for every run. */
export interface LaunchOptions {
  readonly name: string;
  /** S3 URI of the filled HiveQL script. */
  readonly script: string;
  /** S3 URI of the folder for logs. */
  readonly logs: string;
  /** A launch after another one found no capacity buys no Spot instances. */
  readonly onDemandOnly: boolean;
  /** Subnets that had no capacity a moment ago. */
  readonly avoidSubnets: string[];
}

/** The whole RunJobFlow request: a cluster that loads one run and ends. */
export function launchRequest(cluster: ClusterRequest, options: LaunchOptions): RunJobFlowInput {
  const request = options.onDemandOnly ? withoutSpot(cluster) : cluster;
  const { Ec2SubnetIds: subnets } = request.Instances;
  const otherSubnets = subnets.filter(subnet => !options.avoidSubnets.includes(subnet));
  return {
    ...(request as RunJobFlowInput),
    Name: options.name,
    LogUri: request.LogUri ?? options.logs,
    Instances: {
      ...(request.Instances as RunJobFlowInput['Instances']),
      Ec2SubnetIds: otherSubnets.length > 0 ? otherSubnets : subnets,
    },
    // CONTINUE would let a cluster whose only step failed end as if all were well
    Steps: [hiveStep('Load', options.script, 'TERMINATE_CLUSTER')],
  };
}

/** A cluster that waits for the steps of runs. */
export function keptClusterRequest(
  cluster: ClusterRequest,
  { name, onDemandOnly }: Pick<LaunchOptions, 'name' | 'onDemandOnly'>,
): RunJobFlowInput {
  return { ...((onDemandOnly ? withoutSpot(cluster) : cluster) as RunJobFlowInput), Name: name };
}

function withoutSpot({ Instances, ManagedScalingPolicy, ...request }: ClusterRequest): ClusterRequest {
  return {
    ...request,
    Instances: { ...Instances, InstanceFleets: Instances.InstanceFleets.map(onDemandFleet) },
    ...(ManagedScalingPolicy && {
      ManagedScalingPolicy: {
        ComputeLimits: {
          ...ManagedScalingPolicy.ComputeLimits,
          MaximumOnDemandCapacityUnits: ManagedScalingPolicy.ComputeLimits.MaximumCapacityUnits,
        },
      },
    }),
  };
}

function onDemandFleet({
  TargetSpotCapacity,
  TargetOnDemandCapacity,
  LaunchSpecifications,
  ...fleet
}: InstanceFleet): InstanceFleet {
  return {
    ...fleet,
    TargetOnDemandCapacity: (TargetOnDemandCapacity ?? 0) + (TargetSpotCapacity ?? 0),
    LaunchSpecifications: { OnDemandSpecification: LaunchSpecifications.OnDemandSpecification },
  };
}
