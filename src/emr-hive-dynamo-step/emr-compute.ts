import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { DEFAULT_RELEASE_LABEL, InstanceFleets } from './emr-instance-fleets';
import type { EmrInstanceFleetsOptions } from './emr-instance-fleets-options';
import { type EmrExistingClusterOptions, ExistingCluster, validateExistingCluster } from './existing-cluster';
import { FleetClusters } from './fleet-clusters';
import { ServerlessApplication } from './serverless-application';
import { type EmrServerlessOptions, ServerlessOptions } from './serverless-options';
import type { StepClusters } from './step-clusters';

type Create = (scope: Construct, table: ITable, tagValue: string) => StepClusters;

/**
 * Cluster configuration of an EmrHiveDynamoStep.
 *
 * @example
 *
 * EmrCompute.instanceFleets({ vpc, idleTimeout: Duration.minutes(20) }); // the next run finds the cluster warm
 */
export class EmrCompute {
  /**
   * A cluster of instance fleets for each run. It costs nothing between runs; it takes some minutes to start. With
   * `idleTimeout` it is kept for the next run.
   *
   * @throws Error if a number is out of its bounds, there are no or too many instance types, the release is not one of
   * EMR 7, or an option does not fit another one
   */
  public static instanceFleets(options: EmrInstanceFleetsOptions): EmrCompute {
    const fleets = new InstanceFleets(options);
    return new EmrCompute((scope, table, tagValue) => new FleetClusters(scope, fleets, table, tagValue));
  }

  /**
   * A cluster of your own, which the step neither starts nor ends. Each load is an EMR step there, whose failure leaves
   * the others alone. A load that is stopped is cancelled; what Hive has written to DynamoDB by then stays.
   *
   * @throws Error if the id is none of a cluster, or `workers` is no whole number from 1
   */
  public static existingCluster(options: EmrExistingClusterOptions): EmrCompute {
    validateExistingCluster(options);
    return new EmrCompute((_scope, table) => new ExistingCluster(options, table));
  }

  /**
   * EMR Serverless: no instances to choose, a start in about a minute, and a price by the second of what the tasks
   * take. The step makes an application and the role of the loads, or takes an application of yours; `maxVcpus` bounds
   * what a minute costs.
   *
   * **Nothing of this has run on AWS yet.** It follows the documentation of EMR Serverless and of the DynamoDB
   * connector. Its Hive runs on Tez, for which the generated HiveQL has settings of its own; AWS recommends MapReduce
   * for DynamoDB, which only clusters have. Try it with a small table first, and compare the counts of a run and the
   * table's write rate.
   *
   * @throws Error if the id is none of an application, a number or a duration is out of its bounds, or a property of
   * the application is given beside `applicationId`
   */
  public static serverless(options: EmrServerlessOptions = {}): EmrCompute {
    const serverless = new ServerlessOptions(options, DEFAULT_RELEASE_LABEL);
    return new EmrCompute((scope, table) => new ServerlessApplication(scope, serverless, table));
  }

  private constructor(
    /** @internal */
    public readonly _createClusters: Create,
  ) {}
}
