// Looks whether the machine has what is needed, and installs the project's dependencies where that has not been done:
// `npm run demo` is to work in a fresh clone. Plain JavaScript, because there is nothing yet that could run TypeScript,
// and of 2017, so that an old Node.js says what is needed before npm has fetched anything.
const { spawnSync } = require('child_process');
const { existsSync } = require('fs');
const { join } = require('path');
const { missingPrerequisites, writeProblem } = require('./prerequisites');

const root = join(__dirname, '..');

function main() {
  const problems = missingPrerequisites().concat(writeProblem(root) || []);
  if (problems.length > 0) {
    console.error(problems.join('\n'));
    return 1;
  }
  // npm writes this file last
  if (existsSync(join(root, 'node_modules', '.package-lock.json'))) return 0;
  console.log('installing the dependencies (npm ci): about 600 MB, once, which takes a few minutes …');
  const { status, error } = spawnSync('npm', ['ci'], { cwd: root, stdio: 'inherit' });
  if (error) console.error(`npm could not be started: ${error.message}. It comes with Node.js: https://nodejs.org.`);
  return status === null ? 1 : status;
}

process.exitCode = main();
