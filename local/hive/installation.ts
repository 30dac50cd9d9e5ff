import { createHash } from 'crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'fs';
import * as path from 'path';
import { cached, runProcess } from '../processes';

const POM = path.join(__dirname, 'pom.xml');
const LAUNCHER = path.join(__dirname, 'launcher');
const BRIDGE = path.join(__dirname, 'bridge');
const DEPENDENCY_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1';

/** Told what is being done when it takes a while. */
export type OnProgress = (text: string) => void;

export interface HiveInstallation {
  /** Folder of Hive, Hadoop, the connector and all they need. */
  readonly jars: string;
  readonly launcher: string;
}

/** Hive with the DynamoDB connector: fetched with Maven and compiled once, then found in the cache. */
export async function installHive(onProgress: OnProgress = () => {}): Promise<HiveInstallation> {
  const inputs = [POM, __filename, ...filesOf(LAUNCHER), ...filesOf(BRIDGE)];
  const hash = createHash('sha256');
  for (const file of inputs) hash.update(path.relative(__dirname, file)).update(readFileSync(file));
  const folder = await cached(`hive-${hash.digest('hex').slice(0, 16)}`, async unfinished => {
    onProgress('Hive and its DynamoDB connector are fetched with Maven: 128 MB, once');
    await fetchJars(unfinished);
    onProgress('The bridge between Hive 3.1.3, its DynamoDB connector and Java 17 is compiled');
    await compile(unfinished);
  });
  return { jars: path.join(folder, 'jars'), launcher: path.join(folder, 'launcher') };
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile())
    .map(entry => path.join(entry.parentPath, entry.name))
    .sort();
}

async function fetchJars(folder: string): Promise<void> {
  await runProcess({
    name: 'Maven, which fetches Hive,',
    command: 'mvn',
    args: [
      '--batch-mode',
      '--no-transfer-progress',
      '--file',
      POM,
      `${DEPENDENCY_PLUGIN}:copy-dependencies`,
      `-DoutputDirectory=${path.join(folder, 'jars')}`,
    ],
    logFile: path.join(folder, 'maven.log'),
    timeoutSeconds: 600,
  });
}

async function compile(folder: string): Promise<void> {
  const jars = path.join(folder, 'jars');
  const classes = path.join(folder, 'bridge-classes');
  const logFile = path.join(folder, 'compiler.log');
  const sources = (sourceFolder: string) => filesOf(sourceFolder).filter(file => file.endsWith('.java'));
  const javac = async (args: string[]) =>
    runProcess({ name: 'The Java compiler', command: 'javac', args, logFile, timeoutSeconds: 120 });
  await javac(['-d', path.join(folder, 'launcher'), ...sources(LAUNCHER)]);
  await javac(['-nowarn', '-proc:none', '-classpath', path.join(jars, '*'), '-d', classes, ...sources(BRIDGE)]);
  // its nested class is what is needed
  rmSync(path.join(classes, 'org/apache/hadoop/hive/ql/exec/SerializationUtilities.class'));
  // where the AWS SDK looks for handlers to call
  const handlers = 'com/amazonaws/services/dynamodbv2/request.handler2s';
  mkdirSync(path.dirname(path.join(classes, handlers)), { recursive: true });
  cpSync(path.join(BRIDGE, handlers), path.join(classes, handlers));
  await runProcess({
    name: 'The jar command',
    command: 'jar',
    args: ['--create', '--file', path.join(jars, '00-bridge.jar'), '-C', classes, '.'],
    logFile,
    timeoutSeconds: 60,
  });
}
