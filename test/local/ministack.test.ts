// What the pipeline leans on must hold on one machine too. Real clients against MiniStack with its patches; when a
// newer MiniStack passes without one of them, that patch may go.
import { randomUUID } from 'crypto';
import { rmSync } from 'fs';
import { setTimeout as sleep } from 'timers/promises';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation';
import { DynamoDBClient, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  CopyObjectCommand,
  GetBucketTaggingCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import {
  BatchWriteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { TEMPLATE } from './ministack/template';
import { RunningMiniStack, startMiniStack } from '../../local/ministack';
import { createRunFolder } from '../../local/processes';

jest.setTimeout(120_000);

let miniStack: RunningMiniStack;
let runFolder: string;
let outputs: Record<string, string>;
let s3: S3Client;
let dynamo: DynamoDBDocumentClient;
let sfn: SFNClient;
let lambda: LambdaClient;

beforeAll(async () => {
  runFolder = createRunFolder();
  miniStack = await startMiniStack({ runFolder, timeScale: 0.05 });
  const configuration = {
    endpoint: miniStack.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  s3 = new S3Client(configuration);
  dynamo = DynamoDBDocumentClient.from(new DynamoDBClient(configuration));
  sfn = new SFNClient(configuration);
  lambda = new LambdaClient(configuration);
  const cloudFormation = new CloudFormationClient(configuration);
  await cloudFormation.send(
    new CreateStackCommand({ StackName: 'Capabilities', TemplateBody: JSON.stringify(TEMPLATE) }),
  );
  await waitUntilStackCreateComplete(
    { client: cloudFormation, maxWaitTime: 60, minDelay: 1, maxDelay: 1 },
    { StackName: 'Capabilities' },
  );
  const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: 'Capabilities' }));
  outputs = Object.fromEntries(Stacks![0].Outputs!.map(output => [output.OutputKey, output.OutputValue!]));
});

afterAll(async () => {
  await miniStack?.stop();
  rmSync(runFolder, { recursive: true });
});

const put = (bucket: string, key: string, body: string, more: object = {}) =>
  s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ...more }));

/** The events of a kind that the recorder function has got. */
async function recorded(kind: 'batch' | 'event' | 'call' | 'failure'): Promise<any[]> {
  const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: outputs.Records, Prefix: `${kind}/` }));
  return Promise.all(
    (Contents ?? []).map(async ({ Key }) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: outputs.Records, Key }));
      return JSON.parse(await Body!.transformToString());
    }),
  );
}

async function eventually<Value>(ask: () => Promise<Value | undefined>): Promise<Value> {
  for (;;) {
    const value = await ask();
    if (value !== undefined) return value;
    await sleep(100);
  }
}

test('a network can be deployed', () => {
  expect(outputs).toMatchObject({
    Range: '10.1.0.0/16',
    Gateway: expect.stringMatching(/^nat-/),
    Ingress: expect.stringMatching(/^sgr-/),
    Egress: expect.stringMatching(/^sgr-/),
    Encryption: expect.stringMatching(/./),
  });
});

describe('S3', () => {
  test('writes once with If-None-Match', async () => {
    await put(outputs.Records, 'once', 'first', { IfNoneMatch: '*' });
    await expect(put(outputs.Records, 'once', 'second', { IfNoneMatch: '*' })).rejects.toMatchObject({
      $metadata: { httpStatusCode: 412 },
    });
  });

  test('keeps versions: head, ranged get, copy', async () => {
    const { VersionId, ETag } = await put(outputs.Landing, 'versions/a +ä.csv', '0123456789', {
      Metadata: { source: 'shop' },
    });
    await put(outputs.Landing, 'versions/a +ä.csv', 'newer');
    const version = { Bucket: outputs.Landing, Key: 'versions/a +ä.csv', VersionId };
    expect(await s3.send(new HeadObjectCommand(version))).toMatchObject({
      ContentLength: 10,
      ETag,
      Metadata: { source: 'shop' },
    });
    const range = await s3.send(new GetObjectCommand({ ...version, Range: 'bytes=2-5' }));
    expect(await range.Body!.transformToString()).toBe('2345');
    expect(range.ContentLength).toBe(4);
    const source = `${outputs.Landing}/${encodeURIComponent(version.Key)}?versionId=${VersionId}`;
    await s3.send(
      new CopyObjectCommand({
        Bucket: outputs.Records,
        Key: 'copy',
        CopySource: source,
        CopySourceIfMatch: ETag,
        MetadataDirective: 'REPLACE',
        TaggingDirective: 'REPLACE',
      }),
    );
    expect(
      await (await s3.send(new GetObjectCommand({ Bucket: outputs.Records, Key: 'copy' }))).Body!.transformToString(),
    ).toBe('0123456789');
    await expect(
      s3.send(
        new CopyObjectCommand({
          Bucket: outputs.Records,
          Key: 'copy',
          CopySource: source,
          CopySourceIfMatch: '"other"',
        }),
      ),
    ).rejects.toMatchObject({ $metadata: { httpStatusCode: 412 } });
    await expect(
      s3.send(new HeadObjectCommand({ Bucket: version.Bucket, Key: version.Key, IfMatch: ETag })),
    ).rejects.toMatchObject({ $metadata: { httpStatusCode: 412 } });
  });

  test('lists folders', async () => {
    await put(outputs.Records, 'folders/a/1', 'x');
    await put(outputs.Records, 'folders/b/1', 'x');
    await put(outputs.Records, 'folders/c', 'x');
    const list = await s3.send(
      new ListObjectsV2Command({ Bucket: outputs.Records, Prefix: 'folders/', Delimiter: '/' }),
    );
    expect(list.CommonPrefixes).toEqual([{ Prefix: 'folders/a/' }, { Prefix: 'folders/b/' }]);
    expect(list.Contents!.map(({ Key }) => Key)).toEqual(['folders/c']);
  });

  test('buckets have their tags', async () => {
    expect((await s3.send(new GetBucketTaggingCommand({ Bucket: outputs.Landing }))).TagSet).toContainEqual({
      Key: 'colour',
      Value: 'green',
    });
  });
});

test('files that are uploaded together reach the function as one batch, and a refused one again', async () => {
  const files = Array.from({ length: 25 }, (_, index) =>
    `orders/${index} refused=${index === 7}.csv`.replace('refused=false', 'fine'),
  );
  const versions = await Promise.all(files.map(async file => (await put(outputs.Landing, file, 'x')).VersionId));
  const batches = await eventually(async () => {
    const bodies = (await recorded('batch')).map(batch => batch.Records.map((record: any) => JSON.parse(record.body)));
    const withoutTestEvent: any[][] = bodies
      .map(batch => batch.filter((body: any) => body.Event !== 's3:TestEvent'))
      .filter(batch => batch.length > 0);
    return withoutTestEvent.flat().length === 26 ? withoutTestEvent : undefined;
  });
  expect(batches.map(batch => batch.length).sort()).toEqual([1, 25]);
  const objects = batches.find(batch => batch.length === 25)!.map(body => body.Records[0].s3.object);
  expect(new Set(objects.map((object: any) => decodeURIComponent(object.key.replace(/\+/g, ' '))))).toEqual(
    new Set(files),
  );
  expect(new Set(objects.map((object: any) => object.versionId))).toEqual(new Set(versions));
  expect(objects[0]).toMatchObject({ size: 1, sequencer: expect.any(String), eTag: expect.any(String) });
});

describe('Lambda', () => {
  const call = async (FunctionName: string, event: object) => {
    const answer = await lambda.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }));
    return { error: answer.FunctionError, payload: JSON.parse(Buffer.from(answer.Payload!).toString()) };
  };

  test('a version is invoked by its ARN', async () => {
    expect(outputs.Version).toMatch(/:1$/);
    expect((await call(outputs.Version, {})).payload.version).toBe('1');
  });

  test('an error keeps its name', async () => {
    expect(await call(outputs.Version, { fail: 'Etl.Data', message: 'bad file' })).toMatchObject({
      error: 'Unhandled',
      payload: { errorType: 'Etl.Data', errorMessage: 'bad file' },
    });
  });
});

describe('Step Functions', () => {
  const start = async (stateMachineArn: string, input: object) =>
    (await sfn.send(new StartExecutionCommand({ stateMachineArn, name: randomUUID(), input: JSON.stringify(input) })))
      .executionArn!;

  const ended = (executionArn: string) =>
    eventually(async () => {
      const execution = await sfn.send(new DescribeExecutionCommand({ executionArn }));
      return execution.status === 'RUNNING' ? undefined : execution;
    });

  const announced = (executionArn: string) =>
    eventually(
      async () =>
        (await recorded('event')).find(event => event.detail.executionArn === executionArn)?.detail.status as
          string | undefined,
    );

  test('a step: JSONata in a JSONPath Parallel, waits, variables, results', async () => {
    const arn = await start(outputs.Step, { run: 'r1' });
    const { status, output } = await ended(arn);
    expect(status).toBe('SUCCEEDED');
    const result = (step: string) => ({ step, polls: 2, execution: arn, run: 'r1' });
    expect(JSON.parse(output!)).toEqual({
      run: 'r1',
      results: { one: { result: result('one') }, two: { result: result('two') } },
    });
    expect(await announced(arn)).toBe('SUCCEEDED');
  });

  test('a step that fails: Catch by the name of the error, which the execution ends with', async () => {
    const arn = await start(outputs.Step, { run: 'r2', fail: 'Etl.Data' });
    const { status, error, cause } = await ended(arn);
    expect({ status, error, cause: JSON.parse(cause!) }).toMatchObject({
      status: 'FAILED',
      error: 'Etl.Data',
      cause: { errorType: 'Etl.Data', errorMessage: '{"files":["a"]}' },
    });
    expect(await announced(arn)).toBe('FAILED');
    expect((await recorded('failure')).filter(({ echo }) => echo?.execution === arn)).toHaveLength(1);
  });

  test('Retry by the name of the error; what is not caught ends the execution', async () => {
    const arn = await start(outputs.Step, { run: 'r3', fail: 'Etl.Transient' });
    const { status, error } = await ended(arn);
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'Etl.Transient' });
    expect((await recorded('failure')).filter(({ echo }) => echo?.execution === arn)).toHaveLength(3);
  });

  test("branches do not see one another's variables", async () => {
    const { output } = await ended(await start(outputs.Branches, { run: 'r4' }));
    const [a, b] = JSON.parse(output!);
    expect([a.results.a.result, b.results.b.result]).toMatchObject([
      { step: 'a', polls: 2 },
      { step: 'b', polls: 2 },
    ]);
  });

  test.each([
    ['its time is over', 'TIMED_OUT', async () => undefined],
    [
      'it is stopped',
      'ABORTED',
      (executionArn: string) => sfn.send(new StopExecutionCommand({ executionArn, error: 'Operator' })),
    ],
  ])('an execution ends when %s, and polls no more', async (_, expected, end) => {
    const arn = await start(outputs.Slow, {});
    const polls = async () => (await recorded('call')).filter(event => arn.endsWith(event.polled)).length;
    await eventually(async () => (await polls()) > 1 || undefined);
    await end(arn);
    expect((await ended(arn)).status).toBe(expected);
    expect(await announced(arn)).toBe(expected);
    await sleep(500); // the call under way
    const then = await polls();
    await sleep(1000); // waits take 0.25 s
    expect(await polls()).toBe(then);
    expect((await sfn.send(new DescribeExecutionCommand({ executionArn: arn }))).status).toBe(expected);
  });

  test('a name is taken for good', async () => {
    const request = { stateMachineArn: outputs.Step, name: randomUUID(), input: '{"run":"r5"}' };
    const { executionArn } = await sfn.send(new StartExecutionCommand(request));
    await ended(executionArn!);
    await expect(sfn.send(new StartExecutionCommand(request))).rejects.toMatchObject({
      name: 'ExecutionAlreadyExists',
    });
    await expect(sfn.send(new DescribeExecutionCommand({ executionArn: `${executionArn}x` }))).rejects.toMatchObject({
      name: 'ExecutionDoesNotExist',
    });
  });
});

test('a schedule runs, faster', async () => {
  await eventually(
    async () =>
      (await recorded('event')).filter(event => event['detail-type'] === 'Scheduled Event').length >= 2 || undefined,
  );
});

describe('DynamoDB', () => {
  const id = () => randomUUID();
  const write = (Item: Record<string, unknown>) => dynamo.send(new PutCommand({ TableName: outputs.Table, Item }));
  const read = async (key: string) =>
    (await dynamo.send(new GetCommand({ TableName: outputs.Table, Key: { id: key }, ConsistentRead: true }))).Item;

  test('a transaction that is refused tells which item was there', async () => {
    const [waiting, taken, mine] = [id(), id(), id()];
    await write({ id: waiting, runId: '-' });
    await write({ id: taken, runId: 'other' });
    await write({ id: mine, runId: 'r1' });
    const claim = (key: string) => ({
      Update: {
        TableName: outputs.Table,
        Key: { id: key },
        ConditionExpression: 'runId = :seen',
        UpdateExpression: 'SET runId = :run REMOVE waiting',
        ExpressionAttributeValues: { ':seen': '-', ':run': 'r1' },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
      },
    });
    const refused = await dynamo
      .send(new TransactWriteCommand({ TransactItems: [waiting, taken, mine].map(claim) }))
      .catch(error => error);
    expect(refused).toBeInstanceOf(TransactionCanceledException);
    expect(refused.CancellationReasons.map((reason: any) => [reason.Code, reason.Item?.runId.S])).toEqual([
      ['None', undefined],
      ['ConditionalCheckFailed', 'other'],
      ['ConditionalCheckFailed', 'r1'],
    ]);
    expect((await read(waiting))!.runId).toBe('-');
    await dynamo.send(new TransactWriteCommand({ TransactItems: [claim(waiting)] }));
    expect((await read(waiting))!.runId).toBe('r1');
  });

  test('a set of strings holds so many and no more', async () => {
    const slots = id();
    const change = (expression: string, run: string, condition: string) =>
      dynamo.send(
        new UpdateCommand({
          TableName: outputs.Table,
          Key: { id: slots },
          UpdateExpression: expression,
          ConditionExpression: condition,
          ExpressionAttributeValues: {
            ':set': new Set([run]),
            ...(condition.includes(':max') && { ':max': 2 }),
            ...(condition.includes(':run') && { ':run': run }),
          },
        }),
      );
    const room =
      '(attribute_not_exists(live) OR size(live) < :max) AND (attribute_not_exists(failed) OR size(failed) < :max)';
    const taken = await Promise.allSettled(['a', 'b', 'c', 'd'].map(run => change('ADD live :set', run, room)));
    expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    const [first, second] = [...(await read(slots))!.live];
    await change('DELETE live :set ADD failed :set', first, 'contains(live, :run)');
    await expect(change('DELETE live :set ADD failed :set', first, 'contains(live, :run)')).rejects.toMatchObject({
      name: 'ConditionalCheckFailedException',
    });
    expect(await read(slots)).toEqual({ id: slots, live: new Set([second]), failed: new Set([first]) });
    await change('DELETE live :set REMOVE failed', second, 'contains(live, :run)');
    expect(await read(slots)).toEqual({ id: slots });
  });

  test('an index holds only what has its key, in order', async () => {
    const items = ['2', '3', '1'].map(arrived => ({ id: id(), waiting: 'shard', arrived }));
    await dynamo.send(
      new BatchWriteCommand({
        RequestItems: {
          [outputs.Table]: [...items, { id: id(), arrived: '0' }].map(Item => ({ PutRequest: { Item } })),
        },
      }),
    );
    const waiting = async (Limit?: number) =>
      dynamo.send(
        new QueryCommand({
          TableName: outputs.Table,
          IndexName: 'waiting',
          KeyConditionExpression: 'waiting = :shard',
          ExpressionAttributeValues: { ':shard': 'shard' },
          Limit,
        }),
      );
    expect((await waiting()).Items!.map(item => item.arrived)).toEqual(['1', '2', '3']);
    expect((await waiting(2)).LastEvaluatedKey).toMatchObject({ id: items[0].id });
    await dynamo.send(
      new UpdateCommand({ TableName: outputs.Table, Key: { id: items[0].id }, UpdateExpression: 'REMOVE waiting' }),
    );
    expect((await waiting()).Items!.map(item => item.arrived)).toEqual(['1', '3']);
  });

  test('refuses two items of one key in one batch, and empty keys', async () => {
    const twice = { PutRequest: { Item: { id: id() } } };
    await expect(
      dynamo.send(new BatchWriteCommand({ RequestItems: { [outputs.Table]: [twice, twice] } })),
    ).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(write({ id: '' })).rejects.toMatchObject({ name: 'ValidationException' });
  });
});
