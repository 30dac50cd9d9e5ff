// npm run bench:arrivals: the arrivals function against a bare loop that heads the object and puts one item, with the
// same parallelism.
import { fork } from 'child_process';
import { once } from 'events';
import { existsSync } from 'fs';
import * as path from 'path';
import { parseArgs } from 'util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import pMap from 'p-map';
import { importTimes, median } from './arrivals/import-time';
import { LEDGER_ENV } from '../../src/file-ledger/contract';

const USAGE = `Enters files through the arrivals function as it is deployed, and through the least that could do it, into endpoints that answer at once.

  npm run bench:arrivals                             5,000 files, seven times each
  npm run bench:arrivals -- --files N --repeats N    other numbers
  npm run bench:arrivals -- --goal 0.8               the least ratio of files a second, the default

Exit code: 0 if the ratio reaches the goal, each file took one HeadObject and one PutItem, and importing the function takes at most 1.2 times the
time of its bare clients; 1 if not.`;

const MOST_IMPORT_RATIO = 1.2;
/** An import takes tens of milliseconds: many, for a median that holds on a busy machine. */
const IMPORT_REPEATS = 21;
/** Of the function: PARALLEL_MESSAGES in arrivals.lambda.ts. */
const PARALLEL = 50;
const BUNDLE = path.join(__dirname, '..', '..', 'assets', 's3-queue-trigger', 'runtime', 'arrivals.lambda', 'index.js');

const { values: options } = parseArgs({
  options: {
    files: { type: 'string', default: '5000' },
    repeats: { type: 'string', default: '7' },
    goal: { type: 'string', default: '0.8' },
    help: { type: 'boolean', short: 'h' },
  },
});

async function main(): Promise<number> {
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  if (!existsSync(BUNDLE)) throw new Error(`${BUNDLE} is missing: run "npx projen bundle" first.`);
  const aws = fork(path.join(__dirname, 'arrivals', 'instant-aws.ts'), { execArgv: process.execArgv });
  const [{ port }] = (await once(aws, 'message')) as [{ port: number }];
  const callsSoFar = async (): Promise<Record<string, number>> => {
    aws.send('calls');
    const [{ calls }] = (await once(aws, 'message')) as [{ calls: Record<string, number> }];
    return calls;
  };
  configure(`http://127.0.0.1:${port}`);
  try {
    const files = Number(options.files);
    const keys = Array.from({ length: files }, (_, number) => `in/${number}.csv`);
    const ways = { 'bare loop': bareLoop(), 'arrivals function': arrivalsFunction() };
    const rates: Record<string, number[]> = {};
    const cpu: Record<string, number[]> = {};
    let calls: Record<string, number> = {};
    for (let turn = 0; turn <= Number(options.repeats); turn++) {
      for (const [name, enter] of Object.entries(ways)) {
        await callsSoFar();
        const began = process.hrtime.bigint();
        const cpuBefore = process.cpuUsage();
        await enter(keys);
        const seconds = Number(process.hrtime.bigint() - began) / 1e9;
        const used = process.cpuUsage(cpuBefore);
        calls = await callsSoFar();
        if (turn === 0) continue; // warms up
        (rates[name] ??= []).push(files / seconds);
        (cpu[name] ??= []).push((used.user + used.system) / files);
      }
    }
    return report(rates, cpu, calls, files);
  } finally {
    aws.disconnect();
  }
}

function report(
  rates: Record<string, number[]>,
  cpu: Record<string, number[]>,
  calls: Record<string, number>,
  files: number,
): number {
  for (const name of Object.keys(rates)) {
    console.log(
      `${name.padEnd(18)} ${median(rates[name]).toFixed(0).padStart(6)} files a second, ` +
        `${median(cpu[name]).toFixed(0)} microseconds of CPU a file`,
    );
  }
  const ratio = median(rates['arrivals function']) / median(rates['bare loop']);
  console.log(`ratio: ${ratio.toFixed(2)} (at least ${options.goal})`);
  console.log(
    `calls of the function for ${files} files: ${Object.entries(calls)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ')}`,
  );
  const { bundle, bareClients } = importTimes(BUNDLE, IMPORT_REPEATS);
  const importRatio = bundle / bareClients;
  console.log(
    `import: ${bundle.toFixed(0)} ms, its bare clients ${bareClients.toFixed(0)} ms; ratio ` +
      `${importRatio.toFixed(2)} (at most ${MOST_IMPORT_RATIO})`,
  );
  const onceEach = calls['HEAD object'] === files && calls.PutItem === files;
  return ratio >= Number(options.goal) && onceEach && importRatio <= MOST_IMPORT_RATIO ? 0 : 1;
}

function configure(endpoint: string): void {
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    POWERTOOLS_LOG_LEVEL: 'SILENT', // both sides would write the same lines
    [LEDGER_ENV.table]: 'ledger',
    [LEDGER_ENV.workBucket]: 'work',
    [LEDGER_ENV.stateMachine]: 'arn:aws:states:us-east-1:111122223333:stateMachine:load',
    [LEDGER_ENV.maxFiles]: '10000',
    [LEDGER_ENV.maxExecutions]: '1',
    [LEDGER_ENV.maxAttempts]: '3',
    [LEDGER_ENV.pauseAfter]: '16',
  });
}

/** As large as the function's, so that both write the same. */
const ITEM = {
  id: '0'.repeat(64),
  bucket: 'landing',
  versionId: 'v1',
  contentType: 'text/csv',
  status: 'PENDING',
  runId: '-',
  limit: 0,
  waiting: 0,
  arrived: `2026-03-01T10:00:00.000Z#${'0'.repeat(32)}#${'0'.repeat(64)}`,
};

type Enter = (keys: string[]) => Promise<unknown>;

function bareLoop(): Enter {
  const s3 = new S3Client({ forcePathStyle: true });
  const dynamo = DynamoDBDocumentClient.from(new DynamoDBClient({}));
  return keys =>
    pMap(
      keys,
      async Key => {
        const head = await s3.send(new HeadObjectCommand({ Bucket: 'landing', Key, VersionId: 'v1' }));
        await dynamo.send(
          new PutCommand({
            TableName: 'ledger',
            Item: { ...ITEM, key: Key, etag: head.ETag, size: head.ContentLength },
          }),
        );
      },
      { concurrency: PARALLEL },
    );
}

function arrivalsFunction(): Enter {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { handler } = require(BUNDLE) as {
    handler(event: SQSEvent, context: { getRemainingTimeInMillis(): number }): Promise<SQSBatchResponse>;
  };
  return async keys => {
    const Records = keys.map((key, index) => ({ messageId: String(index), body: eventOf(key) }));
    const { batchItemFailures } = await handler({ Records } as SQSEvent, { getRemainingTimeInMillis: () => 180_000 });
    if (batchItemFailures.length > 0) throw new Error(`${batchItemFailures.length} of ${keys.length} messages failed`);
  };
}

function eventOf(key: string): string {
  return JSON.stringify({
    Records: [
      {
        eventName: 'ObjectCreated:Put',
        eventTime: '2026-03-01T10:00:00.000Z',
        s3: {
          bucket: { name: 'landing' },
          object: { key, size: 100, eTag: '0123456789abcdef', versionId: 'v1', sequencer: '0055AED6DCD90281E5' },
        },
      },
    ],
  });
}

main().then(
  code => {
    process.exitCode = code;
  },
  error => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
