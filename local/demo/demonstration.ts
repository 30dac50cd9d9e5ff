import * as fs from 'fs';
import { createClients } from './clients';
import { startEnvironment } from './environment';
import { DUPLICATED_EVENT_KEY, type InputFile } from './input';
import { howToUploadMore, watchOn, whereToLook } from './keep';
import type { LedgerContent } from './ledger';
import type { Lifetime } from './lifetime';
import type { Narrator } from './narrator';
import type { DemoOptions } from './options';
import { outcomeOf, outcomeText, type Outcome } from './outcome';
import type { Pipeline } from './pipeline';
import { Queue } from './queue';
import { rejectedRows } from './rejected-rows';
import type { Started } from './started';
import { tellStory } from './story';
import { readDynamoDbTable, readRedshiftTable } from './tables';
import { Watcher } from './watch/watcher';

/** Width of the tables where the output is no terminal. */
const DEFAULT_WIDTH = 120;

/**
 * Starts everything, loads the files and shows what came of them. With --keep it goes on until a signal ends the
 * process.
 * @returns whether every file was loaded or rejected and the targets agree
 */
export async function demonstrate(
  options: DemoOptions,
  files: InputFile[],
  narrator: Narrator,
  started: Started,
  lifetime: Lifetime,
): Promise<boolean> {
  const environment = await startEnvironment(narrator, started);
  const { app, aws, query, hive } = environment;
  const clients = createClients(aws);
  const pipeline: Pipeline = {
    app,
    clients,
    query,
    narrator,
    queue: new Queue(aws.AWS_ENDPOINT_URL, app.queueUrl),
    watcher: new Watcher(narrator, clients, hive, app),
  };

  const { ledger, stuck } = await tellStory(
    pipeline,
    files,
    options.input === undefined ? DUPLICATED_EVENT_KEY : undefined,
  );
  const outcome = await readOutcome(pipeline, ledger);
  const good = outcome.good && stuck.length === 0;
  narrator.show(
    outcomeText(app, outcome, await rejectedRows(clients.s3, ledger), process.stdout.columns ?? DEFAULT_WIDTH),
  );
  narrator.show(whereToLook(environment.folder, options.keep));
  if (options.report !== undefined) {
    fs.writeFileSync(options.report, `${JSON.stringify(outcome.report, undefined, 2)}\n`);
    narrator.say(`report written to ${options.report}`);
  }
  if (options.keep) {
    lifetime.waitForSignal(good ? 0 : 1);
    narrator.show(howToUploadMore(environment));
    await watchOn(narrator, pipeline.watcher, ledger, content => readOutcome(pipeline, content));
  }
  return good;
}

async function readOutcome({ app, clients, query }: Pipeline, ledger: LedgerContent): Promise<Outcome> {
  return outcomeOf(
    app.dataset,
    ledger,
    await readDynamoDbTable(clients.dynamodb, app.dynamoDbTable, app.dataset),
    await readRedshiftTable(query, app.schema, app.table, app.dataset),
  );
}
