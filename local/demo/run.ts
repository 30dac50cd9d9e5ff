import { filesOf, sampleFiles, type InputFile } from './input';
import { Lifetime } from './lifetime';
import { Narrator } from './narrator';
import { parseOptions, USAGE, UsageError, type DemoOptions } from './options';
import { missingPrerequisites } from './prerequisites';
import { Started } from './started';

const EXIT_INCOMPLETE_MACHINE = 1;
const EXIT_USAGE = 2;

/**
 * Runs the demo to its end, and ends the process.
 * @param folder what relative paths on the command line are relative to
 */
export async function runDemo(commandLine: string[], folder: string): Promise<void> {
  let options: DemoOptions;
  let files: InputFile[];
  try {
    options = parseOptions(commandLine, folder);
    files = options.input === undefined ? sampleFiles() : filesOf(options.input);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return refuse(EXIT_USAGE, [error.message, 'npm run demo -- --help lists the options.']);
  }
  if (options.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const missing = await missingPrerequisites();
  if (missing.length > 0) return refuse(EXIT_INCOMPLETE_MACHINE, missing);

  // not before: an old Node.js cannot load the AWS SDK, and gets a message instead
  const { demonstrate } = await import('./demonstration.js');
  const narrator = new Narrator();
  const started = new Started(message => narrator.say(message));
  const lifetime = new Lifetime(narrator, started);
  try {
    const good = await demonstrate(options, files, narrator, started, lifetime);
    await lifetime.end(good ? 0 : 1);
  } catch (error) {
    await lifetime.fail(error);
  }
}

function refuse(exitCode: number, lines: string[]): void {
  process.stderr.write(`${lines.join('\n')}\n`);
  process.exitCode = exitCode;
}
