import { mkdirSync } from 'fs';
import { request } from 'http';
import * as path from 'path';
import { installHive, OnProgress } from './installation';
import { freePort, startProcess } from '../processes';

export interface HiveOptions {
  /** Gets Hive's log and its temporary files. */
  readonly runFolder: string;
  /** The local AWS: S3 and DynamoDB. */
  readonly awsEndpoint: string;
  /**
   * Options of its JVM; they win over those it gets anyway.
   * @default - none
   */
  readonly javaOptions?: readonly string[];
  readonly onProgress?: OnProgress;
}

/** What the hive command would have ended with and printed. */
export interface HiveOutcome {
  /** 0 if all went well, 1 for a statement that failed, 2 for a job that failed, 64 for a syntax error. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How far a script has come. */
export interface HiveProgress {
  /** Rows of files that its jobs have read. */
  readonly rowsRead: number;
  /** Items that the connector has written to DynamoDB. */
  readonly rowsWritten: number;
}

export interface RunningHive {
  /** Runs a script as `hive -f` does, after those that were asked for before. */
  run(script: string): Promise<HiveOutcome>;
  /** Of the script that runs, or else of the one that ran last. */
  progress(): Promise<HiveProgress>;
  stop(): Promise<void>;
}

/** Packages of Java that Hive and Hadoop, written for Java 8, look into by reflection. */
const OPENED_PACKAGES = [
  'java.io',
  'java.lang',
  'java.lang.invoke',
  'java.lang.reflect',
  'java.net',
  'java.nio',
  'java.text',
  'java.time',
  'java.util',
  'java.util.concurrent',
  'java.util.concurrent.atomic',
  'sun.nio.ch',
  'sun.nio.cs',
];

/** Starts Hive 3.1.3 with the DynamoDB connector in a JVM of its own. */
export async function startHive({
  runFolder,
  awsEndpoint,
  javaOptions = [],
  onProgress,
}: HiveOptions): Promise<RunningHive> {
  const { jars, launcher } = await installHive(onProgress);
  const work = path.join(runFolder, 'hive');
  mkdirSync(work, { recursive: true });
  const port = await freePort();
  const running = await startProcess({
    name: 'Hive',
    command: 'java',
    args: [
      '-Xmx1g',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1', // short jobs on few cores
      ...javaOptions,
      ...OPENED_PACKAGES.flatMap(name => ['--add-opens', `java.base/${name}=ALL-UNNAMED`]),
      `-Dport=${port}`,
      `-Dhive.work=${work}`,
      `-Daws.endpoint=${awsEndpoint}`,
      `-Djava.io.tmpdir=${work}`,
      `-Dderby.stream.error.file=${path.join(work, 'derby.log')}`,
      '-classpath',
      launcher,
      'HiveLauncher',
      path.join(__dirname, 'conf'),
      jars,
    ],
    cwd: work,
    logFile: path.join(runFolder, 'hive.log'),
    readyWhen: () => listens(port),
  });
  return {
    run: script => run(port, script),
    progress: async () => (await (await fetch(`http://127.0.0.1:${port}/progress`)).json()) as HiveProgress,
    stop: () => running.stop(),
  };
}

function run(port: number, script: string): Promise<HiveOutcome> {
  return new Promise((resolve, reject) => {
    // not fetch(): it gives up after five minutes without an answer
    const call = request({ host: '127.0.0.1', port, path: '/run', method: 'POST' }, response => {
      const chunks: Buffer[] = [];
      response.on('data', chunk => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString('utf8'))));
    });
    call.on('error', error => reject(new Error(`Hive has not answered: ${error.message}. Its log says why.`)));
    call.end(script);
  });
}

async function listens(port: number): Promise<boolean> {
  try {
    await fetch(`http://127.0.0.1:${port}/`);
    return true;
  } catch {
    return false; // not yet
  }
}
