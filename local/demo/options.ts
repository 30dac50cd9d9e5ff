import * as fs from 'fs';
import * as path from 'path';
import { parseArgs } from 'util';

/** What the user asked for on the command line. Paths are absolute. */
export interface DemoOptions {
  /** Folder whose files are uploaded instead of the samples. */
  readonly input?: string;
  /** File that the JSON report is written to. */
  readonly report?: string;
  /** Leave everything running once the files are loaded. */
  readonly keep: boolean;
  readonly help: boolean;
}

/** A command line that the demo cannot act on; the message says what is wrong and what would be right. */
export class UsageError extends Error {}

export const USAGE = `Runs the orders pipeline of examples/orders on this machine: real Hive into DynamoDB, the real loader into Redshift's stand-in.

  npm run demo                        with the samples of local/demo/sample-data
  npm run demo -- --input DIR         with every file of DIR instead; its path inside DIR becomes its key below orders/
  npm run demo -- --keep              leave everything running afterwards, and say how to upload more; Ctrl-C ends it
  npm run demo -- --report FILE       write files, runs and the rows of both targets to FILE as JSON
  npm run demo -- --help              this text

Exit code: 0 if every file was loaded or rejected and both targets hold the same rows, 1 if not, 2 if an option is wrong.`;

/**
 * Reads the command line.
 * @param folder what relative paths are relative to
 * @throws UsageError for an unknown option, or a path that cannot be used
 */
export function parseOptions(commandLine: string[], folder: string): DemoOptions {
  const { input, report, keep, help } = parse(commandLine);
  if (help) return { keep: false, help: true };
  return {
    input: input === undefined ? undefined : existingFolder(path.resolve(folder, input)),
    report: report === undefined ? undefined : writableFile(path.resolve(folder, report)),
    keep: keep ?? false,
    help: false,
  };
}

function parse(commandLine: string[]): { input?: string; report?: string; keep?: boolean; help?: boolean } {
  try {
    const { values } = parseArgs({
      args: commandLine,
      options: {
        input: { type: 'string' },
        report: { type: 'string' },
        keep: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    for (const name of ['input', 'report'] as const) {
      if (values[name] === '') throw new UsageError(`--${name} needs a path, got an empty text`);
    }
    return values;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError((error as Error).message.split('\n')[0]); // parseArgs adds advice that does not apply here
  }
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
