import { readdirSync, readFileSync } from 'fs';
import { dirname, join } from 'path';
// the project's configuration is in eslintrc form, which only this class reads
import { ESLint, Linter } from 'eslint';

const { LegacyESLint } = jest.requireActual<{ LegacyESLint: typeof ESLint }>('eslint/use-at-your-own-risk');
const root = join(__dirname, '..');
const BOUNDARY_RULES = ['import/no-restricted-paths', 'no-restricted-imports'];

/** Without types, which take half a minute: rules that need them are off. */
const WITHOUT_TYPES: Linter.LegacyConfig = {
  parserOptions: { project: null },
  rules: { '@typescript-eslint/no-floating-promises': 'off', '@typescript-eslint/return-await': 'off' },
};

/** What the boundary rules say of a line of code, were it in that file. */
async function lint(file: string, code: string): Promise<string[]> {
  const [result] = await new LegacyESLint({ cwd: root, overrideConfig: WITHOUT_TYPES } as ESLint.Options).lintText(
    `${code}\n`,
    { filePath: join(root, file) },
  );
  return result.messages
    .filter((message: Linter.LintMessage) => BOUNDARY_RULES.includes(message.ruleId ?? ''))
    .map(message => message.message);
}

describe('constructs and runtime code stay apart', () => {
  test.each([
    [
      'a construct imports runtime code',
      'src/s3-queue-trigger/s3-queue-trigger.ts',
      "import '../runtime/environment';",
    ],
    ['a construct imports an SDK client', 'src/s3-queue-trigger/s3-queue-trigger.ts', "import '@aws-sdk/client-s3';"],
    ['runtime code imports the CDK', 'src/etl-pipeline/runtime/stage-files.lambda.ts', "import 'aws-cdk-lib';"],
    [
      'runtime code imports a CDK module',
      'src/etl-pipeline/runtime/stage-files.lambda.ts',
      "import 'aws-cdk-lib/aws-s3';",
    ],
    [
      'runtime code imports its construct',
      'src/etl-pipeline/runtime/stage-files.lambda.ts',
      "import '../etl-pipeline';",
    ],
    [
      'runtime code imports another construct',
      'src/etl-pipeline/runtime/stage-files.lambda.ts',
      "import '../../dataset/column';",
    ],
    ['a contract imports the CDK', 'src/dataset/contract.ts', "import 'constructs';"],
    ['a contract imports a construct', 'src/dataset/contract.ts', "import './column';"],
  ])('refused: %s', async (_, file, code) => {
    expect(await lint(file, code)).not.toEqual([]);
  });

  test.each([
    ['a construct imports a contract', 'src/etl-pipeline/etl-pipeline.ts', "import '../etl-step/contract';"],
    ['runtime code imports its contract', 'src/etl-pipeline/runtime/stage-files.lambda.ts', "import '../contract';"],
    [
      'runtime code imports what all runtime code shares',
      'src/etl-pipeline/runtime/stage-files.lambda.ts',
      "import '../../runtime/environment';",
    ],
    ['a contract imports a contract', 'src/etl-pipeline/contract.ts', "import '../etl-step/contract';"],
  ])('allowed: %s', async (_, file, code) => {
    expect(await lint(file, code)).toEqual([]);
  });
});

test('consumers need nothing but aws-cdk-lib and constructs', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(manifest.dependencies).toBeUndefined();
  expect(Object.keys(manifest.peerDependencies).sort()).toEqual(['aws-cdk-lib', 'constructs']);
});

test('index.ts exports name by name', () => {
  expect(readFileSync(join(root, 'src/index.ts'), 'utf8')).not.toMatch(/export \*/);
});

test('no file of src imports itself by a detour', () => {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(file =>
    file.endsWith('.ts'),
  );
  const imports = new Map(files.map(file => [file, importsOf(file)]));
  const circles = files.filter(file => reachable(imports, imports.get(file)!).has(file));
  expect(circles).toEqual([]);
  expect(imports.get('etl-pipeline/etl-pipeline.ts')).toContain('dataset/dataset.ts'); // they were read
});

/** The files of src that a file imports, types too. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(root, 'src', file), 'utf8');
  return [...text.matchAll(/^(?:import|export)[^;]*? from '(\.[^']*)'/gm)].map(
    ([, path]) => `${join(dirname(file), path)}.ts`,
  );
}

function reachable(imports: Map<string, string[]>, from: string[]): Set<string> {
  const found = new Set<string>();
  for (const queue = [...from]; queue.length > 0;) {
    const file = queue.pop()!;
    if (found.has(file)) continue;
    found.add(file);
    queue.push(...(imports.get(file) ?? []));
  }
  return found;
}
