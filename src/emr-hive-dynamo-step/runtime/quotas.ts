import type { ClusterRequest, InstanceFleet } from '../contract';

const ON_DEMAND = '"Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances" (L-1216C47A)';
const SPOT = '"All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests" (L-34B43A08)';
const GP3 = '"Storage for General Purpose SSD (gp3) volumes, in TiB" (L-7A658B76)';

/**
 * As EC2 and EMR say it. EMR ends such a cluster with INTERNAL_ERROR or VALIDATION_ERROR, or as INSTANCE_FLEET_TIMEOUT.
 */
const SPOT_EXCEEDED = /MaxSpotInstanceCountExceeded|Max spot instance count exceeded/i;
const VCPUS_EXCEEDED =
  /VcpuLimitExceeded|more vCPU capacity than your current vCPU limit|exceeds the EC2 service quota|InstanceLimitExceeded|vcpu-limit/i;
const STORAGE_EXCEEDED = /EBS volume limit was exceeded|VolumeLimitExceeded/i;

/** Which quota of the account to raise, if that is what the text is about. */
export function quotaAdvice(text: string, cluster?: ClusterRequest): string | undefined {
  if (STORAGE_EXCEEDED.test(text)) {
    return `Raise the EBS quota ${GP3} in the Service Quotas console, or lower the step's \`ebs…\` properties.`;
  }
  const quota = SPOT_EXCEEDED.test(text)
    ? SPOT
    : VCPUS_EXCEEDED.test(text)
      ? `${ON_DEMAND}, or for Spot instances ${SPOT},`
      : undefined;
  if (!quota) return undefined;
  return (
    `Raise the EC2 quota ${quota} in the Service Quotas console, or give the step fewer or smaller ` +
    `instances.${cluster ? needs(cluster) : ''}`
  );
}

function needs(cluster: ClusterRequest): string {
  const fleets = cluster.Instances.InstanceFleets;
  const onDemand = sum(fleets, fleet => fleet.TargetOnDemandCapacity);
  const spot = sum(fleets, fleet => fleet.TargetSpotCapacity);
  if (onDemand === undefined || spot === undefined) return '';
  return (
    ` One cluster takes ${onDemand} vCPUs on demand and ${spot} of Spot, which become on-demand where Spot is ` +
    'missing.'
  );
}

/** vCPUs at most; undefined if the size of a type does not tell. */
function sum(fleets: InstanceFleet[], target: (fleet: InstanceFleet) => number | undefined): number | undefined {
  let total = 0;
  for (const fleet of fleets) {
    const counts = fleet.InstanceTypeConfigs.map(
      type => Math.ceil((target(fleet) ?? 0) / (type.WeightedCapacity ?? 1)) * vcpus(type.InstanceType),
    );
    total += Math.max(...counts);
  }
  return Number.isNaN(total) ? undefined : total;
}

/**
 * An xlarge of every standard family has 4, an Nxlarge N times as many; EMR takes nothing smaller but a few large of
 * old families.
 */
function vcpus(instanceType: string): number {
  const [, times] = /\.(\d*)xlarge$/.exec(instanceType) ?? [];
  return times === undefined ? NaN : 4 * Number(times || 1);
}
