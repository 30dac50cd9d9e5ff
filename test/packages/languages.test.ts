import { readFileSync, rmSync, writeFileSync } from 'fs';
import { homedir } from 'os';
import { join } from 'path';
import { pathToFileURL } from 'url';
import {
  artefact,
  ARTEFACTS,
  CleanFolder,
  installedFromNpm,
  NEWEST,
  ROOT,
  synthesizeTypeScript,
  type Template,
  VERSION,
} from './clean-folder';

jest.setTimeout(20 * 60_000); // registries are asked, and compilers run

const folders: CleanFolder[] = [];
afterAll(() => folders.forEach(folder => folder.remove()));

function keep(folder: CleanFolder): CleanFolder {
  folders.push(folder);
  return folder;
}

let typescript: { readonly [stack: string]: Template };
beforeAll(() => {
  typescript = synthesizeTypeScript(keep(installedFromNpm(NEWEST)));
});

test('the pipeline in TypeScript has a step of its own', () => {
  expect(Object.values(typescript.pipeline.Resources).filter(({ Type }) => Type === 'AWS::SNS::Topic')).toHaveLength(1);
});

test('Python from the wheel makes the template that TypeScript makes', () => {
  const folder = keep(new CleanFolder('orders-python'));
  folder.run('python3', ['-m', 'venv', '.venv']);
  const python = join(folder.path, '.venv/bin/python');
  const packages = [
    `aws-cdk-lib==${NEWEST.cdk}`,
    `constructs==${NEWEST.constructs}`,
    artefact(ARTEFACTS.python, '.whl'),
  ];
  folder.run(python, ['-m', 'pip', 'install', '--quiet', ...packages]);
  expect(folder.synthesize(python, ['app.py'])).toEqual(typescript);
});

test('Java from the jar makes the template that TypeScript makes', () => {
  const folder = keep(new CleanFolder('orders-java'));
  // Maven keeps what it has once taken, and never asks again for that version
  rmSync(join(homedir(), '.m2/repository/io/github/cdk-etl-steps'), { recursive: true, force: true });
  writeFileSync(join(folder.path, 'settings.xml'), mavenSettings(ARTEFACTS.java));
  const options = ['--quiet', '--batch-mode', '--settings', 'settings.xml'];
  const library = [`-Detl.steps.version=${VERSION}`, `-Dcdk.version=${NEWEST.cdk}`];
  expect(folder.synthesize('mvn', [...options, ...library, 'compile', 'exec:java'])).toEqual(typescript);
});

test('Go from the module makes the template that TypeScript makes', () => {
  const folder = keep(new CleanFolder('orders-go'));
  const module = 'github.com/cdk-etl-steps/cdk-etl-steps-go/cdketlsteps';
  folder.run('go', ['mod', 'edit', `-replace=${module}=${ARTEFACTS.go}`]);
  folder.run('go', ['mod', 'tidy']);
  folder.run('go', ['vet', '.']);
  expect(folder.synthesize('go', ['run', '.'])).toEqual(typescript);
});

test('the example has the same feature flags in every language', () => {
  const context = (example: string) =>
    JSON.parse(readFileSync(join(ROOT, 'examples', example, 'cdk.json'), 'utf8')).context;
  for (const example of ['orders-python', 'orders-java', 'orders-go']) {
    expect(context(example)).toEqual(context('orders'));
  }
});

/** Lets Maven take the library from a folder. */
function mavenSettings(folder: string): string {
  return `<settings><profiles><profile><id>built</id><repositories><repository>
    <id>built</id><url>${pathToFileURL(folder).href}</url>
  </repository></repositories></profile></profiles><activeProfiles><activeProfile>built</activeProfile></activeProfiles></settings>`;
}
