import { explain } from './explain';
import { filesOf, sampleFiles, type InputFile } from './input';
import { Lifetime } from './lifetime';
import { Narrator } from './narrator';
import { parseOptions, UsageError, type Command, type RunOptions } from './options';
import { Started } from './started';

const EXIT_USAGE = 2;

/** Runs a command of package.json to its end, and ends the process. */
export function runCommand(command: Command): void {
  // The SDK advises Node.js 22 at every start; local/prerequisites.js says what is needed.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  // npm changes to the package's folder, paths are the user's
  void run(command, process.argv.slice(2), process.env.INIT_CWD ?? process.cwd());
}

async function run(command: Command, commandLine: string[], folder: string): Promise<void> {
  let options: RunOptions;
  let files: InputFile[];
  try {
    options = parseOptions(command, commandLine, folder);
    files = options.input === undefined ? (command.name === 'demo' ? sampleFiles() : []) : filesOf(options.input);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\nnpm run ${command.name} -- --help lists the options.\n`);
    process.exitCode = EXIT_USAGE;
    return;
  }
  if (options.help) {
    process.stdout.write(`${command.usage}\n`);
    return;
  }

  const narrator = new Narrator();
  const started = new Started(message => narrator.say(message));
  const lifetime = new Lifetime(narrator, started);
  try {
    // not before: loading the AWS SDK takes a second, which the user of a wrong option need not wait
    const { demonstrate } = await import('./demonstration.js');
    const good = await demonstrate(options, files, narrator, started, lifetime);
    await lifetime.end(good ? 0 : 1);
  } catch (error) {
    if (error instanceof UsageError) await lifetime.end(EXIT_USAGE, error.message);
    await lifetime.end(1, explain(error));
  }
}
