import { App, CfnResource, NestedStack, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as redshiftserverless from 'aws-cdk-lib/aws-redshiftserverless';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct, type IConstruct } from 'constructs';
import {
  Column,
  DataFormat,
  Dataset,
  EmrCompute,
  EmrHiveDynamoStep,
  EtlPipeline,
  EtlStep,
  EventDelivery,
  FargateRedshiftStep,
  RedshiftWarehouse,
  S3QueueTrigger,
  type EtlStepConfig,
  type IEtlStep,
} from '../../src';

/** What CloudFormation creates before each resource, and deletes after it. */
class Order {
  public readonly resources: { [id: string]: any };
  private readonly known = new Map<string, Set<string>>();

  constructor(template: Template) {
    this.resources = template.toJSON().Resources;
  }

  public ofType(...types: string[]): string[] {
    return Object.keys(this.resources).filter(id => types.includes(this.resources[id].Type));
  }

  /** All that a resource depends on, directly or not. */
  public before(id: string, path: string[] = []): Set<string> {
    if (path.includes(id)) throw new Error(`CloudFormation refuses a cycle: ${[...path, id].join(' → ')}`);
    const known = this.known.get(id);
    if (known) return known;
    const all = new Set<string>();
    for (const direct of this.direct(id)) {
      all.add(direct);
      for (const other of this.before(direct, [...path, id])) all.add(other);
    }
    this.known.set(id, all);
    return all;
  }

  private direct(id: string): string[] {
    const { DependsOn = [], ...resource } = this.resources[id];
    const found = new Set<string>([DependsOn].flat());
    JSON.stringify(resource, (key, value) => {
      if (key === 'Ref') found.add(value);
      if (key === 'Fn::GetAtt') found.add(value[0]);
      if (key === 'Fn::Sub') for (const [, name] of String([value].flat()[0]).matchAll(/\$\{(\w+)/g)) found.add(name);
      return value;
    });
    return [...found].filter(other => other in this.resources);
  }
}

const logicalIds = (construct: IConstruct) =>
  construct.node
    .findAll()
    .filter(child => CfnResource.isCfnResource(child))
    .map(resource => Stack.of(resource).resolve((resource as CfnResource).logicalId) as string);

/** What lets runs begin. */
const isGate = (order: Order, id: string) => {
  const { Type, Properties } = order.resources[id];
  return (
    Type === 'AWS::Lambda::EventSourceMapping' ||
    (Type === 'AWS::Events::Rule' && Properties.ScheduleExpression !== undefined) ||
    (Type === 'AWS::Lambda::Permission' && JSON.stringify(Properties.SourceArn).includes('EveryMinute'))
  );
};

/** Checks that the resource is deleted after the gates and before the constructs; returns the order. */
function expectStopsFirst(stack: Stack, constructs: IConstruct[]): Order {
  const order = new Order(Template.fromStack(stack));
  for (const id of Object.keys(order.resources)) order.before(id); // no cycles
  const [first, ...others] = order.ofType('Custom::StopRuns');
  expect(others).toEqual([]);
  const ids = constructs.flatMap(logicalIds).filter(id => id !== first);
  const gates = ids.filter(id => isGate(order, id));
  expect(gates.map(id => order.resources[id].Type).sort()).toEqual([
    'AWS::Events::Rule',
    'AWS::Lambda::EventSourceMapping',
    'AWS::Lambda::Permission',
  ]);
  for (const gate of gates) expect(order.before(gate)).toContain(first);
  expect(ids.filter(id => !gates.includes(id) && !order.before(first).has(id))).toEqual([]);
  return order;
}

const machine = (scope: Construct) =>
  new sfn.StateMachine(scope, 'Machine', {
    definitionBody: sfn.DefinitionBody.fromChainable(new sfn.Pass(scope, 'Pass')),
  });

test.each([EventDelivery.S3_NOTIFICATION, EventDelivery.EVENT_BRIDGE])(
  'a trigger alone, %s: all that its executions need is deleted after they were stopped',
  delivery => {
    const stack = new Stack(new App(), 'Stack');
    const trigger = new S3QueueTrigger(stack, 'Trigger', { bucket: new s3.Bucket(stack, 'Landing'), delivery });
    const stop = new lambda.Function(stack, 'Stop', {
      runtime: lambda.Runtime.NODEJS_22_X,
      handler: 'index.handler',
      code: lambda.Code.fromInline('//'),
    });
    const stateMachine = machine(stack);
    const network = new Construct(stack, 'Network');
    const vpc = new ec2.Vpc(network, 'Vpc', { maxAzs: 1 });
    const keeper = new lambda.Function(stack, 'Keeper', {
      runtime: lambda.Runtime.NODEJS_22_X,
      handler: 'index.handler',
      code: lambda.Code.fromInline('//'),
    });
    trigger.startExecutionsOf(stateMachine, {
      stopFunctions: [stop],
      teardownFunctions: [keeper],
      dependencies: [network],
    });
    // added afterwards
    stop.role!.addToPrincipalPolicy(new iam.PolicyStatement({ actions: ['ecs:StopTask'], resources: [vpc.vpcArn] }));
    expectStopsFirst(stack, [trigger, stateMachine, stop, keeper, network]);
  },
);

test('a state machine, functions and networks that are not of the app hinder nothing', () => {
  const stack = new Stack(new App(), 'Stack');
  const trigger = new S3QueueTrigger(stack, 'Trigger', { bucket: new s3.Bucket(stack, 'Landing') });
  trigger.startExecutionsOf(sfn.StateMachine.fromStateMachineName(stack, 'Machine', 'load'), {
    stopFunctions: [lambda.Function.fromFunctionName(stack, 'Stop', 'stop')],
    dependencies: [
      ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
        vpcId: 'vpc-1',
        availabilityZones: ['a'],
        privateSubnetIds: ['subnet-1'],
      }).internetConnectivityEstablished,
    ],
  });
  expectStopsFirst(stack, [trigger]);
});

test('a state machine of another stack is not drawn in', () => {
  const app = new App();
  const stateMachine = machine(new Stack(app, 'Other'));
  const stack = new Stack(app, 'Stack');
  const trigger = new S3QueueTrigger(stack, 'Trigger', { bucket: new s3.Bucket(stack, 'Landing') });
  trigger.startExecutionsOf(stateMachine);
  expectStopsFirst(stack, [trigger]);
  Template.fromStack(Stack.of(stateMachine)).resourceCountIs('Custom::StopRuns', 0);
});

/** A step of the user's, a construct with resources that no state refers to. */
class OwnStep extends Construct implements IEtlStep {
  public readonly stepId = 'Own';

  constructor(scope: Construct, id: string) {
    super(scope, id);
    new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('batch.amazonaws.com') });
  }

  public bind(scope: Construct): EtlStepConfig {
    return { chain: new sfn.Pass(scope, 'Own pass') };
  }
}

function pipelineStack(scope: Construct): { stack: Stack; constructs: IConstruct[] } {
  const stack = scope instanceof NestedStack ? scope : new Stack(scope, 'Stack');
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 });
  const table = new dynamodb.Table(stack, 'Items', {
    partitionKey: { name: 'order_id', type: dynamodb.AttributeType.STRING },
  });
  const workgroup = new redshiftserverless.CfnWorkgroup(stack, 'Workgroup', { workgroupName: 'orders' });
  const warehouse = RedshiftWarehouse.serverless({
    workgroupName: 'orders',
    workgroupArn: workgroup.attrWorkgroupWorkgroupArn,
    database: 'orders',
    copyRole: new iam.Role(stack, 'CopyRole', { assumedBy: new iam.ServicePrincipal('redshift.amazonaws.com') }),
    secret: new secretsmanager.Secret(stack, 'Login'),
  });
  const warehouseVpc = new ec2.Vpc(stack, 'WarehouseVpc', { maxAzs: 1 });
  const trigger = new S3QueueTrigger(stack, 'Uploads', { bucket: new s3.Bucket(stack, 'Landing') });
  const steps = {
    dynamo: new EmrHiveDynamoStep(stack, 'ToDynamo', { table, compute: EmrCompute.instanceFleets({ vpc }) }),
    redshift: new FargateRedshiftStep(stack, 'ToRedshift', { vpc: warehouseVpc, warehouse, table: 'orders' }),
    own: new OwnStep(stack, 'Own'),
  };
  const pipeline = new EtlPipeline(stack, 'Orders', {
    dataset: new Dataset({
      name: 'orders',
      format: DataFormat.csv(),
      columns: [Column.string('order_id')],
      key: ['order_id'],
    }),
    trigger,
    steps: [
      EtlStep.parallel('both', [steps.dynamo, steps.redshift]),
      steps.own,
      EtlStep.fromChainable('pass', new sfn.Pass(stack, 'Chain')),
    ],
  });
  return { stack, constructs: [trigger, pipeline, ...Object.values(steps), vpc, warehouseVpc] };
}

test('a pipeline: all of trigger, pipeline, steps and network is deleted after the runs were stopped', () => {
  const { stack, constructs } = pipelineStack(new App());
  const order = expectStopsFirst(stack, constructs);
  const [first] = order.ofType('Custom::StopRuns');
  // what a cluster or task that is ending would keep from being deleted, or would be cut off from
  for (const type of [
    'AWS::EC2::VPC',
    'AWS::EC2::Subnet',
    'AWS::EC2::NatGateway',
    'AWS::EC2::InternetGateway',
    'AWS::EC2::SecurityGroup',
    'AWS::KMS::Key',
    'AWS::ECS::Cluster',
    'AWS::IAM::InstanceProfile',
  ]) {
    const ids = order.ofType(type);
    expect([type, ids.length > 0, ids.filter(id => !order.before(first).has(id))]).toEqual([type, true, []]);
  }
});

test('the same in a nested stack, and two syntheses give one template', () => {
  const parent = () => new Stack(new App(), 'Parent');
  const { stack, constructs } = pipelineStack(new NestedStack(parent(), 'Nested'));
  expectStopsFirst(stack, constructs);
  const again = pipelineStack(new NestedStack(parent(), 'Nested')).stack;
  expect(Template.fromStack(again).toJSON()).toEqual(Template.fromStack(stack).toJSON());
});

test('the resource has nothing that could ever change it', () => {
  const stack = new Stack(new App(), 'Stack');
  new S3QueueTrigger(stack, 'Trigger', { bucket: new s3.Bucket(stack, 'Landing') }).startExecutionsOf(machine(stack));
  const [{ Properties }] = Object.values(Template.fromStack(stack).findResources('Custom::StopRuns'));
  expect(Properties).toEqual({
    ServiceToken: { 'Fn::GetAtt': [expect.stringMatching(/^TriggerTeardown/), 'Arn'] },
    ServiceTimeout: '1200',
  });
});
