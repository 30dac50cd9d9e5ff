import * as path from 'path';
import type { S3Client } from '@aws-sdk/client-s3';
import { targetName } from './deployed';
import { WAREHOUSE_DATABASE, WAREHOUSE_LOGIN } from './engines';
import type { RunningEnvironment } from './environment';
import { isFinal, type LedgerContent } from './ledger';
import type { Narrator } from './narrator';
import type { RunOptions } from './options';
import { agreement, type Outcome } from './outcome';
import { rejectedRows } from './rejected-rows';
import { watchUntil } from './settled';
import { titleOf } from './targets';
import { REPOSITORY } from '../processes';
import type { Watcher } from './watch/watcher';

/** Where to look further, while everything still runs or when it is over. */
export function whereToLook(folder: string, { keep, app }: Pick<RunOptions, 'keep' | 'app'>): string {
  const logs = [
    ['ministack.log', 'the local AWS and what the Lambda functions log'],
    ['hive.log', 'Hive'],
    ['containers/', 'what the loader logs, task by task'],
    ['redshift/', "Redshift's stand-in"],
    ['cdk-deploy.log', 'the deployment'],
    ['cdk.out/', 'the templates that were deployed'],
  ];
  return [
    `Where to look further: ${folder} has, until another run begins,`,
    ...logs.map(([name, what]) => `  ${name.padEnd(15)} ${what}`),
    ...(keep ? [] : ['With --keep everything goes on running, and you can upload more files.']),
    `The pipeline itself is ${path.relative(REPOSITORY, app)}.`,
    '',
  ].join('\n');
}

/** What to type in another terminal, and what things are called. */
export function howToGoOn({
  aws,
  app,
  redshift,
}: Pick<RunningEnvironment, 'aws' | 'app'> & {
  readonly redshift: Pick<RunningEnvironment['redshift'], 'host' | 'port' | 'caFile'>;
}): string {
  const { username, password } = WAREHOUSE_LOGIN;
  const variables = Object.entries({
    ...aws,
    // as psql and every other client of PostgreSQL's own library take them
    PGHOST: redshift.host,
    PGPORT: String(redshift.port),
    PGDATABASE: WAREHOUSE_DATABASE,
    PGUSER: username,
    PGPASSWORD: password,
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: redshift.caFile,
  })
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
  const warehouseTables = app.steps.flatMap(({ target }) =>
    target?.engine === 'Redshift' ? [targetName(target)] : [],
  );
  const names = [
    ['landing bucket', `${app.landingBucket}, below ${app.prefix || 'any prefix'}`],
    ['ledger table', app.ledgerTable],
    ['work bucket', app.workBucket],
    ['state machine', app.stateMachineArn],
    ...app.steps.flatMap(({ stepId, target }) => (target ? [[stepId, titleOf({ target })]] : [])),
  ];
  return [
    'Everything goes on running until you press Ctrl-C. To upload more files, type in another terminal, in this ' +
      'folder:',
    `  export ${variables}`,
    `  npx tsx local/upload.ts s3://${app.landingBucket}/${app.prefix} FILE…`,
    ...warehouseTables.map(table => `  npx tsx local/query.ts 'SELECT * FROM ${table}'`),
    '',
    'With these variables the AWS CLI, SDKs and psql use what runs here, too:',
    ...names.map(([what, name]) => `  ${what.padEnd(15)} ${name}`),
    '',
  ].join('\n');
}

/** Tells what happens for ever, and after each run what was rejected and what the targets hold. */
export async function watchOn(
  {
    narrator,
    watcher,
    clients,
  }: {
    readonly narrator: Narrator;
    readonly watcher: Pick<Watcher, 'look'>;
    readonly clients: { readonly s3: S3Client };
  },
  ledger: LedgerContent,
  read: (content: LedgerContent) => Promise<Outcome>,
): Promise<never> {
  let known = new Set(ledger.runs.map(({ id }) => id));
  for (;;) {
    const { content } = await watchUntil(
      watcher,
      Infinity,
      ({ runs, live, files }) => runs.length > known.size && live.length === 0 && files.every(isFinal),
    );
    const newRuns = content.runs.filter(({ id }) => !known.has(id));
    known = new Set(content.runs.map(({ id }) => id));
    for (const line of await rejectedRows(clients.s3, { ...content, runs: newRuns })) narrator.say(line);
    const { targets, comparison } = await read(content);
    for (const target of targets) {
      narrator.say(`${titleOf(target)} ${target.problem ?? `holds ${target.rows.length} rows`}`);
    }
    if (comparison !== undefined) narrator.say(`Do the targets agree? ${agreement(comparison).join('\n')}`);
  }
}
