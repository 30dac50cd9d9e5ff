import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AttributeType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Pass } from 'aws-cdk-lib/aws-stepfunctions';
import { readDefinition } from '../../../local/demo/state-machine';
import {
  Column,
  DataFormat,
  Dataset,
  EmrCompute,
  EmrHiveDynamoStep,
  EtlPipeline,
  EtlStep,
  FargateRedshiftStep,
  type IEtlStep,
  RedshiftWarehouse,
  S3QueueTrigger,
} from '../../../src';

const DATASET = new Dataset({
  name: 'trips',
  format: DataFormat.csv(),
  columns: [Column.string('id'), Column.string('note', { header: '{% not an expression %}' })],
  key: ['id'],
});

/** The definition of a pipeline's state machine, as it is deployed where `${Token}` stands for every name. */
function definitionOf(steps: (stack: Stack, vpc: Vpc) => IEtlStep[]): string {
  const stack = new Stack(new App(), 'Trips');
  const vpc = new Vpc(stack, 'Vpc');
  new EtlPipeline(stack, 'Pipeline', {
    dataset: DATASET,
    trigger: new S3QueueTrigger(stack, 'Trigger', { bucket: new Bucket(stack, 'Landing', { versioned: true }) }),
    steps: steps(stack, vpc),
  });
  const [machine] = Object.values(Template.fromStack(stack).findResources('AWS::StepFunctions::StateMachine'));
  const parts: unknown[] = machine.Properties.DefinitionString['Fn::Join'][1];
  return parts.map(part => (typeof part === 'string' ? part : 'Token')).join('');
}

function toDynamo(stack: Stack, vpc: Vpc): EmrHiveDynamoStep {
  const table = new Table(stack, 'Items', { partitionKey: { name: 'id', type: AttributeType.STRING } });
  return new EmrHiveDynamoStep(stack, 'ToDynamo', { table, compute: EmrCompute.instanceFleets({ vpc }) });
}

function toRedshift(stack: Stack, vpc: Vpc): FargateRedshiftStep {
  const warehouse = RedshiftWarehouse.endpoint({
    host: 'localhost',
    port: 5439,
    database: 'dev',
    secret: new Secret(stack, 'Login'),
    copyRole: new Role(stack, 'CopyRole', { assumedBy: new ServicePrincipal('redshift.amazonaws.com') }),
  });
  return new FargateRedshiftStep(stack, 'ToRedshift', { vpc, warehouse, schema: 'travel', table: 'trips' });
}

test('a definition tells the dataset, and each step with its target in the order of the run', () => {
  const found = readDefinition(
    definitionOf((stack, vpc) => [
      toRedshift(stack, vpc),
      EtlStep.fromChainable('Stats', new Pass(stack, 'Count')),
      toDynamo(stack, vpc),
    ]),
  );
  expect(found.dataset).toEqual(DATASET._definition);
  expect(found.steps).toEqual([
    {
      stepId: 'ToRedshift',
      within: [],
      target: { engine: 'Redshift', schema: 'travel', table: 'trips', mode: 'upsert', host: 'localhost', port: 5439 },
    },
    { stepId: 'Stats', within: [], target: undefined },
    { stepId: 'ToDynamo', within: [], target: { engine: 'DynamoDB', table: 'Token' } },
  ]);
});

test('steps side by side are found inside what holds them', () => {
  const { steps } = readDefinition(
    definitionOf((stack, vpc) => [EtlStep.parallel('Load', [toDynamo(stack, vpc), toRedshift(stack, vpc)])]),
  );
  expect(steps.map(({ stepId, within, target }) => [stepId, within, target?.engine])).toEqual([
    ['ToDynamo', ['Load'], 'DynamoDB'],
    ['ToRedshift', ['Load'], 'Redshift'],
  ]);
});

test('a state machine that is no pipeline has neither dataset nor steps', () => {
  expect(readDefinition('{"StartAt":"Do","States":{"Do":{"Type":"Pass","End":true}}}')).toEqual({
    dataset: undefined,
    steps: [],
  });
});
