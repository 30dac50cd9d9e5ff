import { execFile } from 'child_process';
import { createHash } from 'crypto';
import { readFileSync } from 'fs';
import * as path from 'path';
import { promisify } from 'util';
import { PYTHON_COMMANDS } from '../prerequisites';
import { cached, runProcess } from '../processes';

const REQUIREMENTS = path.join(__dirname, 'requirements.txt');

/** MiniStack's own minimum. */
const OLDEST_MINOR = 10;

/**
 * Path of a Python that has MiniStack installed.
 * @param onProgress told what is being done when it takes a while
 */
export function pythonWithMiniStack(onProgress: (text: string) => void = () => {}): Promise<string> {
  return pythonWith('MiniStack', REQUIREMENTS, () =>
    onProgress('MiniStack and what it needs are fetched with pip: 84 MB unpacked, once'),
  );
}

/**
 * Path of a Python that has what a file of requirements lists, and nothing else: in a virtual environment of its own,
 * made the first time.
 * @param onInstall told when it is made
 */
export async function pythonWith(name: string, requirements: string, onInstall = () => {}): Promise<string> {
  const { command, version } = await findPython();
  const hash = createHash('sha256').update(readFileSync(requirements)).update(version).digest('hex').slice(0, 16);
  const folder = await cached(`${name.toLowerCase()}-${hash}`, unfinished => {
    onInstall();
    return install(name, requirements, command, unfinished);
  });
  return path.join(folder, 'bin', 'python');
}

async function install(what: string, requirements: string, command: string, folder: string): Promise<void> {
  const run = (name: string, program: string, args: string[]) =>
    runProcess({ name, command: program, args, logFile: `${folder}.log`, timeoutSeconds: 300 });
  await run(`Making a virtual environment for ${what}`, command, ['-m', 'venv', folder]);
  // --no-deps: the file names every package; one that is missing is to be noticed, not fetched in any version
  const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--no-deps'];
  await run(`Installing ${what}`, path.join(folder, 'bin', 'python'), [...pip, '--requirement', requirements]);
}

async function findPython(): Promise<{ command: string; version: string }> {
  const found: string[] = [];
  for (const command of PYTHON_COMMANDS) {
    const version = await versionOf(command);
    if (version === undefined) continue;
    const [major, minor] = version.split('.').map(Number);
    if (major === 3 && minor >= OLDEST_MINOR) return { command, version };
    found.push(`${command} is ${version}`);
  }
  throw new Error(
    `Python 3.${OLDEST_MINOR} or newer is needed for MiniStack, the local AWS, but ` +
      `${found.join(', ') || 'none is on the PATH'}. ` +
      'Install it, with venv and pip (Debian and Ubuntu: apt-get install python3 python3-venv python3-pip).',
  );
}

/** `undefined` if there is no such command. */
async function versionOf(command: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(command, ['-c', 'import platform; print(platform.python_version())']);
    return stdout.trim();
  } catch {
    return undefined;
  }
}
