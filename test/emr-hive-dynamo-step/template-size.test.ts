import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Column, DataFormat, Dataset, EmrCompute, EmrHiveDynamoStep, EtlPipeline, S3QueueTrigger } from '../../src';
import { stateMachineDefinition } from '../state-machine-definition';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html */
const TEMPLATE_BYTES = 1_000_000;
/** https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html: of one state's variables together. */
const VARIABLE_BYTES = 256 * 1024;

const COLUMN_KINDS = [
  (name: string) => Column.string(name),
  (name: string) => Column.integer(name),
  (name: string) => Column.decimal(name, 38, 10),
  (name: string) => Column.floatingPoint(name),
  (name: string) => Column.bool(name),
  (name: string) => Column.date(name),
  (name: string) => Column.timestamp(name),
];

function wideTemplate(columns: number): Template {
  const stack = new Stack(new App(), 'Stack');
  const table = new dynamodb.Table(stack, 'Table', {
    partitionKey: { name: 'wide_column_with_a_long_name_0', type: dynamodb.AttributeType.STRING },
  });
  new EtlPipeline(stack, 'Orders', {
    dataset: new Dataset({
      name: 'wide',
      format: DataFormat.csv(),
      columns: Array.from({ length: columns }, (_, index) =>
        COLUMN_KINDS[index % COLUMN_KINDS.length](`wide_column_with_a_long_name_${index}`),
      ),
      key: ['wide_column_with_a_long_name_0'],
    }),
    trigger: new S3QueueTrigger(stack, 'Uploads', { bucket: new s3.Bucket(stack, 'Landing') }),
    steps: [
      new EmrHiveDynamoStep(stack, 'ToDynamo', {
        table,
        compute: EmrCompute.instanceFleets({ vpc: new ec2.Vpc(stack, 'Vpc') }),
      }),
    ],
  });
  return Template.fromStack(stack);
}

test('a hundred columns of all kinds fit, with the HiveQL once in the template', () => {
  const template = wideTemplate(100);
  const definition = JSON.stringify(stateMachineDefinition(template));
  expect(definition.match(/DynamoDBStorageHandler/g)).toHaveLength(1);
  expect(Buffer.byteLength(definition)).toBeLessThan(VARIABLE_BYTES);
  expect(Buffer.byteLength(JSON.stringify(template.toJSON()))).toBeLessThan(TEMPLATE_BYTES / 2);
});
