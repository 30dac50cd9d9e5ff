import { createHash } from 'crypto';
import { cpSync, readdirSync, readFileSync } from 'fs';
import * as path from 'path';
import { cached, REPOSITORY, runProcess } from '../../../local/processes';

const EXAMPLE = path.join(REPOSITORY, 'examples', 'redshift-loader-java');

/** Builds the example with Maven, once for each state of its sources; returns the build context of its image. */
export async function buildJavaLoader(): Promise<string> {
  const sources = filesOf(EXAMPLE);
  const hash = createHash('sha256');
  for (const file of sources) hash.update(path.relative(EXAMPLE, file)).update(readFileSync(file));
  const folder = await cached(`redshift-loader-java-${hash.digest('hex').slice(0, 16)}`, async unfinished => {
    for (const file of sources) cpSync(file, path.join(unfinished, path.relative(EXAMPLE, file)));
    await runProcess({
      name: 'Maven, which builds examples/redshift-loader-java,',
      command: 'mvn',
      args: ['--batch-mode', '--no-transfer-progress', '--file', path.join(unfinished, 'pom.xml'), 'package'],
      logFile: path.join(unfinished, 'maven.log'),
      timeoutSeconds: 600,
    });
  });
  return path.join(folder, 'target', 'image');
}

/** What Maven builds from; not what it has built there before. */
function filesOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile())
    .map(entry => path.join(entry.parentPath, entry.name))
    .filter(file => !file.startsWith(path.join(folder, 'target')))
    .sort();
}
