import { Token } from 'aws-cdk-lib';
import { InstanceType, type IVpc, type SubnetSelection } from 'aws-cdk-lib/aws-ec2';

/**
 * Half a year in use, security fixes until April 2028 (a release has 24 months of support), Hive 3.1.3 like every 7.x, the
 * engine that the generated HiveQL is tested with.
 */
const DEFAULT_RELEASE_LABEL = 'emr-7.13.0';

/**
 * Four types of one class (4 virtual CPUs, at least 16 GiB): the more of them, the seldomer a zone has room for none. Graviton, because Hive
 * and the DynamoDB connector are Java, which runs there as it is, for about a fifth less money. xlarge is the smallest that EMR takes.
 */
const DEFAULT_INSTANCE_TYPES = ['m7g.xlarge', 'm6g.xlarge', 'r7g.xlarge', 'r6g.xlarge'].map(name => new InstanceType(name));

/** Two map tasks' hosts: enough for thousands of files, and one of them may be lost. */
const DEFAULT_CAPACITY = 2;

/** With allocation strategies, which every fleet here uses. https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-instance-fleet.html */
const MAX_INSTANCE_TYPES = 30;

const RELEASE_LABEL = /^emr-7\.\d+\.\d+$/;

/** Where and on what instances the clusters of a step run. */
export interface EmrInstanceFleetsOptions {
  /** The network of the clusters. */
  readonly vpc: IVpc;

  /**
   * Subnets to choose from, either all public or all private. EMR takes one of them for each cluster, by the capacity of its zone, so name
   * several zones. The instances must reach S3 and DynamoDB from there.
   *
   * @default - the private subnets of the VPC; if it has none, its isolated, then its public ones
   */
  readonly vpcSubnets?: SubnetSelection;

  /**
   * The EMR release, `emr-7.<minor>.<patch>`: the generated HiveQL needs Hive 3.1.3, which all of 7.x have.
   *
   * @default 'emr-7.13.0' - supported until April 2028
   */
  readonly releaseLabel?: string;

  /**
   * Types that the primary instance may have, 1 to 30. EMR takes the cheapest that its zone has. Always on-demand: losing it loses the
   * cluster.
   *
   * @default - m7g.xlarge, m6g.xlarge, r7g.xlarge and r6g.xlarge
   */
  readonly primaryInstanceTypes?: InstanceType[];

  /**
   * Types that the core instances may have, 1 to 30. Each counts as one unit of capacity, so they should be of one size.
   *
   * @default - m7g.xlarge, m6g.xlarge, r7g.xlarge and r6g.xlarge
   */
  readonly coreInstanceTypes?: InstanceType[];

  /**
   * Core instances that are on-demand.
   *
   * @default 0 - all are Spot instances
   */
  readonly onDemandCapacity?: number;

  /**
   * Core instances that are Spot instances. What is not there after 10 minutes becomes on-demand, and a cluster that lost its instances
   * is replaced by one that is all on-demand.
   *
   * @default 2 - or 0 if `onDemandCapacity` is given
   */
  readonly spotCapacity?: number;

  /**
   * Most core instances that EMR may scale a cluster up to while it loads (managed scaling).
   *
   * @default - clusters keep the size they begin with
   */
  readonly maxCapacityUnits?: number;
}

/** What the step loads with. */
export class EmrCompute {
  /**
   * A cluster of instance fleets for each run. It costs nothing between runs; it takes some minutes to start.
   *
   * @throws Error if a capacity is no whole number, if there is no core instance, if `maxCapacityUnits` is below what the cluster begins with, if
   * there are no or too many instance types, or if the release is not one of EMR 7
   */
  public static instanceFleets(options: EmrInstanceFleetsOptions): EmrCompute {
    return new EmrCompute(options);
  }

  /** @internal */
  public readonly _vpc: IVpc;
  /** @internal */
  public readonly _vpcSubnets?: SubnetSelection;
  /** @internal */
  public readonly _releaseLabel: string;
  /** @internal */
  public readonly _primaryInstanceTypes: InstanceType[];
  /** @internal */
  public readonly _coreInstanceTypes: InstanceType[];
  /** @internal */
  public readonly _onDemandCapacity: number;
  /** @internal */
  public readonly _spotCapacity: number;
  /** @internal */
  public readonly _maxCapacityUnits?: number;

  private constructor(options: EmrInstanceFleetsOptions) {
    this._vpc = options.vpc;
    this._vpcSubnets = options.vpcSubnets;
    this._releaseLabel = options.releaseLabel ?? DEFAULT_RELEASE_LABEL;
    this._primaryInstanceTypes = options.primaryInstanceTypes ?? DEFAULT_INSTANCE_TYPES;
    this._coreInstanceTypes = options.coreInstanceTypes ?? DEFAULT_INSTANCE_TYPES;
    this._onDemandCapacity = options.onDemandCapacity ?? 0;
    this._spotCapacity = options.spotCapacity ?? (options.onDemandCapacity === undefined ? DEFAULT_CAPACITY : 0);
    this._maxCapacityUnits = options.maxCapacityUnits;

    if (!Token.isUnresolved(this._releaseLabel) && !RELEASE_LABEL.test(this._releaseLabel)) {
      throw new Error(`'releaseLabel' must be 'emr-7.<minor>.<patch>', got '${this._releaseLabel}'. The generated HiveQL needs Hive 3.1.3 of EMR 7: `
        + `leave it out for ${DEFAULT_RELEASE_LABEL}.`);
    }
    validateInstanceTypes('primaryInstanceTypes', this._primaryInstanceTypes);
    validateInstanceTypes('coreInstanceTypes', this._coreInstanceTypes);
    this.validateCapacity();
  }

  private validateCapacity(): void {
    validateCount('onDemandCapacity', this._onDemandCapacity, 0);
    validateCount('spotCapacity', this._spotCapacity, 0);
    const capacity = this._onDemandCapacity + this._spotCapacity;
    if (!Token.isUnresolved(this._onDemandCapacity) && !Token.isUnresolved(this._spotCapacity)) {
      if (capacity === 0) {
        throw new Error("'onDemandCapacity' and 'spotCapacity' must together be at least 1, got 0. A cluster without core instances cannot load: "
          + `leave both out for ${DEFAULT_CAPACITY} Spot instances.`);
      }
      if (this._maxCapacityUnits !== undefined) validateCount('maxCapacityUnits', this._maxCapacityUnits, capacity);
    }
  }
}

function validateCount(name: string, value: number, least: number): void {
  if (!Token.isUnresolved(value) && (!Number.isInteger(value) || value < least)) {
    throw new Error(`'${name}' must be a whole number of instances, at least ${least}, got ${value}.`);
  }
}

function validateInstanceTypes(name: string, types: InstanceType[]): void {
  if (types.length === 0 || types.length > MAX_INSTANCE_TYPES) {
    throw new Error(`'${name}' must hold 1 to ${MAX_INSTANCE_TYPES} instance types, got ${types.length}. Leave it out for the default ones.`);
  }
  const names = types.map(type => type.toString());
  const repeated = names.find((type, index) => names.indexOf(type) !== index);
  if (repeated) throw new Error(`'${name}' must name each instance type once, got '${repeated}' twice. Remove one.`);
}
