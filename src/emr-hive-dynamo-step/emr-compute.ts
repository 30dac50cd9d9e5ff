import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { type EmrInstanceFleetsOptions, InstanceFleets } from './emr-instance-fleets';
import { type EmrExistingClusterOptions, ExistingCluster, validateExistingCluster } from './existing-cluster';
import { FleetClusters } from './fleet-clusters';
import type { StepClusters } from './step-clusters';

type Create = (scope: Construct, table: ITable, tagValue: string) => StepClusters;

/** What the step loads with. */
export class EmrCompute {
  /**
   * A cluster of instance fleets for each run. It costs nothing between runs; it takes some minutes to start. With `idleTimeout` it is kept for
   * the next run.
   *
   * @throws Error if a number is out of its bounds, there are no or too many instance types, the release is not one of EMR 7, or an option does not
   * fit another one
   */
  public static instanceFleets(options: EmrInstanceFleetsOptions): EmrCompute {
    const fleets = new InstanceFleets(options);
    return new EmrCompute((scope, table, tagValue) => new FleetClusters(scope, fleets, table, tagValue));
  }

  /**
   * A cluster of your own, which the step neither starts nor ends. Each load is an EMR step there, whose failure leaves the others alone. A load
   * that is stopped is cancelled; what Hive has written to DynamoDB by then stays.
   *
   * @throws Error if the id is none of a cluster, or `workers` is no whole number from 1
   */
  public static existingCluster(options: EmrExistingClusterOptions): EmrCompute {
    validateExistingCluster(options);
    return new EmrCompute((_scope, table) => new ExistingCluster(options, table));
  }

  private constructor(
    /** @internal */
    public readonly _createClusters: Create,
  ) {}
}
