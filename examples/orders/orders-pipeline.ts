import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge';
import { AnnounceStep } from './announce-step';
import { ORDERS } from './orders-dataset';
import type { OrdersFoundation } from './orders-foundation';
import { dataRemovalPolicy } from './removal-policy';
import {
  EmrCompute,
  EmrHiveDynamoStep,
  EtlPipeline,
  FargateRedshiftStep,
  type IEtlStep,
  S3QueueTrigger,
} from 'cdk-etl-steps';

export interface OrdersPipelineProps extends StackProps {
  readonly foundation: OrdersFoundation;
}

/** Files that are put below `orders/` become items in DynamoDB and rows in Redshift. */
export class OrdersPipeline extends Stack {
  constructor(scope: Construct, id: string, { foundation, ...props }: OrdersPipelineProps) {
    super(scope, id, props);
    const { vpc, table, warehouse } = foundation;
    const removalPolicy = dataRemovalPolicy(this);

    const landing = new s3.Bucket(this, 'Landing', {
      versioned: true, // a file that is uploaded again while it is being loaded is another file
      encryption: s3.BucketEncryption.S3_MANAGED,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      removalPolicy,
      autoDeleteObjects: removalPolicy === RemovalPolicy.DESTROY,
    });
    acknowledge(
      landing,
      'AwsSolutions-S1',
      'An example: whoever has to know who reads the files adds a bucket for access logs.',
    );

    const trigger = new S3QueueTrigger(this, 'Uploads', { bucket: landing, prefix: 'orders/', removalPolicy });
    const steps: IEtlStep[] = [
      new EmrHiveDynamoStep(this, 'ToDynamo', { table, compute: EmrCompute.instanceFleets({ vpc }) }),
      new FargateRedshiftStep(this, 'ToRedshift', { vpc, warehouse, schema: 'analytics', table: 'orders' }),
    ];
    if (this.node.tryGetContext('announceRuns')) steps.push(new AnnounceStep(this, 'Announce'));
    const pipeline = new EtlPipeline(this, 'Orders', { dataset: ORDERS, trigger, steps });

    new CfnOutput(this, 'LandingBucket', { value: landing.bucketName, description: 'Put files below orders/' });
    new CfnOutput(this, 'ItemsTable', { value: table.tableName, description: 'The orders in DynamoDB' });
    new CfnOutput(this, 'StateMachineArn', {
      value: pipeline.stateMachine.stateMachineArn,
      description: 'One execution for each attempt of each run',
    });
    new CfnOutput(this, 'LedgerTable', {
      value: trigger.ledgerTable.tableName,
      description: 'What became of each file and each run',
    });
    new CfnOutput(this, 'WorkBucket', {
      value: trigger.workBucket.bucketName,
      description: 'Results and rejected rows of each run, below runs/',
    });
    new CfnOutput(this, 'OperatorFunction', {
      value: trigger.operatorFunction.functionName,
      description: 'Takes the commands of docs/operate.md',
    });
    new CfnOutput(this, 'QueueUrl', { value: trigger.queue.queueUrl, description: 'Events of the landing bucket' });
  }
}
