import { execFileSync } from 'child_process';
import { readFileSync } from 'fs';
import { join } from 'path';
import { artefact, ARTEFACTS, ROOT } from './clean-folder';

/** Everything that a consumer needs. */
const NEEDED: { readonly [what: string]: RegExp } = {
  manifest: /^package\.json$/,
  'what it is': /^(README|CHANGELOG)\.md$/,
  licenses: /^(LICENSE|THIRD-PARTY-LICENSES)$/,
  'jsii assembly': /^\.jsii(\.gz)?$/,
  'translated snippets': /^\.jsii\.tabl\.json(\.gz)?$/,
  constructs: /^lib\/(?!.*\/runtime\/).*\.(js|d\.ts)$/,
  'functions and loader': /^assets\/[\w/.-]+\/(index\.js|Dockerfile)$/,
  'notices of what is bundled': /^assets\/[\w/.-]+\/index\.js\.LEGAL\.txt$/,
};

const files = execFileSync('tar', ['tzf', artefact(ARTEFACTS.npm, '.tgz')], { encoding: 'utf8' })
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
