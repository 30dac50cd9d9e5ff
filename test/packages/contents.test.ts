import { execFileSync } from 'child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { artefact, ARTEFACTS, ROOT } from './clean-folder';

const JSII_DIFF = join(ROOT, 'node_modules/jsii-diff/bin/jsii-diff');

/** Everything that a consumer needs. */
const NEEDED: { readonly [what: string]: RegExp } = {
  manifest: /^package\.json$/,
  'what it is': /^(README|CHANGELOG)\.md$/,
  licenses: /^(LICENSE|THIRD-PARTY-LICENSES)$/,
  'jsii assembly': /^\.jsii(\.gz)?$/,
  'translated snippets': /^\.jsii\.tabl\.json(\.gz)?$/,
  'loader documents': /^schemas\/[\w/.-]+\.schema\.json$/,
  constructs: /^lib\/(?!.*\/runtime\/).*\.(js|d\.ts)$/,
  'functions and loader': /^assets\/[\w/.-]+\/(index\.js|Dockerfile)$/,
  'notices of what is bundled': /^assets\/[\w/.-]+\/index\.js\.LEGAL\.txt$/,
};

const tarball = artefact(ARTEFACTS.npm, '.tgz');
const files = execFileSync('tar', ['tzf', tarball], { encoding: 'utf8' })
  .trim()
  .split('\n')
  .map(file => file.replace(/^package\//, ''));

test('the npm package holds what a consumer needs', () => {
  const missing = Object.entries(NEEDED).filter(([, pattern]) => !files.some(file => pattern.test(file)));
  expect(missing.map(([what]) => what)).toEqual([]);
});

test('the npm package holds nothing else', () => {
  expect(files.filter(file => !Object.values(NEEDED).some(pattern => pattern.test(file)))).toEqual([]);
});

test('every package of which something is bundled is named with its license', () => {
  const notices = readFileSync(join(ROOT, 'THIRD-PARTY-LICENSES'), 'utf8');
  for (const name of ['@aws-sdk/client-s3', '@aws-lambda-powertools/logger', '@smithy/core', 'pg']) {
    expect(notices).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+`, 'm'));
  }
  expect(notices).toContain('Brian Carlson'); // of pg: MIT asks for the copyright line
});

test('links of the README lead to the repository wherever it is shown', () => {
  const assembly = execFileSync('tar', ['xzOf', tarball, 'package/.jsii'], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  const readme: string = JSON.parse(assembly).readme.markdown;
  const links = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link);
  expect(links.filter(link => !/^(https:\/\/|#)/.test(link))).toEqual([]);
  expect(links).toContain('https://github.com/cdk-etl-steps/cdk-etl-steps/blob/main/docs/operate.md');
});

test('a change of the API that breaks a consumer fails', () => {
  const { tasks } = JSON.parse(readFileSync(join(ROOT, '.projen/tasks.json'), 'utf8'));
  const options = tasks.compat.steps[0].exec.split(' ').slice(2);
  const folder = mkdtempSync(join(tmpdir(), 'api-'));
  execFileSync('tar', ['xzf', tarball, '-C', folder]);
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const file = join(folder, 'package/.jsii');
  const released = JSON.parse(readFileSync(file, 'utf8'));
  released.types['cdk-etl-steps.EtlPipeline'].properties.push({
    ...released.types['cdk-etl-steps.EtlPipeline'].properties[0],
    name: 'removed',
  });
  writeFileSync(file, JSON.stringify(released));
  const compare = () =>
    execFileSync(process.execPath, [JSII_DIFF, join(folder, 'package'), ROOT, ...options], { stdio: 'pipe' });
  expect(compare).toThrow(/REMOVED|removed/);
  rmSync(folder, { recursive: true });
});
