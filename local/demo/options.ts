import * as fs from 'fs';
import * as path from 'path';
import { parseArgs } from 'util';
import { REPOSITORY } from '../processes';

/** What the user asked for on the command line. Paths are absolute. */
export interface RunOptions {
  /** Folder with the app's cdk.json. */
  readonly app: string;
  /** Part of the name of the pipeline's state machine. */
  readonly pipeline?: string;
  /** Folder whose files are uploaded. */
  readonly input?: string;
  /** Files that the report is written to: a page where the name ends with .html, else JSON. */
  readonly reports: string[];
  /** Leave everything running once the files are loaded. */
  readonly keep: boolean;
  readonly help: boolean;
}

/** A command line that cannot be acted on; the message says what is wrong and what would be right. */
export class UsageError extends Error {}

/** A command of package.json that runs an app. */
export interface Command {
  readonly name: 'demo' | 'local';
  readonly usage: string;
  /** The app that it runs. Absent: the command line names it. */
  readonly app?: string;
}

const COMMON = `  --keep         leave everything running afterwards, and say how to upload more; Ctrl-C ends it
  --report FILE  write files, runs and the rows of the targets to FILE: as a page if it ends with .html, else as JSON;
                 may be given twice, to have both
  --help         this text

Exit code: 0 if every file was loaded or rejected and both targets, if both are there, hold the same rows; 1 if not, 2
if an option is wrong.`;

export const DEMO: Command = {
  name: 'demo',
  app: path.join(REPOSITORY, 'examples', 'orders'),
  usage: `Runs the pipeline of examples/orders on this machine: real Hive into DynamoDB, the real loader into Redshift's stand-in.

  npm run demo -- [options]

  --input DIR    load every file of DIR, whose path inside DIR becomes its key below orders/, instead of the samples of
                 local/demo/sample-data
${COMMON}`,
};

export const LOCAL: Command = {
  name: 'local',
  usage: `Runs the pipeline of a CDK app on this machine: real Hive into DynamoDB, the real loader into Redshift's stand-in.

  npm run local -- APP [options]

  APP            folder of the app, with its cdk.json
  --input DIR    load every file of DIR; its path inside DIR becomes its key below the trigger's prefix
  --pipeline NAME  of several pipelines the one whose state machine has NAME in its name
${COMMON}

docs/local.md says what an app must mind.`,
};

/**
 * Reads the command line.
 * @param folder what relative paths are relative to
 * @throws UsageError for an unknown option, or a path that cannot be used
 */
export function parseOptions(command: Command, commandLine: string[], folder: string): RunOptions {
  const { values, positionals } = parse(command, commandLine);
  const { input, report: reports = [], keep = false, pipeline, help } = values;
  if (help) return { app: command.app ?? '', reports: [], keep: false, help: true };
  const app = command.app ?? appFolder(positionals, folder);
  if (command.name === 'local' && input === undefined && !keep) {
    throw new UsageError('Name the files to load with --input DIR, or upload them later: --keep.');
  }
  return {
    app,
    pipeline,
    input: input === undefined ? undefined : existingFolder(path.resolve(folder, input)),
    reports: reports.map(report => writableFile(path.resolve(folder, report))),
    keep,
    help: false,
  };
}

function parse({ name, app }: Command, commandLine: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: commandLine,
      allowPositionals: app === undefined,
      options: {
        input: { type: 'string' },
        report: { type: 'string', multiple: true },
        pipeline: { type: 'string' },
        keep: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    for (const option of ['input', 'report', 'pipeline'] as const) {
      if ([values[option]].flat().includes('')) {
        throw new UsageError(`--${option} needs a ${option === 'pipeline' ? 'name' : 'path'}, got an empty text`);
      }
    }
    if (name === 'demo' && values.pipeline !== undefined) {
      throw new UsageError('--pipeline is for `npm run local`: examples/orders has one pipeline');
    }
    return { values, positionals };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError((error as Error).message.split('\n')[0]); // parseArgs adds advice that does not apply here
  }
}

function appFolder(positionals: string[], folder: string): string {
  if (positionals.length !== 1) {
    const got = positionals.length === 0 ? 'none' : positionals.join(', ');
    throw new UsageError(`npm run local -- APP needs the folder of one app, got ${got}.`);
  }
  const app = path.resolve(folder, positionals[0]);
  if (!fs.statSync(app, { throwIfNoEntry: false })?.isDirectory()) throw new UsageError(`There is no folder ${app}.`);
  if (!fs.existsSync(path.join(app, 'cdk.json'))) {
    throw new UsageError(`${app} has no cdk.json: name the folder in which you would call \`npx cdk deploy\`.`);
  }
  return app;
}

function existingFolder(folder: string): string {
  const found = fs.statSync(folder, { throwIfNoEntry: false });
  if (!found) throw new UsageError(`--input: there is no folder ${folder}`);
  if (!found.isDirectory()) throw new UsageError(`--input needs a folder, but ${folder} is a file`);
  return folder;
}

function writableFile(file: string): string {
  if (fs.statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`--report needs a file, but ${file} is a folder`);
  }
  const parent = path.dirname(file);
  if (!fs.statSync(parent, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`--report: there is no folder ${parent} to write the file into`);
  }
  return file;
}
