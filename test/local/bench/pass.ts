import { readFileSync } from 'fs';
import { isMainThread } from 'worker_threads';
import { ORDERS, TARGETS } from './orders';
import type { LoaderInput } from '../../../src/fargate-redshift-step/contract';
import { prepareSources } from '../../../src/fargate-redshift-step/runtime/loader/scan/copy-sources';
import { serveParts, startRunner } from '../../../src/fargate-redshift-step/runtime/loader/scan/threads';

// The pass over the bytes as a program of its own: arguments are the number of threads, and a file of JSON with the
// staged files.

async function main(): Promise<void> {
  const [threads, files] = [Number(process.argv[2]), JSON.parse(readFileSync(process.argv[3], 'utf8'))];
  const work = { workBucket: 'work', dataset: ORDERS, rejectedRowsFolder: 'rejected/' };
  const input = { ...work, runId: 'bench', stepId: 'bench', maxRejectedRows: 0 } as unknown as LoaderInput;
  const runner = startRunner({ ...work, targets: TARGETS, rowsFolder: 'rows/' }, threads, () => undefined);
  const read = () => prepareSources(input, files, runner, threads, () => undefined);
  await read(); // threads have started, and code is compiled
  const started = Date.now();
  const cpu = process.cpuUsage();
  const { rows } = await read();
  const { user, system } = process.cpuUsage(cpu);
  // not maxRSS, which a process inherits from the one that starts it
  const peak = Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
  process.stdout.write(
    JSON.stringify({ rows, seconds: (Date.now() - started) / 1000, cpuSeconds: (user + system) / 1e6, peakMiB: peak }),
  );
  await runner.close();
}

if (isMainThread) void main();
else serveParts();
