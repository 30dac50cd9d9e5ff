// What a machine must have before anything is installed. Plain JavaScript of 2017, which every Node.js that is still
// around can read: it tells an old one what is needed.
const { spawnSync } = require('child_process');
const fs = require('fs');

const NEEDED = { node: '20.16', python: '3.10', java: '17', maven: '3.6' };

// Tried in this order; the first that is new enough is taken.
const PYTHON_COMMANDS = ['python3', 'python', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];

/**
 * Looks for everything that is needed and that is not installed by itself.
 * @param ask what a command says about itself, or undefined where there is no such command or it fails
 * @returns one sentence for each thing that is missing or too old: what was found, what is needed, how to get it
 */
function missingPrerequisites(ask = askCommand, nodeVersion = process.versions.node, platform = process.platform) {
  return [checkPlatform(platform), checkNode(nodeVersion), checkPython(ask), checkJava(ask), checkMaven(ask)].filter(
    problem => problem !== undefined,
  );
}

function checkPlatform(platform) {
  if (platform === 'linux' || platform === 'darwin') return undefined;
  return `Linux or macOS is needed, found ${platform}. On Windows, run it inside WSL.`;
}

function checkNode(version) {
  if (isAtLeast(version, NEEDED.node)) return undefined;
  return (
    `Node.js ${NEEDED.node} or newer is needed, found ${version}. Get it from https://nodejs.org or with your ` +
    'version manager (nvm install 22).'
  );
}

function checkPython(ask) {
  const needed = `Python ${NEEDED.python} or newer is needed (it runs the local AWS)`;
  const get =
    'Get it from https://www.python.org or your package manager (apt install python3 python3-venv, brew install ' +
    'python).';
  const found = [];
  for (const command of PYTHON_COMMANDS) {
    const version = versionAfter('Python ', ask(command, '--version'));
    if (!version) continue;
    if (isAtLeast(version, NEEDED.python)) return checkVenv(ask, command, version);
    found.push(`${command} is ${version}`);
  }
  return found.length > 0
    ? `${needed}, found only: ${found.join(', ')}. ${get}`
    : `${needed}, but there is no command python3. ${get}`;
}

function checkVenv(ask, python, version) {
  // Debian and Ubuntu package venv without ensurepip, and a virtual environment cannot be made without it
  if (ask(python, '-c', 'import ensurepip, venv') !== undefined) return undefined;
  return (
    `Python's venv module is needed, but the Python ${version} found (${python}) lacks it. On Debian and Ubuntu: ` +
    'apt install python3-venv.'
  );
}

function checkJava(ask) {
  const needed = `A Java ${NEEDED.java} JDK is needed (Hive runs on it, and newer ones lack what Hive's Hadoop calls)`;
  const get =
    'Get it from https://adoptium.net or your package manager (apt install openjdk-17-jdk-headless, brew install ' +
    'openjdk@17), and put it first in PATH.';
  const java = versionAfter('version "', ask('java', '-version'));
  if (!java) return `${needed}, but there is no command java. ${get}`;
  if (java.split('.')[0] !== NEEDED.java) return `${needed}, found ${java}. ${get}`;
  if (ask('javac', '-version') === undefined) {
    return `${needed}, but the Java ${java} found has no compiler (javac). ${get}`;
  }
  return undefined;
}

function checkMaven(ask) {
  const needed = `Maven ${NEEDED.maven} or newer is needed (it fetches Hive)`;
  const get = 'Get it from https://maven.apache.org or your package manager (apt install maven, brew install maven).';
  const answer = ask('mvn', '--version');
  if (answer === undefined) return `${needed}, but there is no command mvn that works. ${get}`;
  const version = versionAfter('Apache Maven ', answer);
  if (!version || !isAtLeast(version, NEEDED.maven)) {
    return `${needed}, found ${version || answer.split('\n')[0]}. ${get}`;
  }
  return undefined;
}

/** The version behind its label: commands may print other numbers before it (`Picked up JAVA_TOOL_OPTIONS: -Xmx512m`). */
function versionAfter(label, answer) {
  const found = /^\d+(\.\d+)*/.exec((answer || '').split(label)[1] || '');
  return found ? found[0] : undefined;
}

function isAtLeast(version, needed) {
  const have = version.split('.').map(Number);
  const want = needed.split('.').map(Number);
  for (let index = 0; index < want.length; index++) {
    if ((have[index] || 0) !== want[index]) return (have[index] || 0) > want[index];
  }
  return true;
}

function askCommand(command, ...commandArguments) {
  const { status, stdout, stderr } = spawnSync(command, commandArguments, { encoding: 'utf8', timeout: 60000 });
  // not installed, not executable, or broken: the caller says what is needed; `java -version` answers on stderr
  return status === 0 ? stdout + stderr : undefined;
}

/** One sentence if nothing can be written into the folder. */
function writeProblem(folder) {
  try {
    fs.rmdirSync(fs.mkdtempSync(`${folder}/.local-`));
    return undefined;
  } catch (error) {
    if (error.code === 'ENOSPC')
      return `There is no space left on the disk that has ${folder}. Delete what you do not need.`;
    return (
      `${folder} cannot be written (${error.code}): it is read-only, or belongs to somebody else. Make it writable, ` +
      'or use another checkout.'
    );
  }
}

module.exports = { missingPrerequisites, writeProblem, PYTHON_COMMANDS };
