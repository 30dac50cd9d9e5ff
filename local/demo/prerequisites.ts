import { execFile } from 'child_process';
import { promisify } from 'util';
import { PYTHON_COMMANDS } from '../ministack/python';

/** What a command says about itself, or undefined where there is no such command or it fails. */
export type Ask = (command: string, ...commandArguments: string[]) => Promise<string | undefined>;

const NEEDED = { node: '20.16', python: '3.10', java: '17', maven: '3.6' };

/**
 * Looks for everything that the demo needs and does not install itself.
 * @returns one sentence for each thing that is missing or too old: what was found, what is needed, how to get it
 */
export async function missingPrerequisites(
  ask: Ask = askCommand,
  nodeVersion = process.versions.node,
  platform: string = process.platform,
): Promise<string[]> {
  const problems = await Promise.all([
    checkPlatform(platform),
    checkNode(nodeVersion),
    checkPython(ask),
    checkJava(ask),
    checkMaven(ask),
  ]);
  return problems.filter(problem => problem !== undefined);
}

function checkPlatform(platform: string): string | undefined {
  if (platform === 'linux' || platform === 'darwin') return undefined;
  return `Linux or macOS is needed, found ${platform}. On Windows, run the demo inside WSL.`;
}

function checkNode(version: string): string | undefined {
  if (isAtLeast(version, NEEDED.node)) return undefined;
  return (
    `Node.js ${NEEDED.node} or newer is needed, found ${version}. Get it from https://nodejs.org or with your ` +
    'version manager (nvm install 22).'
  );
}

async function checkPython(ask: Ask): Promise<string | undefined> {
  const needed = `Python ${NEEDED.python} or newer is needed (it runs the local AWS)`;
  const get =
    'Get it from https://www.python.org or your package manager (apt install python3 python3-venv, brew install ' +
    'python).';
  const found: string[] = [];
  for (const command of PYTHON_COMMANDS) {
    const version = versionAfter('Python ', await ask(command, '--version'));
    if (!version) continue;
    if (isAtLeast(version, NEEDED.python)) return checkVenv(ask, command, version);
    found.push(`${command} is ${version}`);
  }
  return found.length > 0
    ? `${needed}, found only: ${found.join(', ')}. ${get}`
    : `${needed}, but there is no command python3. ${get}`;
}

async function checkVenv(ask: Ask, python: string, version: string): Promise<string | undefined> {
  // Debian and Ubuntu package venv without ensurepip, and a virtual environment cannot be made without it
  if ((await ask(python, '-c', 'import ensurepip, venv')) !== undefined) return undefined;
  return (
    `Python's venv module is needed, but the Python ${version} found (${python}) lacks it. On Debian and Ubuntu: ` +
    'apt install python3-venv.'
  );
}

async function checkJava(ask: Ask): Promise<string | undefined> {
  const needed = `A Java ${NEEDED.java} JDK is needed (Hive runs on it, and newer ones lack what Hive's Hadoop calls)`;
  const get =
    'Get it from https://adoptium.net or your package manager (apt install openjdk-17-jdk-headless, brew install ' +
    'openjdk@17), and put it first in PATH.';
  const java = versionAfter('version "', await ask('java', '-version'));
  if (!java) return `${needed}, but there is no command java. ${get}`;
  if (major(java) !== NEEDED.java) return `${needed}, found ${java}. ${get}`;
  if ((await ask('javac', '-version')) === undefined) {
    return `${needed}, but the Java ${java} found has no compiler (javac). ${get}`;
  }
  return undefined;
}

async function checkMaven(ask: Ask): Promise<string | undefined> {
  const needed = `Maven ${NEEDED.maven} or newer is needed (it fetches Hive)`;
  const get = 'Get it from https://maven.apache.org or your package manager (apt install maven, brew install maven).';
  const answer = await ask('mvn', '--version');
  if (answer === undefined) return `${needed}, but there is no command mvn that works. ${get}`;
  const version = versionAfter('Apache Maven ', answer);
  if (!version || !isAtLeast(version, NEEDED.maven)) {
    return `${needed}, found ${version ?? answer.split('\n')[0]}. ${get}`;
  }
  return undefined;
}

/**
 * The version behind its label: commands may print other numbers before it (`Picked up JAVA_TOOL_OPTIONS: -Xmx512m`).
 */
function versionAfter(label: string, answer: string | undefined): string | undefined {
  return answer?.split(label)[1]?.match(/^\d+(\.\d+)*/)?.[0];
}

function major(version: string): string {
  return version.split('.')[0];
}

function isAtLeast(version: string, needed: string): boolean {
  const [have, want] = [version, needed].map(text => text.split('.').map(Number));
  for (const [index, part] of want.entries()) {
    if ((have[index] ?? 0) !== part) return (have[index] ?? 0) > part;
  }
  return true;
}

async function askCommand(command: string, ...commandArguments: string[]): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, commandArguments, { timeout: 60_000 });
    return stdout + stderr; // `java -version` answers on stderr
  } catch {
    return undefined; // not installed, not executable, or broken: the caller says what is needed
  }
}
