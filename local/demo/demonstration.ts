import * as fs from 'fs';
import { startEnvironment } from './environment';
import { DUPLICATED_EVENT_KEY, type InputFile } from './input';
import { howToGoOn, watchOn, whereToLook } from './keep';
import { readLedger, type LedgerContent } from './ledger';
import type { Lifetime } from './lifetime';
import type { Narrator } from './narrator';
import { DEMO, type RunOptions } from './options';
import { outcomeOf, outcomeText, type Outcome } from './outcome';
import { reportPage } from './page';
import type { Pipeline } from './pipeline';
import { Queue } from './queue';
import { rejectedRows } from './rejected-rows';
import type { Started } from './started';
import { tellStory, type StoryEnd } from './story';
import { readTargets } from './targets';
import { Watcher } from './watch/watcher';

/** Width of the tables where the output is no terminal. */
const DEFAULT_WIDTH = 120;

/**
 * Starts everything, loads the files and shows what came of them. With --keep it goes on until a signal ends the
 * process.
 * @returns whether every file was loaded or rejected and the targets agree
 */
export async function demonstrate(
  options: RunOptions,
  files: InputFile[],
  narrator: Narrator,
  started: Started,
  lifetime: Lifetime,
): Promise<boolean> {
  const environment = await startEnvironment(options, narrator, started);
  const { app, aws, clients, redshift } = environment;
  const pipeline: Pipeline = {
    app,
    clients,
    query: redshift.query,
    narrator,
    queue: new Queue(aws.AWS_ENDPOINT_URL, app.queueName),
    watcher: new Watcher(narrator, clients, environment, app),
  };
  const isSamples = options.app === DEMO.app && options.input === undefined;

  const { ledger, stuck } = await load(pipeline, files, isSamples);
  const outcome = await readOutcome(pipeline, ledger, stuck);
  const kept = await rejectedRows(clients.s3, ledger);
  if (files.length > 0) narrator.show(outcomeText(app, outcome, kept, process.stdout.columns ?? DEFAULT_WIDTH));
  narrator.show(whereToLook(environment.folder, options));
  for (const file of options.reports) {
    const content = { app, ledger, outcome, executions: pipeline.watcher.records, rejectedRows: kept };
    const isPage = /\.html?$/i.test(file);
    fs.writeFileSync(file, isPage ? reportPage(content) : `${JSON.stringify(outcome.report, undefined, 2)}\n`);
    narrator.say(`report written to ${file}`);
  }
  if (options.keep) {
    lifetime.waitForSignal(outcome.good ? 0 : 1);
    narrator.show(howToGoOn(environment));
    await watchOn(pipeline, ledger, content => readOutcome(pipeline, content));
  }
  return outcome.good;
}

async function load(pipeline: Pipeline, files: InputFile[], isSamples: boolean): Promise<StoryEnd> {
  if (files.length > 0) return tellStory(pipeline, files, isSamples ? DUPLICATED_EVENT_KEY : undefined);
  return { ledger: await readLedger(pipeline.clients.documents, pipeline.app.ledgerTable), stuck: [] };
}

async function readOutcome(
  { app, clients, query, watcher }: Pipeline,
  ledger: LedgerContent,
  stuck: string[] = [],
): Promise<Outcome> {
  return outcomeOf(app, ledger, await readTargets(clients, query, app), watcher.records, stuck);
}
