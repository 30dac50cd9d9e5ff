// Fails the build if a bundle contains the CDK: it would add megabytes and seconds to every cold start.
import { existsSync, readdirSync, readFileSync } from 'fs';
import { join } from 'path';

const FORBIDDEN = /node_modules\/(aws-cdk-lib|constructs)\//;

/** The source files a bundle was made of, as its source map lists them. */
function sourcesOf(map: string): string[] {
  return (JSON.parse(readFileSync(map, 'utf8')) as { sources: string[] }).sources;
}

const folder = process.argv[2] ?? 'assets';
const maps = existsSync(folder)
  ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter(file => file.endsWith('index.js.map'))
      .map(file => join(folder, file))
  : [];
if (maps.length === 0) {
  console.error(`No bundle with a source map below ${folder}/: nothing was checked. Run "npx projen bundle".`);
  process.exit(1);
}
const offenders = maps.flatMap(map =>
  sourcesOf(map)
    .filter(source => FORBIDDEN.test(source))
    .slice(0, 1)
    .map(source => `${map}: ${source}`),
);
if (offenders.length > 0) {
  console.error(
    `Runtime code must not import the CDK. Look for an import of a construct's file below ` +
      `src/**/runtime/:\n${offenders.join('\n')}`,
  );
  process.exit(1);
}
