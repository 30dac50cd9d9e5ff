import { readFileSync } from 'fs';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { OrdersFoundation } from '../examples/orders/orders-foundation';
import { OrdersPipeline } from '../examples/orders/orders-pipeline';

/** The sections of docs/security.md by their headings, those of a step with its name before. */
const SECTIONS = new Map<string, string>();
let chapter = '';
for (const section of readFileSync('docs/security.md', 'utf8').split(/^(?=##+ )/m)) {
  const [, level, title] = /^(##+) (.*)/.exec(section) ?? [];
  if (level === '##') chapter = title;
  if (level === '###') SECTIONS.set(`${chapter}: ${title}`, section);
}

/** Which section tells of which role, by the beginning of the role's logical id in the example. */
const ROLES: [section: string, logicalId: RegExp][] = [
  ['Functions of S3QueueTrigger: Arrivals', /^UploadsArrivalsRole/],
  ['Functions of S3QueueTrigger: Advance and Sweep', /^Uploads(Advance|Sweep)Role/],
  ['Functions of S3QueueTrigger: Teardown', /^UploadsTeardownRole/],
  ['Functions of S3QueueTrigger: Operator', /^UploadsOperatorRole/],
  ['EtlPipeline: Staging', /^OrdersStagingRole/],
  ['EtlPipeline: State machine', /^OrdersStateMachineRole/],
  ['EmrHiveDynamoStep: Function', /^ToDynamoFunctionRole/],
  ['EmrHiveDynamoStep: Instance role', /^ToDynamoInstanceRole/],
  ['EmrHiveDynamoStep: Service role', /^ToDynamoServiceRole/],
  ['FargateRedshiftStep: Function', /^ToRedshiftFunctionRole/],
  ['FargateRedshiftStep: Task role', /^ToRedshiftTaskDefinitionTaskRole/],
  ['FargateRedshiftStep: Task execution role', /^ToRedshiftTaskDefinitionExecutionRole/],
  ['FargateRedshiftStep: COPY role', /CopyRole/],
];

/** The actions that a role of the example may take, by its logical id or its import. */
function grantedActions(): Map<string, Set<string>> {
  const app = new App();
  const foundation = new OrdersFoundation(app, 'OrdersFoundation');
  const pipeline = Template.fromStack(new OrdersPipeline(app, 'OrdersPipeline', { foundation }));
  const actions = new Map<string, Set<string>>();
  for (const { Properties: policy } of Object.values(pipeline.findResources('AWS::IAM::Policy'))) {
    for (const role of policy.Roles.map((reference: any) => reference.Ref ?? reference['Fn::ImportValue'])) {
      const known = actions.get(role) ?? new Set();
      for (const statement of policy.PolicyDocument.Statement) {
        [statement.Action].flat().forEach((action: string) => known.add(action));
      }
      actions.set(role, known);
    }
  }
  return actions;
}

const GRANTED = grantedActions();

// every function of the trigger logs: said once, above their tables
const SAID_ABOVE = ['logs:CreateLogStream', 'logs:PutLogEvents'];

test.each(ROLES)('%s: the document names the actions that the template gives, and no other', (section, logicalId) => {
  const roles = [...GRANTED].filter(([role]) => logicalId.test(role));
  const text = SECTIONS.get(section)!;
  const named = [...text.matchAll(/^\|.*$/gm)].flatMap(([line]) =>
    [...line.matchAll(/`([a-z0-9-]+:[A-Z]\w+)`/g)].map(([, action]) => action),
  );
  const above = section.startsWith('Functions of S3QueueTrigger') ? SAID_ABOVE : [];
  expect(roles.length).toBeGreaterThan(0);
  for (const [, actions] of roles) {
    expect(new Set([...named, ...above])).toEqual(actions);
  }
});

test('no role of the library is left out', () => {
  const left = [...GRANTED.keys()].filter(role => !ROLES.some(([, logicalId]) => logicalId.test(role)));
  expect(left).toEqual([expect.stringMatching(/^BucketNotificationsHandler/)]); // the CDK's own
});
