// Installs the project's dependencies where that has not been done: `npm run demo` is to work in a fresh clone.
// Plain JavaScript, because there is nothing yet that could run TypeScript.
const { spawnSync } = require('node:child_process');
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..');
// npm writes this file last
if (!existsSync(join(root, 'node_modules', '.package-lock.json'))) {
  console.log('installing the dependencies (npm ci) …');
  const { status, error } = spawnSync('npm', ['ci'], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (error)
    console.error(`npm could not be started: ${error.message}. Install Node.js 20.16 or newer, which brings it.`);
  process.exitCode = status ?? 1;
}
