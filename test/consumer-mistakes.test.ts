import { App, Aspects, CfnResource, RemovalPolicies, Stack, Token } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as notifications from 'aws-cdk-lib/aws-s3-notifications';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import {
  Column,
  DataFormat,
  Dataset,
  EmrCompute,
  EmrHiveDynamoStep,
  EtlPipeline,
  EtlStep,
  EventDelivery,
  type IEtlStep,
  S3QueueTrigger,
  type S3QueueTriggerProps,
} from '../src';

const ENV = { account: '111122223333', region: 'eu-west-1' };
const DATASET = new Dataset({
  name: 'orders',
  format: DataFormat.csv(),
  columns: [Column.string('order_id'), Column.integer('quantity'), Column.timestamp('updated_at')],
  key: ['order_id'],
});

function newStack(): { stack: Stack; bucket: s3.Bucket } {
  const stack = new Stack(new App(), 'Stack', { env: ENV });
  return { stack, bucket: new s3.Bucket(stack, 'Landing') };
}

function addPipeline(stack: Stack, steps: IEtlStep[], trigger: S3QueueTriggerProps, id = 'Orders'): EtlPipeline {
  return new EtlPipeline(stack, id, {
    dataset: DATASET,
    trigger: new S3QueueTrigger(stack, `${id}In`, trigger),
    steps,
  });
}

const pass = (stack: Stack, id = 'Own') => EtlStep.fromChainable(id, new sfn.Pass(stack, `${id} pass`));

describe('notifications of one bucket', () => {
  const synthesize = (stack: Stack) => () => Template.fromStack(stack);

  test('of two triggers whose prefixes overlap are refused', () => {
    const { stack, bucket } = newStack();
    addPipeline(stack, [pass(stack, 'A')], { bucket, prefix: 'orders/' }, 'All');
    addPipeline(stack, [pass(stack, 'B')], { bucket, prefix: 'orders/eu/' }, 'Some');
    expect(synthesize(stack)).toThrow(
      /trigger Stack\/AllIn takes s3:ObjectCreated:\* of prefix 'orders\/' and suffix '', and .* gets s3:ObjectCreated:\* of prefix 'orders\/eu\/'.*EVENT_BRIDGE/,
    );
  });

  test("that overlap with the user's own are refused", () => {
    const { stack, bucket } = newStack();
    bucket.addEventNotification(
      s3.EventType.OBJECT_CREATED_PUT,
      new notifications.SqsDestination(new sqs.Queue(stack, 'Mine')),
      { suffix: '.csv' },
    );
    addPipeline(stack, [pass(stack)], { bucket, prefix: 'orders/' });
    expect(synthesize(stack)).toThrow(
      /Stack\/OrdersIn takes .* gets s3:ObjectCreated:Put of prefix '' and suffix '.csv'/,
    );
  });

  test.each<[string, s3.EventType, s3.NotificationKeyFilter]>([
    ['another prefix', s3.EventType.OBJECT_CREATED, { prefix: 'invoices/' }],
    ['another suffix', s3.EventType.OBJECT_CREATED, { prefix: 'orders/', suffix: '.json' }],
    ['another event', s3.EventType.OBJECT_REMOVED, { prefix: 'orders/' }],
  ])('that have %s are taken', (_, event, filter) => {
    const { stack, bucket } = newStack();
    bucket.addEventNotification(event, new notifications.SqsDestination(new sqs.Queue(stack, 'Mine')), filter);
    addPipeline(stack, [pass(stack)], { bucket, prefix: 'orders/', suffixes: ['.csv'] });
    expect(synthesize(stack)).not.toThrow();
  });

  test('do not bind triggers that listen to EventBridge', () => {
    const { stack, bucket } = newStack();
    const delivery = EventDelivery.EVENT_BRIDGE;
    addPipeline(stack, [pass(stack, 'A')], { bucket, prefix: 'orders/', delivery }, 'All');
    addPipeline(stack, [pass(stack, 'B')], { bucket, prefix: 'orders/eu/', delivery }, 'Some');
    expect(synthesize(stack)).not.toThrow();
  });
});

describe('a bucket', () => {
  test.each([
    ['region', { region: 'us-east-1' }, /must be in the region of its stack, eu-west-1.*Stack\/Far is in us-east-1/],
    ['account', { account: '999999999999' }, /must be in the account of its stack, 111122223333.*is in 999999999999/],
  ])('of another %s is refused', (_, environment, message) => {
    const { stack } = newStack();
    const bucket = s3.Bucket.fromBucketAttributes(stack, 'Far', { bucketName: 'far', ...environment });
    const delivery = EventDelivery.EVENT_BRIDGE;
    expect(() => new S3QueueTrigger(stack, 'Trigger', { bucket, delivery })).toThrow(message);
  });
});

describe('steps', () => {
  test.each<[string, (stack: Stack) => unknown[], string]>([
    [
      'undefined among them',
      stack => [pass(stack), undefined],
      "'steps' must hold steps only, got undefined at place 2 of 2",
    ],
    [
      'undefined among parallel ones',
      stack => [EtlStep.parallel('Both', [pass(stack), undefined as unknown as IEtlStep])],
      "EtlStep.parallel('Both') must hold steps only, got undefined at place 2 of 2",
    ],
    ['one without stepId', () => [{ bind: () => undefined }], "A step must have a 'stepId'"],
    [
      'one whose bind returns nothing',
      () => [{ stepId: 'Own', bind: () => undefined }],
      "bind() of the step 'Own' must return the step's states as { chain: … }, got undefined",
    ],
    ['one whose bind returns no chain', () => [{ stepId: 'Own', bind: () => ({}) }], 'got no chain'],
  ])('refused: %s', (_, steps, message) => {
    const { stack, bucket } = newStack();
    expect(() => addPipeline(stack, steps(stack) as IEtlStep[], { bucket })).toThrow(message);
  });
});

describe('a table of DynamoDB', () => {
  const partitionKey = { name: 'order_id', type: dynamodb.AttributeType.STRING };

  function load(stack: Stack, bucket: s3.IBucket, table: dynamodb.ITable): void {
    const compute = EmrCompute.serverless();
    addPipeline(stack, [new EmrHiveDynamoStep(stack, 'ToDynamo', { table, compute })], { bucket });
  }

  test('with an index whose key has another type than the column is refused', () => {
    const { stack, bucket } = newStack();
    const table = new dynamodb.Table(stack, 'Table', { partitionKey });
    const sortKey = { name: 'quantity', type: dynamodb.AttributeType.STRING };
    table.addGlobalSecondaryIndex({ indexName: 'byQuantity', partitionKey, sortKey });
    expect(() => load(stack, bucket, table)).toThrow(
      /table Stack\/Table has the key 'quantity' of type S, but the dataset 'orders' makes that attribute N.*attributeNames/,
    );
  });

  test('with an index on columns of its types, or on none of them, is taken without a warning', () => {
    const { stack, bucket } = newStack();
    const table = new dynamodb.Table(stack, 'Table', { partitionKey });
    const sortKey = { name: 'quantity', type: dynamodb.AttributeType.NUMBER };
    table.addGlobalSecondaryIndex({ indexName: 'byQuantity', partitionKey, sortKey });
    table.addGlobalSecondaryIndex({
      indexName: 'other',
      partitionKey: { name: 'other', type: dynamodb.AttributeType.BINARY },
    });
    load(stack, bucket, table);
    Annotations.fromStack(stack).hasNoWarning('*', Match.stringLikeRegexp('key of the table'));
  });

  test('of level 1 is refused', () => {
    const { stack, bucket } = newStack();
    const table = new dynamodb.CfnTable(stack, 'Table', {
      keySchema: [{ attributeName: 'order_id', keyType: 'HASH' }],
      attributeDefinitions: [{ attributeName: 'order_id', attributeType: 'S' }],
    });
    expect(() => load(stack, bucket, table as unknown as dynamodb.ITable)).toThrow(
      /'table' must be a Table.*got Stack\/Table, the CloudFormation resource AWS::DynamoDB::Table.*Table\.fromTableArn/,
    );
  });

  test.each<[string, (stack: Stack) => dynamodb.ITable]>([
    ['is imported', stack => dynamodb.Table.fromTableName(stack, 'Table', 'orders')],
    [
      'has a key whose name is a token',
      stack =>
        new dynamodb.Table(stack, 'Table', {
          partitionKey: { name: Token.asString({ Ref: 'KeyName' }), type: dynamodb.AttributeType.STRING },
        }),
    ],
  ])('that %s gets a warning: its key is unchecked', (_, table) => {
    const { stack, bucket } = newStack();
    load(stack, bucket, table(stack));
    Annotations.fromStack(stack).hasWarning(
      '/Stack/ToDynamo',
      Match.stringLikeRegexp('key of the table Stack/Table is not known .*order_id \\(S\\) is checked when a run'),
    );
  });
});

test('public subnets alone get a warning for EMR', () => {
  const { stack } = newStack();
  const vpc = new ec2.Vpc(stack, 'Vpc', { subnetConfiguration: [{ name: 'p', subnetType: ec2.SubnetType.PUBLIC }] });
  new EmrHiveDynamoStep(stack, 'ToDynamo', {
    table: dynamodb.Table.fromTableName(stack, 'Table', 'orders'),
    compute: EmrCompute.instanceFleets({ vpc }),
  });
  Annotations.fromStack(stack).hasWarning(
    '/Stack/ToDynamo/Network',
    Match.stringLikeRegexp("public subnets \\(Stack/Vpc/pSubnet1.*name them in 'vpcSubnets'"),
  );
});

describe('removal policies of the whole app', () => {
  const destroyers: [string, (app: App) => void][] = [
    ['RemovalPolicies', app => RemovalPolicies.of(app).destroy()],
    [
      'an aspect',
      app =>
        Aspects.of(app).add({
          visit: node => {
            if (CfnResource.isCfnResource(node)) node.applyRemovalPolicy('destroy' as never);
          },
        }),
    ],
  ];

  function destroyed(destroy: (app: App) => void): Template {
    const { stack, bucket } = newStack();
    const compute = EmrCompute.instanceFleets({ vpc: new ec2.Vpc(stack, 'Vpc') });
    const table = dynamodb.Table.fromTableName(stack, 'Table', 'orders');
    addPipeline(stack, [new EmrHiveDynamoStep(stack, 'ToDynamo', { table, compute })], { bucket });
    destroy(stack.node.root as App);
    return Template.fromStack(stack);
  }

  test.each(destroyers)('the ledger can be deleted with the stack: %s', (_, destroy) => {
    destroyed(destroy).hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Delete',
      Properties: { DeletionProtectionEnabled: false },
    });
  });

  test('the ledger is protected where nobody wants it deleted', () => {
    destroyed(() => undefined).hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      Properties: { DeletionProtectionEnabled: true },
    });
  });

  test.each(destroyers)('what executions still need stays: %s', (_, destroy) => {
    const template = destroyed(destroy);
    const versions = Object.values(template.findResources('AWS::Lambda::Version'));
    expect(versions.map(({ DeletionPolicy, UpdateReplacePolicy }) => [DeletionPolicy, UpdateReplacePolicy])).toEqual(
      versions.map(() => ['Retain', 'Retain']),
    );
    expect(versions).toHaveLength(2);
    template.hasResource('AWS::EMR::SecurityConfiguration', {
      DeletionPolicy: 'Delete',
      UpdateReplacePolicy: 'Retain',
    });
  });
});
