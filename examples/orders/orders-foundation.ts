import { Fn, Stack, type StackProps } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge';
import { OrdersWarehouse } from './orders-warehouse';
import { dataRemovalPolicy } from './removal-policy';
import type { RedshiftWarehouse } from 'cdk-etl-steps';

/** What outlives the pipeline, and may serve others: the network, the table and the warehouse. */
export class OrdersFoundation extends Stack {
  public readonly vpc: ec2.Vpc;
  public readonly table: dynamodb.Table;
  public readonly warehouse: RedshiftWarehouse;

  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    this.vpc = new ec2.Vpc(this, 'Vpc', {
      maxAzs: 3,
      natGateways: 1, // for the container registry and the APIs of AWS; the data goes through the endpoints
      gatewayEndpoints: {
        S3: { service: ec2.GatewayVpcEndpointAwsService.S3 },
        DynamoDb: { service: ec2.GatewayVpcEndpointAwsService.DYNAMODB },
      },
    });
    this.table = new dynamodb.Table(this, 'Items', {
      partitionKey: { name: 'order_id', type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: dataRemovalPolicy(this),
    });
    this.warehouse = new OrdersWarehouse(this, 'Warehouse', { vpc: this.vpc }).connection;
    acknowledge(
      this.vpc,
      'AwsSolutions-VPC7',
      'Flow logs would cost more than the traffic of an example: switch them on in a network of your own.',
    );
  }

  /** Redshift Serverless needs three zones, and a stack that is deployed anywhere is taken to have two. */
  public get availabilityZones(): string[] {
    return [0, 1, 2].map(index => Fn.select(index, Fn.getAzs(this.region)));
  }
}
