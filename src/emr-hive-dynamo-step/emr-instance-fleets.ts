import { Duration, Size, SizeRoundingBehavior, Token } from 'aws-cdk-lib';
import { EbsDeviceVolumeType, InstanceType } from 'aws-cdk-lib/aws-ec2';
import {
  type EmrInstanceFleetsOptions,
  EmrOnDemandAllocationStrategy,
  EmrSpotAllocationStrategy,
} from './emr-instance-fleets-options';
import { validateDistinct, validateDuration, validateWholeNumber } from '../validation';

/**
 * Half a year in use, security fixes until April 2028 (a release has 24 months of support), Hive 3.1.3 like every 7.x,
 * the engine that the generated HiveQL is tested with.
 */
export const DEFAULT_RELEASE_LABEL = 'emr-7.13.0';

/**
 * One class (4 virtual CPUs, 16 GiB), because EMR sizes Hive's tasks by the type: of types with different memory an
 * instance would run another number of tasks for the same unit of capacity. Several, because the more there are, the
 * seldomer a zone has room for none. Graviton, because Hive and the DynamoDB connector are Java, which runs there as it
 * is, for about a fifth less money. xlarge is the smallest that EMR takes. EMR 7.13 supports all three.
 */
const DEFAULT_INSTANCE_TYPES = ['m7g.xlarge', 'm6g.xlarge', 'm6gd.xlarge'].map(name => new InstanceType(name));

/**
 * With allocation strategies, which every fleet here uses.
 * https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-instance-fleet.html
 */
const MAX_INSTANCE_TYPES = 30;

const RELEASE_LABEL = /^emr-7\.\d+\.\d+$/;

/** https://docs.aws.amazon.com/emr/latest/APIReference/API_VolumeSpecification.html */
const EBS = {
  types: [
    EbsDeviceVolumeType.GP3,
    EbsDeviceVolumeType.GP2,
    EbsDeviceVolumeType.IO1,
    EbsDeviceVolumeType.ST1,
    EbsDeviceVolumeType.SC1,
    EbsDeviceVolumeType.STANDARD,
  ],
  withIops: [EbsDeviceVolumeType.GP3, EbsDeviceVolumeType.IO1],
  sizeGiB: { least: 10, most: 1024 },
  throughput: { least: 125, most: 1000 },
};

/** https://docs.aws.amazon.com/emr/latest/APIReference/API_AutoTerminationPolicy.html */
const IDLE = { least: Duration.minutes(1), most: Duration.days(7) };

/** The options with their defaults, checked. */
export class InstanceFleets {
  public readonly releaseLabel: string;
  public readonly primaryInstanceTypes: string[];
  public readonly coreInstanceTypes: string[];
  public readonly taskInstanceTypes: string[];
  public readonly instanceWeights: { [instanceType: string]: number };
  public readonly onDemandCapacity: number;
  public readonly spotCapacity: number;
  public readonly spotAllocationStrategy: EmrSpotAllocationStrategy;
  public readonly onDemandAllocationStrategy: EmrOnDemandAllocationStrategy;
  public readonly ebsVolumeSize: Size;
  public readonly ebsVolumesPerInstance: number;
  public readonly ebsVolumeType: EbsDeviceVolumeType;
  public readonly logPrefix: string;
  public readonly maxClusterAge: Duration;

  constructor(public readonly options: EmrInstanceFleetsOptions) {
    const coreInstanceTypes = options.coreInstanceTypes ?? DEFAULT_INSTANCE_TYPES;
    this.releaseLabel = options.releaseLabel ?? DEFAULT_RELEASE_LABEL;
    this.primaryInstanceTypes = instanceTypes(
      'primaryInstanceTypes',
      options.primaryInstanceTypes ?? DEFAULT_INSTANCE_TYPES,
    );
    this.coreInstanceTypes = instanceTypes('coreInstanceTypes', coreInstanceTypes);
    this.taskInstanceTypes = instanceTypes('taskInstanceTypes', options.taskInstanceTypes ?? coreInstanceTypes);
    this.instanceWeights = options.instanceWeights ?? {};
    this.onDemandCapacity = options.onDemandCapacity ?? 1;
    this.spotCapacity = options.spotCapacity ?? 2;
    this.spotAllocationStrategy = options.spotAllocationStrategy ?? EmrSpotAllocationStrategy.PRICE_CAPACITY_OPTIMIZED;
    this.onDemandAllocationStrategy = options.onDemandAllocationStrategy ?? EmrOnDemandAllocationStrategy.LOWEST_PRICE;
    this.ebsVolumeSize = options.ebsVolumeSize ?? Size.gibibytes(64);
    this.ebsVolumesPerInstance = options.ebsVolumesPerInstance ?? 2;
    this.ebsVolumeType = options.ebsVolumeType ?? EbsDeviceVolumeType.GP3;
    this.logPrefix = options.logPrefix ?? 'emr';
    this.maxClusterAge = options.maxClusterAge ?? Duration.hours(24);

    if (!Token.isUnresolved(this.releaseLabel) && !RELEASE_LABEL.test(this.releaseLabel)) {
      throw new Error(
        `'releaseLabel' must be 'emr-7.<minor>.<patch>', got '${this.releaseLabel}'. The generated HiveQL needs ` +
          'Hive 3.1.3 of EMR 7: ' +
          `leave it out for ${DEFAULT_RELEASE_LABEL}.`,
      );
    }
    this.validateCapacity();
    this.validateVolumes();
    this.validateLogs();
    this.validateKeeping();
  }

  private validateCapacity(): void {
    validateWholeNumber("'onDemandCapacity'", this.onDemandCapacity, 1, Infinity);
    validateWholeNumber("'spotCapacity'", this.spotCapacity, 0, Infinity);
    for (const [type, weight] of Object.entries(this.instanceWeights)) {
      validateWholeNumber(`'instanceWeights' of '${type}'`, weight, 1, Infinity);
      if (![...this.coreInstanceTypes, ...this.taskInstanceTypes].includes(type)) {
        throw new Error(
          `'instanceWeights' must name types of 'coreInstanceTypes' or 'taskInstanceTypes', got '${type}'. Add ` +
            'it there, or remove its weight.',
        );
      }
    }
    const { maxCapacityUnits } = this.options;
    if (
      maxCapacityUnits !== undefined &&
      !Token.isUnresolved(this.onDemandCapacity) &&
      !Token.isUnresolved(this.spotCapacity)
    ) {
      validateWholeNumber("'maxCapacityUnits'", maxCapacityUnits, this.onDemandCapacity + this.spotCapacity, Infinity);
    }
  }

  private validateVolumes(): void {
    const { ebsIops: iops, ebsThroughput: throughput } = this.options;
    const type = this.ebsVolumeType;
    if (!EBS.types.includes(type)) {
      throw new Error(`'ebsVolumeType' must be one that EMR takes (${EBS.types.join(', ')}), got '${type}'.`);
    }
    validateWholeNumber("'ebsVolumesPerInstance'", this.ebsVolumesPerInstance, 1, 25);
    if (!this.ebsVolumeSize.isUnresolved()) {
      validateWholeNumber(
        "'ebsVolumeSize' in GiB",
        this.ebsVolumeSize.toGibibytes({ rounding: SizeRoundingBehavior.NONE }),
        EBS.sizeGiB.least,
        EBS.sizeGiB.most,
      );
    }
    if (iops !== undefined) {
      if (!EBS.withIops.includes(type)) {
        throw new Error(`'ebsIops' is for volumes of type ${EBS.withIops.join(' or ')} only, got type '${type}'.`);
      }
      validateWholeNumber("'ebsIops'", iops, 100, Infinity);
    } else if (type === EbsDeviceVolumeType.IO1) {
      throw new Error("'ebsIops' must be given for volumes of type 'io1'. Add it, or use gp3.");
    }
    if (throughput !== undefined) {
      if (type !== EbsDeviceVolumeType.GP3) {
        throw new Error(`'ebsThroughput' is for volumes of type gp3 only, got type '${type}'.`);
      }
      validateWholeNumber("'ebsThroughput' in MiB a second", throughput, EBS.throughput.least, EBS.throughput.most);
    }
  }

  private validateKeeping(): void {
    const { idleTimeout, maxClusterAge } = this.options;
    if (maxClusterAge && !idleTimeout) {
      throw new Error("'maxClusterAge' needs 'idleTimeout': without it each cluster ends with its run.");
    }
    validateDuration("'idleTimeout'", idleTimeout, IDLE.least, IDLE.most);
    validateDuration("'maxClusterAge'", maxClusterAge, Duration.hours(1), Duration.days(30));
  }

  private validateLogs(): void {
    const { logBucket, logPrefix } = this.options;
    if (logPrefix === undefined) return;
    if (!logBucket) {
      throw new Error("'logPrefix' needs 'logBucket': without it the logs are in the run's folder of the work bucket.");
    }
    if (!Token.isUnresolved(logPrefix) && !/^[^/](.*[^/])?$/.test(logPrefix)) {
      throw new Error(`'logPrefix' must not be empty, nor begin or end with a slash, got '${logPrefix}'.`);
    }
  }
}

function instanceTypes(name: string, types: InstanceType[]): string[] {
  if (types.length === 0 || types.length > MAX_INSTANCE_TYPES) {
    throw new Error(
      `'${name}' must hold 1 to ${MAX_INSTANCE_TYPES} instance types, got ${types.length}. Leave it out for the ` +
        'default ones.',
    );
  }
  const names = types.map(type => type.toString());
  validateDistinct(`'${name}'`, names, 'Remove one.');
  return names;
}
