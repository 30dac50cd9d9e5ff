import type { InstanceFleetConfig, RunJobFlowInput, StepConfig } from '@aws-sdk/client-emr';
import { EmrFault } from './protocol';

const RELEASE_LABEL = /^emr-[4-8]\.\d+\.\d+$/;
const ROLE = /^(arn:aws[\w-]*:iam::\d{12}:(role|instance-profile)\/)?[\w+=,.@/-]{1,128}$/;
const SUBNET = /^subnet-[0-9a-f]+$/;
const SECURITY_GROUP = /^sg-[0-9a-f]+$/;
const INSTANCE_TYPE = /^[a-z][a-z0-9-]*\.[a-z0-9]+$/;
const ACTIONS_ON_FAILURE = ['TERMINATE_JOB_FLOW', 'TERMINATE_CLUSTER', 'CANCEL_AND_WAIT', 'CONTINUE'];
const VOLUME_TYPES = ['gp2', 'gp3', 'io1', 'st1', 'sc1', 'standard'];
const NAME_LENGTH = 256;
const MAX_STEPS = 256;
const MAX_BOOTSTRAP_ACTIONS = 16;
const IDLE_SECONDS = { least: 60, most: 604_800 };

function refuseIf(condition: unknown, message: string): void {
  if (condition) throw new EmrFault('ValidationException', message);
}

/**
 * Refuses what EMR refuses in its answer to RunJobFlow. What it finds out later (no such subnet, no capacity) is not
 * checked.
 */
export function validateRunJobFlow(input: RunJobFlowInput): void {
  refuseIf(
    !input.Name || input.Name.length > NAME_LENGTH,
    `1 validation error detected: Value at 'name' must have length between 1 and ${NAME_LENGTH}`,
  );
  refuseIf(
    !RELEASE_LABEL.test(input.ReleaseLabel ?? ''),
    `The supplied release label is invalid: ${input.ReleaseLabel}.`,
  );
  refuseIf(
    !ROLE.test(input.ServiceRole ?? ''),
    `ServiceRole is required and must be the name or ARN of a role, got ${input.ServiceRole}.`,
  );
  refuseIf(
    !ROLE.test(input.JobFlowRole ?? ''),
    `JobFlowRole is required and must be the name or ARN of an instance profile, got ${input.JobFlowRole}.`,
  );
  refuseIf(
    input.LogUri !== undefined && !/^s3n?:\/\/[^/]+\//.test(input.LogUri),
    `The log URI ${input.LogUri} is not valid. It must be an S3 location that ends with a slash.`,
  );
  validateInstances(input);
  validateScaling(input);
  const keys = (input.Tags ?? []).map(tag => tag.Key ?? '');
  refuseIf(
    keys.some(key => key === '' || key.startsWith('aws:') || key.length > 128),
    'Tag keys must have 1 to 128 characters and not begin with aws:.',
  );
  refuseIf(new Set(keys).size < keys.length, 'Tag keys must be unique.');
  validateSteps(input.Steps ?? []);
  refuseIf(
    (input.BootstrapActions ?? []).length > MAX_BOOTSTRAP_ACTIONS,
    `There can be at most ${MAX_BOOTSTRAP_ACTIONS} bootstrap actions.`,
  );
  for (const action of input.BootstrapActions ?? []) {
    refuseIf(
      !action.Name || !action.ScriptBootstrapAction?.Path,
      'A bootstrap action needs a name and ScriptBootstrapAction.Path.',
    );
  }
  const idle = input.AutoTerminationPolicy?.IdleTimeout;
  refuseIf(
    idle !== undefined && (idle < IDLE_SECONDS.least || idle > IDLE_SECONDS.most),
    `The idle timeout must be between ${IDLE_SECONDS.least} and ${IDLE_SECONDS.most} seconds, got ${idle}.`,
  );
}

export function validateSteps(steps: StepConfig[]): void {
  refuseIf(steps.length > MAX_STEPS, `Maximum number of steps for job exceeded: ${MAX_STEPS}`);
  for (const step of steps) {
    refuseIf(!step.Name || !step.HadoopJarStep?.Jar, 'A step needs a name and HadoopJarStep.Jar.');
    refuseIf(
      step.ActionOnFailure !== undefined && !ACTIONS_ON_FAILURE.includes(step.ActionOnFailure),
      `1 validation error detected: Value '${step.ActionOnFailure}' at 'steps.1.member.actionOnFailure' failed ` +
        `to satisfy constraint: Member must satisfy enum value set: [${ACTIONS_ON_FAILURE.join(', ')}]`,
    );
  }
}

function validateInstances({ Instances: instances }: RunJobFlowInput): void {
  refuseIf(!instances, 'Instances is required.');
  const { InstanceFleets: fleets = [], InstanceGroups: groups = [] } = instances!;
  refuseIf(
    fleets.length > 0 && groups.length > 0,
    'InstanceGroups and InstanceFleets are mutually exclusive: specify one of them.',
  );
  refuseIf(fleets.length === 0, 'InstanceFleets is required: the local EMR knows instance fleets only.');
  refuseIf(
    instances!.Ec2SubnetId && instances!.Ec2SubnetIds,
    'Ec2SubnetId and Ec2SubnetIds are mutually exclusive: specify one of them.',
  );
  const subnets = instances!.Ec2SubnetIds ?? (instances!.Ec2SubnetId ? [instances!.Ec2SubnetId] : []);
  for (const subnet of subnets) refuseIf(!SUBNET.test(subnet), `The subnet ID '${subnet}' is not valid.`);

  const {
    EmrManagedMasterSecurityGroup: primary,
    EmrManagedSlaveSecurityGroup: core,
    ServiceAccessSecurityGroup: service,
  } = instances!;
  refuseIf(
    !primary !== !core,
    'You must specify both or none of EmrManagedMasterSecurityGroup and EmrManagedSlaveSecurityGroup.',
  );
  refuseIf(
    service && !primary,
    'ServiceAccessSecurityGroup needs EmrManagedMasterSecurityGroup and EmrManagedSlaveSecurityGroup.',
  );
  for (const group of [primary, core, service]) {
    refuseIf(group && !SECURITY_GROUP.test(group), `The security group '${group}' does not exist.`);
  }

  for (const type of ['MASTER', 'CORE', 'TASK']) {
    refuseIf(
      fleets.filter(fleet => fleet.InstanceFleetType === type).length > 1,
      `There can be at most one ${type} instance fleet.`,
    );
  }
  const master = fleets.find(fleet => fleet.InstanceFleetType === 'MASTER');
  refuseIf(!master, 'An instance fleet of type MASTER is required.');
  const targets = [master!.TargetOnDemandCapacity ?? 0, master!.TargetSpotCapacity ?? 0].sort();
  refuseIf(
    targets[0] !== 0 || targets[1] !== 1,
    'The MASTER instance fleet must have exactly one of TargetOnDemandCapacity and TargetSpotCapacity, equal to 1.',
  );
  fleets.forEach(validateFleet);
}

function validateFleet(fleet: InstanceFleetConfig): void {
  const { TargetOnDemandCapacity: onDemand = 0, TargetSpotCapacity: spot = 0, InstanceTypeConfigs: types = [] } = fleet;
  const { SpotSpecification: spotSpecification, OnDemandSpecification: onDemandSpecification } =
    fleet.LaunchSpecifications ?? {};
  const name = `The ${fleet.InstanceFleetType} instance fleet`;
  refuseIf(onDemand < 0 || spot < 0 || onDemand + spot < 1, `${name} must have a target capacity of at least 1.`);
  const most = (spotSpecification?.AllocationStrategy ?? onDemandSpecification?.AllocationStrategy) ? 30 : 5;
  refuseIf(types.length < 1 || types.length > most, `${name} must have 1 to ${most} instance types.`);
  const names = types.map(type => type.InstanceType ?? '');
  for (const type of names) refuseIf(!INSTANCE_TYPE.test(type), `Instance type '${type}' is not supported.`);
  refuseIf(new Set(names).size < names.length, `${name} must name each instance type once.`);
  for (const { VolumeSpecification: volume } of types.flatMap(
    type => type.EbsConfiguration?.EbsBlockDeviceConfigs ?? [],
  )) {
    refuseIf(
      !VOLUME_TYPES.includes(volume?.VolumeType ?? ''),
      `The volume type '${volume?.VolumeType}' is not valid: ${VOLUME_TYPES.join(', ')}.`,
    );
    refuseIf(
      !volume?.SizeInGB || volume.SizeInGB < 1,
      `The volume size of ${name.toLowerCase()} must be at least 1 GiB, got ${volume?.SizeInGB}.`,
    );
  }
  if (spotSpecification) {
    const { TimeoutDurationMinutes: timeout, TimeoutAction: action } = spotSpecification;
    refuseIf(
      timeout === undefined || timeout < 5 || timeout > 1440,
      'TimeoutDurationMinutes must be between 5 and 1440.',
    );
    refuseIf(
      action !== 'SWITCH_TO_ON_DEMAND' && action !== 'TERMINATE_CLUSTER',
      `TimeoutAction '${action}' is not valid.`,
    );
  }
}

function validateScaling({ ManagedScalingPolicy: policy, Instances: instances }: RunJobFlowInput): void {
  const limits = policy?.ComputeLimits;
  if (!limits) return;
  refuseIf(
    limits.UnitType !== 'InstanceFleetUnits' && instances?.InstanceFleets,
    'The unit type of a cluster with instance fleets must be InstanceFleetUnits.',
  );
  const {
    MinimumCapacityUnits: least = 0,
    MaximumCapacityUnits: most = 0,
    MaximumOnDemandCapacityUnits: onDemand = most,
  } = limits;
  refuseIf(
    least < 1 || least > most,
    `MinimumCapacityUnits (${least}) must be at least 1 and at most MaximumCapacityUnits (${most}).`,
  );
  const { MaximumCoreCapacityUnits: core = most } = limits;
  refuseIf(
    onDemand < 0 || onDemand > most,
    `MaximumOnDemandCapacityUnits (${onDemand}) must be 0 to MaximumCapacityUnits (${most}).`,
  );
  refuseIf(core < 1 || core > most, `MaximumCoreCapacityUnits (${core}) must be 1 to MaximumCapacityUnits (${most}).`);
}
