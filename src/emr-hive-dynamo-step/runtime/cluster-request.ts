import type { InstanceFleetConfig, InstanceTypeConfig, ManagedScalingPolicy, RunJobFlowInput } from '@aws-sdk/client-emr';
import type { ClusterTemplate } from '../contract';
import { SPOT_TIMEOUT_MINUTES } from '../contract';

/** What a launch adds to the template. */
export interface ClusterOptions {
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
export function clusterRequest(template: ClusterTemplate, options: ClusterOptions): RunJobFlowInput {
  const otherSubnets = template.subnetIds.filter(subnet => !options.avoidSubnets.includes(subnet));
  return {
    Name: options.name,
    ReleaseLabel: template.releaseLabel,
    Applications: [{ Name: 'Hive' }],
    LogUri: options.logs,
    ServiceRole: template.serviceRole,
    JobFlowRole: template.instanceProfile,
    SecurityConfiguration: template.securityConfiguration,
    Tags: template.tags,
    Instances: {
      Ec2SubnetIds: otherSubnets.length > 0 ? otherSubnets : template.subnetIds,
      EmrManagedMasterSecurityGroup: template.primarySecurityGroup,
      EmrManagedSlaveSecurityGroup: template.coreSecurityGroup,
      ServiceAccessSecurityGroup: template.serviceAccessSecurityGroup,
      InstanceFleets: instanceFleets(template, options.onDemandOnly),
      // the net beneath stop: without steps left the cluster ends, whoever has forgotten it
      KeepJobFlowAliveWhenNoSteps: false,
      TerminationProtected: false,
    },
    ManagedScalingPolicy: managedScaling(template, options.onDemandOnly),
    Steps: [{
      Name: 'Load',
      // CONTINUE would let a cluster whose only step failed end as if all were well
      ActionOnFailure: 'TERMINATE_CLUSTER',
      HadoopJarStep: { Jar: 'command-runner.jar', Args: ['hive-script', '--run-hive-script', '--args', '-f', options.script] },
    }],
  };
}

const sameWeight = (InstanceType: string): InstanceTypeConfig => ({ InstanceType, WeightedCapacity: 1 });

function instanceFleets(template: ClusterTemplate, onDemandOnly: boolean): InstanceFleetConfig[] {
  const onDemand = onDemandOnly ? template.onDemandCapacity + template.spotCapacity : template.onDemandCapacity;
  const spot = onDemandOnly ? 0 : template.spotCapacity;
  return [
    {
      Name: 'Primary',
      InstanceFleetType: 'MASTER',
      TargetOnDemandCapacity: 1, // losing it loses the cluster
      InstanceTypeConfigs: template.primaryInstanceTypes.map(InstanceType => ({ InstanceType })),
      LaunchSpecifications: { OnDemandSpecification: { AllocationStrategy: 'lowest-price' } },
    },
    {
      Name: 'Core',
      InstanceFleetType: 'CORE',
      TargetOnDemandCapacity: onDemand,
      TargetSpotCapacity: spot,
      InstanceTypeConfigs: template.coreInstanceTypes.map(sameWeight),
      LaunchSpecifications: {
        // allocation strategies raise the limit of 5 instance types a fleet to 30
        OnDemandSpecification: { AllocationStrategy: 'lowest-price' },
        ...spot > 0 && {
          SpotSpecification: {
            AllocationStrategy: 'price-capacity-optimized',
            TimeoutDurationMinutes: SPOT_TIMEOUT_MINUTES,
            TimeoutAction: 'SWITCH_TO_ON_DEMAND',
          },
        },
      },
    },
  ];
}

function managedScaling(template: ClusterTemplate, onDemandOnly: boolean): ManagedScalingPolicy | undefined {
  if (template.maxCapacityUnits === undefined) return undefined;
  return {
    ComputeLimits: {
      UnitType: 'InstanceFleetUnits',
      MinimumCapacityUnits: template.onDemandCapacity + template.spotCapacity,
      MaximumCapacityUnits: template.maxCapacityUnits,
      // what is added is Spot where the fleet has Spot: EMR adds on-demand instances first otherwise
      MaximumOnDemandCapacityUnits: template.spotCapacity > 0 && !onDemandOnly ? template.onDemandCapacity : template.maxCapacityUnits,
    },
  };
}
