import type { RunningEnvironment } from './environment';
import { isFinal, type LedgerContent } from './ledger';
import type { Narrator } from './narrator';
import type { Outcome } from './outcome';
import { watchUntil } from './settled';
import type { Watcher } from './watch/watcher';

/** Where to look further, while everything still runs or when it is over. */
export function whereToLook(folder: string, keep: boolean): string {
  const logs = [
    ['ministack.log', 'the local AWS and what the Lambda functions log'],
    ['hive.log', 'Hive'],
    ['containers/', 'what the loader logs, task by task'],
    ['redshift/', "Redshift's stand-in"],
    ['cdk-deploy.log', 'the deployment'],
    ['cdk.out/', 'the templates that were deployed'],
  ];
  return [
    `Where to look further: ${folder} has, until another demo begins,`,
    ...logs.map(([name, what]) => `  ${name.padEnd(15)} ${what}`),
    ...(keep ? [] : ['With --keep everything goes on running, and you can upload more files: npm run demo -- --keep']),
    'The pipeline itself is examples/orders.',
    '',
  ].join('\n');
}

/** What to type in another terminal. */
export function howToUploadMore({ aws, app }: Pick<RunningEnvironment, 'aws' | 'app'>): string {
  const variables = Object.entries(aws)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
  return `Everything goes on running until you press Ctrl-C. To upload more files, type in another terminal, in this folder:
  export ${variables}
  npx tsx local/upload.ts s3://${app.landingBucket}/${app.prefix} FILE…

With these variables the AWS CLI and SDKs use the local AWS, too.
`;
}

/** Tells what happens for ever, and after each run what the targets hold. */
export async function watchOn(
  narrator: Narrator,
  watcher: Pick<Watcher, 'look'>,
  ledger: LedgerContent,
  read: (content: LedgerContent) => Promise<Outcome>,
): Promise<never> {
  for (let known = ledger.runs.length; ;) {
    const { content } = await watchUntil(
      watcher,
      Infinity,
      ({ runs, live, files }) => runs.length > known && live.length === 0 && files.every(isFinal),
    );
    known = content.runs.length;
    const { report, pairs } = await read(content);
    const differing = pairs.filter(pair => pair.differences.length > 0).length;
    const agreement = differing === 0 ? 'they agree' : `${differing} differ`;
    narrator.say(`DynamoDB holds ${report.dynamodb.length} rows, Redshift ${report.redshift.length}: ${agreement}`);
  }
}
