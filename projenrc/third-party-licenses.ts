// Writes THIRD-PARTY-LICENSES: the notice of every package of which something is in a bundle, as its license asks.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'fs';
import { dirname, join } from 'path';
import { readBundles } from './bundles';

const HEADER =
  'The functions and the loader of cdk-etl-steps contain code of the following packages.\n' +
  'Each stands here with its license and the notices that come with it.\n';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly author?: string | { readonly name: string };
}

/** The folder of the package that a file belongs to: the nearest manifest that has a name and a version. */
function packageFolder(file: string): string {
  for (let folder = dirname(file); folder.includes('node_modules/'); folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && readManifest(folder).version) return folder;
  }
  throw new Error(`${file} belongs to no package: no package.json above it has a version.`);
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** License, notice and copyright files of a package; a package without any is named with its license and its author. */
function notices(folder: string): string {
  const files = readdirSync(folder)
    .filter(file => /^(licen[cs]e|notice|copying|copyright)([.-]|$)/i.test(file))
    .sort();
  if (files.length > 0) return files.map(file => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n');
  const { name, license, author } = readManifest(folder);
  if (!license) throw new Error(`The package ${name} has neither a license file nor a license in its package.json.`);
  const holder = typeof author === 'object' ? author.name : author;
  return `License: ${license}${holder ? `\nAuthor: ${holder}` : ''}`;
}

const inputs = readBundles()
  .flatMap(bundle => bundle.inputs)
  .filter(input => input.includes('node_modules/'));
const packagesByNotice = new Map<string, string[]>();
for (const folder of [...new Set(inputs.map(packageFolder))].sort()) {
  const { name, version, license } = readManifest(folder);
  const text = notices(folder);
  packagesByNotice.set(text, [...(packagesByNotice.get(text) ?? []), `${name} ${version} (${license ?? 'see below'})`]);
}
const line = '-'.repeat(80);
const sections = [...packagesByNotice].map(([text, packages]) => `${line}\n${packages.join('\n')}\n\n${text}\n`);
writeFileSync('THIRD-PARTY-LICENSES', [HEADER, ...sections].join('\n'));
