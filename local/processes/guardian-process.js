// Ends what a process started with startProcess() once that process is gone, however it went: SIGKILL runs no handler,
// so somebody else has to notice. Plain JavaScript, because it must start at once and outlive everything.
//
// Its standard input is a pipe from its parent. Each line tells of one process group ("+<pgid>" started, "-<pgid>"
// ended); the end of the pipe says that the parent is gone. Its first argument is the name of the environment variable
// that marks the parent's processes: some leave their process group (PostgreSQL's backends, anything detached), but all
// inherit the environment.
'use strict';

const fs = require('node:fs');

const GRACE_MILLISECONDS = 3000;
const marker = process.argv[2];
const groups = new Set();

let unfinished = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', text => {
  const lines = (unfinished + text).split('\n');
  unfinished = lines.pop();
  for (const line of lines) {
    const group = Number(line.slice(1));
    if (line.startsWith('+')) groups.add(group);
    else groups.delete(group);
  }
});
process.stdin.on('close', () => {
  void endAll();
});

// The terminal's Ctrl-C and a closing session are for the parent. The guardian stays until its work is done.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});

async function endAll() {
  signalAll('SIGTERM');
  await until(() => !someoneIsLeft());
  // Again and again: a process may start another one while it is being killed. Not for ever: the dead stay in their
  // group until somebody asks for their exit code, and the first process of a container may never do so.
  await until(() => !signalAll('SIGKILL'));
  process.exit(0);
}

async function until(condition) {
  for (const deadline = Date.now() + GRACE_MILLISECONDS; !condition() && Date.now() < deadline;) await sleep(50);
}

function signalAll(signal) {
  const targets = [...[...groups].map(group => -group), ...markedProcesses()];
  return targets.filter(target => send(target, signal)).length > 0; // filter, not some: everybody gets it
}

function someoneIsLeft() {
  return [...groups].some(group => send(-group, 0)) || markedProcesses().length > 0;
}

function send(target, signal) {
  try {
    process.kill(target, signal);
    return true;
  } catch (error) {
    // gone, or the number belongs to somebody else by now
    if (error.code === 'ESRCH' || error.code === 'EPERM') return false;
    throw error;
  }
}

/** Processes whose environment holds the marker. Where there is no /proc (macOS), process groups have to do. */
function markedProcesses() {
  if (!fs.existsSync('/proc/self/environ')) return [];
  return fs
    .readdirSync('/proc')
    .filter(name => /^[0-9]+$/.test(name))
    .map(Number)
    .filter(pid => pid !== process.pid && isMarked(pid));
}

function isMarked(pid) {
  try {
    return `\0${fs.readFileSync(`/proc/${pid}/environ`, 'latin1')}`.includes(`\0${marker}=`);
  } catch {
    return false; // ended meanwhile, or somebody else's
  }
}

function sleep(milliseconds) {
  return new Promise(resolve => setTimeout(resolve, milliseconds));
}
