import {
  LambdaClient,
  ListEventSourceMappingsCommand,
  ListFunctionsCommand,
  type FunctionConfiguration,
} from '@aws-sdk/client-lambda';
import { DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { discoverPipeline } from '../../../local/demo/discover';
import { UsageError } from '../../../local/demo/options';

const lambda = mockClient(LambdaClient);
const sfn = mockClient(SFNClient);
const MACHINE = '{"StartAt":"Do","States":{"Do":{"Type":"Pass","End":true}}}';

function functionWith(name: string, environment?: Record<string, string>): FunctionConfiguration {
  return { FunctionArn: `arn:function:${name}`, ...(environment && { Environment: { Variables: environment } }) };
}

/** The functions of a trigger, and the mapping of its queue. */
function trigger(name: string, prefix?: string) {
  const ledger = { LEDGER_TABLE: `${name}-ledger`, WORK_BUCKET: `${name}-work` };
  const machine = { STATE_MACHINE_ARN: `arn:aws:states:us-east-1:0:stateMachine:${name}-machine` };
  return {
    functions: [
      functionWith(`${name}-sweep`, { ...ledger, ...machine }),
      functionWith(`${name}-arrivals`, { ...ledger, ...machine, ...(prefix && { KEY_PREFIX: prefix }) }),
      functionWith(`${name}-operator`, { ...ledger, LANDING_BUCKET: `${name}-landing` }),
    ],
    mapping: { EventSourceArn: `arn:aws:sqs:us-east-1:0:${name}-queue`, FunctionArn: `arn:function:${name}-arrivals` },
  };
}

function deployed(...triggers: ReturnType<typeof trigger>[]): void {
  const own = functionWith('own', { LEDGER_TABLE: 'not the library' });
  lambda.on(ListFunctionsCommand).resolves({ Functions: [own, ...triggers.flatMap(({ functions }) => functions)] });
  lambda.on(ListEventSourceMappingsCommand).resolves({
    EventSourceMappings: [
      { EventSourceArn: 'arn:aws:sqs:us-east-1:0:other', FunctionArn: 'arn:function:own' },
      ...triggers.map(({ mapping }) => mapping),
    ],
  });
  sfn.on(DescribeStateMachineCommand).resolves({ definition: MACHINE });
}
const discover = (wanted?: string) =>
  discoverPipeline({ lambda: new LambdaClient({}), sfn: new SFNClient({}) }, wanted);

beforeEach(() => {
  lambda.reset();
  sfn.reset();
});

test('everything about a pipeline is found in what is deployed, no output is needed', async () => {
  deployed(trigger('trips', 'reports/'));
  expect(await discover()).toEqual({
    landingBucket: 'trips-landing',
    prefix: 'reports/',
    queueName: 'trips-queue',
    ledgerTable: 'trips-ledger',
    workBucket: 'trips-work',
    stateMachineArn: 'arn:aws:states:us-east-1:0:stateMachine:trips-machine',
    dataset: undefined,
    steps: [],
  });
});

test('of several pipelines the one is taken that is named', async () => {
  deployed(trigger('trips'), trigger('trains'));
  expect(await discover('trains')).toMatchObject({ landingBucket: 'trains-landing', prefix: '' });
});

test.each([
  { name: 'none', triggers: [], wanted: undefined, says: /no S3QueueTrigger/ },
  {
    name: 'several',
    triggers: ['trips', 'trains'],
    wanted: undefined,
    says: /2 pipelines.*'trips-machine'.*--pipeline/,
  },
  { name: 'several that fit', triggers: ['trips', 'trains'], wanted: 'tr', says: /'tr' is part of 2 names/ },
  { name: 'none that fits', triggers: ['trips'], wanted: 'cars', says: /'cars' is part of no names.*'trips-machine'/ },
])('if there are $name, the message says what to do', async ({ triggers, wanted, says }) => {
  deployed(...triggers.map(name => trigger(name)));
  const failure = await discover(wanted).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(UsageError);
  expect((failure as Error).message).toMatch(says);
});
