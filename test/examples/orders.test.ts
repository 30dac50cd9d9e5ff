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

  test('cdk-nag finds nothing', () => {
    expect(example.findings()).toEqual([]);
  });
});

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
