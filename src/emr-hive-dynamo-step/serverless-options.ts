import { Duration, Token } from 'aws-cdk-lib';
import type { IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { validateDuration, validateWholeNumber } from '../validation';

const RELEASE_LABEL = /^emr-7\.\d+\.\d+$/;
const APPLICATION_ID = /^[0-9a-z]+$/;

/** https://docs.aws.amazon.com/emr-serverless/latest/APIReference/API_AutoStopConfig.html */
const IDLE = { least: Duration.minutes(1), most: Duration.days(7) };

/** Hive's driver, and one task. */
const LEAST_VCPUS = 4;
/** More than any quota of an account; the default one is 16 vCPUs at a time. */
const MOST_VCPUS = 10_000;

/** An application of EMR Serverless to load with. */
export interface EmrServerlessOptions {
  /**
   * Id of an application of yours, of type Hive and of a release `emr-7.…`, in the account and region of the stack.
   *
   * @default - the step makes one, which starts with a load and stops when it is idle
   */
  readonly applicationId?: string;

  /**
   * The network of the loads. They then reach S3 and DynamoDB only by routes of their subnets.
   *
   * @default - no network of yours: loads reach AWS services of the region, and nothing else
   */
  readonly vpc?: IVpc;

  /**
   * Private subnets of `vpc`, of several zones.
   *
   * @default - the private subnets of the VPC; if it has none, its isolated ones
   */
  readonly vpcSubnets?: SubnetSelection;

  /**
   * The EMR release of the application, `emr-7.<minor>.<patch>`.
   *
   * @default 'emr-7.13.0'
   */
  readonly releaseLabel?: string;

  /**
   * Virtual CPUs that all loads together may take at a time, 4 to 10,000: a ceiling on what a minute costs. Two are the
   * driver's, each task takes two. Memory may be four times as many GB. The account needs as many of the quota "Max
   * concurrent vCPUs per account" (L-D05C8A75), which begins at 16.
   *
   * @default 16
   */
  readonly maxVcpus?: number;

  /**
   * Time that the application stays started after a load, 1 minute to 7 days. Idle, it costs nothing, because it keeps
   * no workers.
   *
   * @default Duration.minutes(15)
   */
  readonly idleTimeout?: Duration;
}

/** The options with their defaults, checked. */
export class ServerlessOptions {
  public readonly releaseLabel: string;
  public readonly maxVcpus: number;
  public readonly idleTimeout: Duration;

  /** @param defaultReleaseLabel that of clusters, too */
  constructor(
    public readonly options: EmrServerlessOptions,
    defaultReleaseLabel: string,
  ) {
    this.releaseLabel = options.releaseLabel ?? defaultReleaseLabel;
    this.maxVcpus = options.maxVcpus ?? 16;
    this.idleTimeout = options.idleTimeout ?? Duration.minutes(15);
    validateWholeNumber("'maxVcpus'", options.maxVcpus, LEAST_VCPUS, MOST_VCPUS);
    validateDuration("'idleTimeout'", options.idleTimeout, IDLE.least, IDLE.most);
    if (!Token.isUnresolved(this.releaseLabel) && !RELEASE_LABEL.test(this.releaseLabel)) {
      throw new Error(
        `'releaseLabel' must be 'emr-7.<minor>.<patch>', got '${this.releaseLabel}'. The generated HiveQL needs ` +
          'Hive 3.1.3 ' +
          `of EMR 7: leave it out for ${defaultReleaseLabel}.`,
      );
    }
    if (options.vpcSubnets && !options.vpc) {
      throw new Error("'vpcSubnets' needs 'vpc', the network that the subnets are of.");
    }
    this.validateApplication();
  }

  private validateApplication(): void {
    const { applicationId, ...others } = this.options;
    if (applicationId === undefined) return;
    if (!Token.isUnresolved(applicationId) && !APPLICATION_ID.test(applicationId)) {
      throw new Error(
        `'applicationId' must be the id of an application, digits and small letters, got '${applicationId}'.`,
      );
    }
    const fixed = (['vpc', 'releaseLabel', 'idleTimeout'] as const).find(name => others[name] !== undefined);
    if (fixed) {
      throw new Error(
        `'${fixed}' is a property of the application, and 'applicationId' names one of yours: leave one of the ` +
          'two out.',
      );
    }
  }
}
