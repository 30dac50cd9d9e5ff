import { mkdtempSync, readFileSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { maskedTemplate } from './masked-template';
import { OrdersFoundation } from '../../examples/orders/orders-foundation';
import { OrdersPipeline } from '../../examples/orders/orders-pipeline';
import { nagFindings } from '../nag-findings';
import { definitionErrors, stateMachineDefinition } from '../state-machine-definition';

process.env.CDK_VALIDATION = 'true'; // test/setup.ts switches it off elsewhere

const CONTEXT = JSON.parse(readFileSync(join(__dirname, '../../examples/orders/cdk.json'), 'utf8')).context;

const ENDPOINT = {
  warehouseHost: 'warehouse.example.com',
  warehousePort: '5440', // the CLI hands on texts
  warehouseDatabase: 'dev',
  warehouseSecretArn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:login-AbCdEf',
};

const folders: string[] = [];
afterAll(() => folders.forEach(folder => rmSync(folder, { recursive: true })));

/** The example's app, with the context of its cdk.json. */
function synthesize(context: object = {}) {
  const outdir = mkdtempSync(join(tmpdir(), 'orders-'));
  folders.push(outdir);
  const app = new App({ context: { ...CONTEXT, ...context }, outdir });
  const foundation = new OrdersFoundation(app, 'OrdersFoundation');
  const pipeline = new OrdersPipeline(app, 'OrdersPipeline', { foundation });
  const findings = () => [...nagFindings(foundation), ...nagFindings(pipeline)];
  return { app, outdir, foundation: Template.fromStack(foundation), pipeline: Template.fromStack(pipeline), findings };
}

const withServerless = synthesize();
const withEndpoint = synthesize(ENDPOINT);

describe.each([
  ['with Redshift Serverless', withServerless, {}],
  ['with a warehouse of the context', withEndpoint, ENDPOINT],
])('%s', (_, example, context) => {
  test('two syntheses make one template', () => {
    const again = synthesize(context);
    expect(again.foundation.toJSON()).toEqual(example.foundation.toJSON());
    expect(again.pipeline.toJSON()).toEqual(example.pipeline.toJSON());
  });

  test('CloudFormation has nothing against the templates', () => {
    const report = JSON.parse(readFileSync(join(example.outdir, 'validation-report.json'), 'utf8'));
    expect(
      report.pluginReports.flatMap((plugin: any) =>
        plugin.violations.map(({ ruleName, description }: any) => `${ruleName}: ${description}`),
      ),
    ).toEqual([]);
  });

  test('the state machine is valid', () => {
    expect(definitionErrors(stateMachineDefinition(example.pipeline))).toBe('');
  });

  test('data stays when the stacks are deleted', () => {
    for (const template of [example.foundation, example.pipeline]) {
      for (const type of [
        'AWS::S3::Bucket',
        'AWS::DynamoDB::Table',
        'AWS::SecretsManager::Secret',
        'AWS::RedshiftServerless::Namespace',
      ]) {
        expect(
          Object.values(template.findResources(type))
            .map(({ DeletionPolicy }) => DeletionPolicy)
            .filter(policy => policy !== 'Retain'),
        ).toEqual([]);
      }
    }
  });

  test('cdk-nag finds nothing that has no reason', () => {
    const findings = example.findings();
    expect(findings.filter(finding => !REASONS.some(({ findings: known }) => known.test(finding)))).toEqual([]);
    expect(REASONS.filter(({ findings: known }) => !findings.some(finding => known.test(finding)))).toEqual([]);
  });
});

/**
 * Of the library and of the CDK: the example itself acknowledges what is its own. Finding ids hold logical ids, so they
 * are matched here.
 */
const REASONS: { readonly reason: string; readonly findings: RegExp }[] = [
  {
    reason: 'functions run on the version of Node.js that their bundles are made for and tested with',
    findings: /^AwsSolutions-L1 OrdersPipeline\/(Uploads|Orders|ToDynamo|ToRedshift)\//,
  },
  {
    reason: 'the CDK configures the notifications of the bucket with it',
    findings:
      /^AwsSolutions-IAM4\[Policy::arn:<AWS::Partition>:iam::aws:policy\/service-role\/AWSLambdaBasicExecutionRole\] OrdersPipeline\/BucketNotificationsHandler/,
  },
  {
    reason: 'files have any names below the prefix',
    findings: /^AwsSolutions-IAM5\[Resource::<Landing\w+\.Arn>\/orders\/\*\] OrdersPipeline\/(Uploads|Orders)\//,
  },
  {
    reason: 'each run has a folder of its own',
    findings:
      /^AwsSolutions-IAM5\[Resource::<UploadsWorkBucket\w+\.Arn>\/runs\/.*\] OrdersPipeline\/(Uploads|Orders|ToDynamo|ToRedshift)\//,
  },
  {
    reason: 'each attempt of a run is an execution of its own',
    findings:
      /^AwsSolutions-IAM5\[Resource::arn:<AWS::Partition>:states:.*:execution:.*:\*\] OrdersPipeline\/(Uploads|Orders)\//,
  },
  {
    reason: 'executions go on with the function versions they began with',
    findings: /^AwsSolutions-IAM5\[Resource::<\w+Function\w+\.Arn>:\*\] OrdersPipeline\/Orders\/StateMachine\//,
  },
  {
    reason: 'executions go on with the task definition they began with',
    findings:
      /^AwsSolutions-IAM5\[Resource::arn:<AWS::Partition>:ecs:.*:task-definition\/\w+:\*\] OrdersPipeline\/ToRedshift\/FunctionRole\//,
  },
  {
    reason: 'tasks get their ids when they start',
    findings:
      /^AwsSolutions-IAM5\[Resource::arn:<AWS::Partition>:ecs:.*:task\/<\w+>\/\*\] OrdersPipeline\/ToRedshift\/FunctionRole\//,
  },
  {
    reason:
      'log delivery, X-Ray, ECR log-ins and the lists of clusters and tasks know no resources; no more do some ' +
      'calls of EC2',
    findings:
      /^AwsSolutions-IAM5\[Resource::\*\] OrdersPipeline\/(Orders\/StateMachine|ToDynamo\/(ServiceRole|FunctionRole)|ToRedshift\/(FunctionRole|Task\/Definition\/ExecutionRole))/,
  },
  {
    reason:
      'clusters, instances, disks and what EMR makes for them get their ids when they start; the account of ' +
      'shared subnets and images is another',
    findings:
      /^AwsSolutions-IAM5\[Resource::arn:<AWS::Partition>:(ec2|elasticmapreduce|iam):.*\] OrdersPipeline\/ToDynamo\/(ServiceRole|FunctionRole)\//,
  },
];

test('a workgroup is private, encrypted on its ways and reads through the VPC', () => {
  const { foundation } = withServerless;
  foundation.hasResourceProperties('AWS::RedshiftServerless::Workgroup', {
    PubliclyAccessible: false,
    EnhancedVpcRouting: true,
    ConfigParameters: [{ ParameterKey: 'require_ssl', ParameterValue: 'true' }],
  });
  const [{ Properties }] = Object.values(foundation.findResources('AWS::RedshiftServerless::Workgroup'));
  expect(Properties.SubnetIds).toHaveLength(3); // in as many zones: Redshift Serverless takes no fewer
  expect(JSON.stringify(foundation.findResources('AWS::RedshiftServerless::Namespace'))).toContain(
    '{{resolve:secretsmanager:',
  );
});

test('a warehouse of the context is used instead', () => {
  const { foundation, pipeline } = withEndpoint;
  for (const type of ['Namespace', 'Workgroup']) foundation.resourceCountIs(`AWS::RedshiftServerless::${type}`, 0);
  const definition = JSON.stringify(stateMachineDefinition(pipeline));
  expect(definition).toContain(JSON.stringify({ host: 'warehouse.example.com', port: 5440 }).slice(1, -1));
  expect(definition).toContain(ENDPOINT.warehouseSecretArn);
});

test('a warehouse of the context has to be complete', () => {
  expect(() => synthesize({ ...ENDPOINT, warehouseDatabase: undefined })).toThrow(
    "the context must have 'warehouseDatabase'",
  );
});

test('whoever tries it out may have the data deleted with the stacks', () => {
  const { foundation, pipeline } = synthesize({ deleteDataWithStacks: 'true' });
  expect(JSON.stringify(foundation.toJSON())).not.toContain('"Retain"');
  const kept = Object.entries(pipeline.toJSON().Resources as { [id: string]: any }).filter(
    ([, { DeletionPolicy }]) => DeletionPolicy === 'Retain',
  );
  expect(kept.filter(([, { Type }]) => Type !== 'AWS::Lambda::Version')).toEqual([]);
});

test('says where everything is', () => {
  const { pipeline } = withServerless;
  const names = Object.keys(pipeline.toJSON().Outputs).filter(name => !name.startsWith('PublishOutput'));
  expect(names.sort()).toEqual([
    'ItemsTable',
    'LandingBucket',
    'LedgerTable',
    'OperatorFunction',
    'QueueUrl',
    'StateMachineArn',
    'WorkBucket',
  ]);
});

test('the template is the one that was reviewed', () => {
  const { foundation, pipeline } = withServerless;
  expect({ foundation: maskedTemplate(foundation), pipeline: maskedTemplate(pipeline) }).toMatchSnapshot();
});
