import { Stack, type StackProps } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { FLIGHTS } from './flights-dataset';
import { warehouseFromContext } from './warehouse-from-context';
import {
  EmrCompute,
  EmrHiveDynamoStep,
  EtlPipeline,
  EtlStep,
  FargateRedshiftStep,
  S3QueueTrigger,
} from 'cdk-etl-steps';

/** Reports of flights, below `reports/` of a bucket, become items, rows and, in a step of its own, a summary. */
export class FlightsStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const vpc = new ec2.Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 1,
      gatewayEndpoints: {
        S3: { service: ec2.GatewayVpcEndpointAwsService.S3 },
        DynamoDb: { service: ec2.GatewayVpcEndpointAwsService.DYNAMODB },
      },
    });
    const table = new dynamodb.Table(this, 'Items', {
      partitionKey: { name: 'flight_number', type: dynamodb.AttributeType.STRING },
      sortKey: { name: 'flown_on', type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
    });
    const landing = new s3.Bucket(this, 'Landing', { versioned: true, enforceSSL: true });

    new EtlPipeline(this, 'Pipeline', {
      dataset: FLIGHTS,
      trigger: new S3QueueTrigger(this, 'Reports', { bucket: landing, prefix: 'reports/' }),
      steps: [
        EtlStep.parallel('Load', [
          new EmrHiveDynamoStep(this, 'ToDynamo', { table, compute: EmrCompute.instanceFleets({ vpc }) }),
          new FargateRedshiftStep(this, 'ToRedshift', {
            vpc,
            warehouse: warehouseFromContext(this),
            schema: 'operations',
            table: 'flights',
          }),
        ]),
        EtlStep.fromChainable('Summary', this.summary()),
      ],
    });
  }

  /** The input of a step has the results of the steps before it. */
  private summary(): sfn.IChainable {
    return sfn.Pass.jsonata(this, 'Summarize', {
      outputs: {
        run: '{% $states.input.runId %}',
        flights: '{% $states.input.results.ToRedshift.rowsWritten %}',
        agreed: '{% $states.input.results.ToDynamo.rowsWritten = $states.input.results.ToRedshift.rowsWritten %}',
      },
    });
  }
}
