import { existsSync, readdirSync } from 'fs';
import { basename, join } from 'path';
import { awscdk, github, javascript, release } from 'projen';
import { TsJestDiagnostics } from 'projen/lib/typescript';

// What runs in AWS is bundled by esbuild; jsii never compiles it and no consumer can import it.
const RUNTIME = 'src/**/runtime/**/*.ts';

// Typed wider than LambdaFunctionCommonOptions.bundlingOptions, which names only a part of the options;
// projen hands all of them to Bundler.addBundle.
const BUNDLING: Partial<javascript.AddBundleOptions> = {
  externals: [], // the SDK clients too: the versions that were tested are the versions that run
  minify: true,
  keepNames: true, // the names of error classes are what the state machine catches by
  sourcemap: false, // twice the size of the code, and nothing reads them
  format: 'cjs',
  mainFields: ['module', 'main'], // lets esbuild drop unused code: a quarter smaller, half the import time
  watchTask: false,
  tsconfigPath: 'tsconfig.dev.json',
};

/** Options of one bundle. Its contents are told where projenrc/bundles.ts reads them, outside of what is deployed. */
function bundling(entrypoint: string): Partial<javascript.AddBundleOptions> {
  const account = entrypoint.replace(/^src\//, '').replace(/\.ts$/, '.json');
  return {
    ...BUNDLING,
    esbuildArgs: { '--legal-comments': 'linked', [`--metafile=assets/metafiles/${account}`]: true },
  };
}

/**
 * The least that a consumer needs: aws-cdk-lib 2.178.0, of January 2025, is the first with states in JSONata.
 * test/packages/floor.test.ts compiles the library and synthesizes the example with exactly these.
 */
const FLOOR = { cdk: '2.178.0', constructs: '10.0.0' };

/** What the tests and the packages need besides Node.js. */
const BUILD_TOOLS: github.workflows.JobStep[] = [
  { name: 'Java', uses: 'actions/setup-java@v6.0.0', with: { distribution: 'temurin', 'java-version': '17' } },
  { name: 'Python', uses: 'actions/setup-python@v7.0.0', with: { 'python-version': '3.11' } },
  { name: 'Go', uses: 'actions/setup-go@v7.0.0', with: { 'go-version': '1.24', cache: false } },
];

const project = new awscdk.AwsCdkConstructLibrary({
  name: 'cdk-etl-steps',
  description:
    'Event-driven ETL on AWS as CDK constructs: files in S3 become items in DynamoDB (EMR, Hive) and rows in ' +
    'Redshift (Fargate), once each.',
  author: 'cdk-etl-steps maintainers',
  authorAddress: 'maintainers@example.com',
  authorOrganization: true,
  repositoryUrl: 'https://github.com/cdk-etl-steps/cdk-etl-steps.git',
  defaultReleaseBranch: 'main',
  license: 'Apache-2.0',
  keywords: ['aws', 'cdk', 'etl', 's3', 'sqs', 'step-functions', 'emr', 'hive', 'dynamodb', 'fargate', 'redshift'],
  stability: 'experimental',

  packageManager: javascript.NodePackageManager.NPM,
  projenrcTs: true,
  projenVersion: '0.103.25',
  cdkVersion: FLOOR.cdk,
  constructsVersion: FLOOR.constructs,
  peerDependencyOptions: { pinnedDevDependency: false }, // the tests need a newer CDK than consumers do
  jsiiVersion: '~6.0.16',
  typescriptVersion: '~6.0.0', // ts-jest and typescript-eslint cannot use TypeScript 7
  minNodeVersion: '20.16.0',
  workflowNodeVersion: '22.x',

  tsconfigDevFile: 'tsconfig.dev.json',
  tsconfigDev: {
    include: ['src/**/*.ts', 'test/**/*.ts', 'examples/**/*.ts', 'local/**/*.ts', '.projenrc.ts'],
    exclude: ['lib', 'dist', 'assets', 'cdk.out', '.local'],
    compilerOptions: {
      isolatedModules: false, // true would switch type checking across files off
      noEmitOnError: false, // else ts-jest: "Unable to process ..., please make sure that `outDir` ..."
      paths: { 'cdk-etl-steps': ['./src/index.ts'] },
    },
  },
  excludeTypescript: [RUNTIME],

  jestOptions: {
    jestVersion: '^30',
    updateSnapshot: javascript.UpdateSnapshot.NEVER, // a golden file changes only by `npx projen test:update`
    jestConfig: {
      maxWorkers: 3, // on two cores: suites with engines wait more than they work
      moduleNameMapper: { '^cdk-etl-steps$': '<rootDir>/src' },
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/packages/'], // they need the packages: test:packages
      setupFiles: ['<rootDir>/test/setup.ts'],
      coveragePathIgnorePatterns: ['/node_modules/', '-function\\.ts$'],
    },
  },
  // Transpiling only takes 6 s instead of 23 to 147 s; `typecheckTests` checks every type with tsc instead.
  tsJestOptions: {
    transformOptions: { isolatedModules: true, diagnostics: TsJestDiagnostics.custom({ ignoreCodes: [151002] }) },
  },
  typecheckTests: true,

  lambdaAutoDiscover: false, // it would put the generated constructs into runtime/
  bundlerOptions: { esbuildVersion: '0.28.2' },

  deps: [],
  devDeps: [
    // Everything below that is not for tests or for the local demo ends up inside a bundle.
    '@aws-lambda-powertools/logger@^2.35.0',
    // jsii-pacmak writes the installed versions of these two into go.mod, and the newest are not served for Go: those
    // that aws-cdk-lib asks for at least
    '@aws-cdk/asset-node-proxy-agent-v6@2.1.2',
    '@aws-cdk/cloud-assembly-schema@54.11.0',
    '@aws-sdk/client-cloudformation@^3.1163.0',
    '@aws-sdk/client-dynamodb@^3.1163.0',
    // not imported here: a custom resource of the CDK needs it on one machine (local/ministack)
    '@aws-sdk/client-ec2@^3.1163.0',
    '@aws-sdk/client-ecs@^3.1163.0',
    '@aws-sdk/client-emr@^3.1089.0',
    '@aws-sdk/client-emr-serverless@^3.1163.0',
    '@aws-sdk/client-eventbridge@^3.1163.0',
    '@aws-sdk/client-lambda@^3.1163.0',
    '@aws-sdk/client-redshift@^3.1163.0',
    '@aws-sdk/client-redshift-serverless@^3.1163.0',
    '@aws-sdk/client-s3@^3.1163.0',
    '@aws-sdk/client-secrets-manager@^3.1163.0',
    '@aws-sdk/client-sfn@^3.1163.0',
    '@aws-sdk/lib-dynamodb@^3.1162.0',
    '@aws-sdk/util-dynamodb@^3.996.9',
    '@types/aws-lambda@^8.10.164',
    '@types/pg@^8',
    '@viz-js/viz@^3', // draws docs/pipeline.svg
    'ajv@^8',
    'asl-validator@^4',
    'aws-cdk@2.1148.1',
    'aws-cdk-lib@2.263.0', // the newest that npm, PyPI and Maven Central all serve
    'aws-sdk-client-mock@^4',
    'cdk-nag@^3',
    'csv-parse@^7',
    'embedded-postgres@18.4.0-beta.17',
    'fast-check@^4',
    'p-map@^4', // the last release that is CommonJS, which jest needs
    'pg@^8.23.1',
    'tsx@^4',
  ],

  docgen: true,
  docgenFilePath: 'API.md',
  eslint: true,
  prettier: true,
  prettierOptions: {
    settings: {
      printWidth: 120,
      singleQuote: true,
      arrowParens: javascript.ArrowParens.AVOID,
      proseWrap: javascript.ProseWrap.ALWAYS,
    },
    ignoreFileOptions: { ignorePatterns: ['API.md', 'package-lock.json', '.projen/'] },
  },
  eslintOptions: {
    projectService: false, // the project service only looks for files named tsconfig.json
    tsconfigPath: './tsconfig.dev.json',
    dirs: ['src'],
    devdirs: ['test', 'examples', 'local', 'src/**/runtime'],
    ignorePatterns: [
      '*.js',
      '*.d.ts',
      'node_modules/',
      '*.generated.ts',
      'coverage',
      'lib',
      'dist',
      'assets',
      '.local',
    ],
  },
  sampleCode: false,
  npmignoreEnabled: true,

  // ---- GitHub: pull requests are built, and a maintainer starts a release by hand
  github: true,
  githubOptions: { mergify: false, pullRequestLint: false, projenCredentials: github.GithubCredentials.fromApp() },
  // what is generated is committed with its cause
  buildWorkflowOptions: { mutableBuild: false, preBuildSteps: BUILD_TOOLS },
  depsUpgradeOptions: { workflowOptions: { schedule: javascript.UpgradeDependenciesSchedule.WEEKLY } },
  pullRequestTemplateContents: [
    'Closes #',
    '',
    '- [ ] `npx projen build` leaves no difference',
    '- [ ] a test fails without this change',
    '',
  ],
  release: true,
  releaseTrigger: release.ReleaseTrigger.workflowDispatch(),
  majorVersion: 0,
  releaseWorkflowSetupSteps: BUILD_TOOLS,
  npmTrustedPublishing: true, // with provenance

  publishToPypi: { distName: 'cdk-etl-steps', module: 'cdk_etl_steps', trustedPublishing: true, attestations: true },
  publishToMaven: {
    javaPackage: 'io.github.cdketlsteps', // without the hyphens, which Java does not take
    mavenGroupId: 'io.github.cdk-etl-steps', // Maven Central gives it to the owner of the repository
    mavenArtifactId: 'cdk-etl-steps',
  },
  publishToGo: { moduleName: 'github.com/cdk-etl-steps/cdk-etl-steps-go', packageName: 'cdketlsteps' },
});

project.addDevDeps('constructs@10.8.1'); // here: `devDeps` of a peer are taken out again

// 1.13.0 lacks most of its platform packages on the registry, so `npm ci` refuses any lock made with it.
project.package.addPackageResolutions('unrs-resolver@1.12.2');

// Prettier breaks code, but neither comments nor texts.
project.eslint?.addRules({
  'max-len': [
    'error',
    {
      code: 120,
      ignoreUrls: true,
      ignoreRegExpLiterals: true,
      ignoreTemplateLiterals: true,
      ignorePattern: '^ *(\\* \\||/\\* eslint-disable)', // rows of tables
    },
  ],
});
project.eslint?.addOverride({
  files: ['test/**/*.ts'],
  rules: {
    'max-len': [
      'error',
      { code: 120, ignoreUrls: true, ignoreRegExpLiterals: true, ignoreTemplateLiterals: true, ignoreStrings: true },
    ],
  },
});

// ---- constructs and runtime code stay apart
const SHARE = 'Share types and constants through contract.ts.';
const NO_CDK = { group: ['aws-cdk-lib', 'aws-cdk-lib/**', 'constructs'], message: 'Only constructs use the CDK.' };
const NO_SDK = {
  group: ['@aws-sdk/*', '@aws-lambda-powertools/*', '@smithy/*'],
  message: 'Only runtime code calls AWS.',
};
project.eslint?.addRules({
  'import/no-restricted-paths': [
    'error',
    {
      zones: [
        {
          target: './src/!(runtime)/*.ts',
          from: './src/**/runtime/**/*',
          message: `A construct never imports runtime code. ${SHARE}`,
        },
        {
          target: './src/**/runtime/**/*',
          from: './src/!(runtime)/!(contract).ts',
          message: `Runtime code never imports a construct. ${SHARE}`,
        },
        {
          target: './src/*/contract.ts',
          from: './src/*/!(contract).ts',
          message: 'A contract imports other contracts only: both sides load it.',
        },
      ],
    },
  ],
});
project.eslint?.addOverride({
  files: ['src/**/*.ts'],
  excludedFiles: ['src/**/runtime/**'],
  rules: { 'no-restricted-imports': ['error', { patterns: [NO_SDK] }] },
});
project.eslint?.addOverride({
  files: ['src/**/runtime/**/*.ts'],
  rules: { 'no-restricted-imports': ['error', { patterns: [NO_CDK] }] },
});
project.eslint?.addOverride({
  files: ['src/**/contract.ts'],
  rules: { 'no-restricted-imports': ['error', { patterns: [NO_CDK, NO_SDK] }] },
});

// ---- bundles
// Handlers are src/<folder>/runtime/<name>.lambda.ts; the construct generated for each stands beside the construct that
// uses it.
for (const folder of readdirSync('src')) {
  const runtime = join('src', folder, 'runtime');
  if (!existsSync(runtime)) continue;
  for (const file of readdirSync(runtime)
    .filter(name => name.endsWith('.lambda.ts'))
    .sort()) {
    const constructFile = join('src', folder, `${basename(file, '.lambda.ts')}-function.ts`);
    project.eslint?.addIgnorePattern(constructFile); // generated
    new awscdk.LambdaFunction(project, {
      entrypoint: join(runtime, file),
      constructFile,
      cdkDeps: project.cdkDeps,
      runtime: awscdk.LambdaRuntime.NODEJS_22_X,
      awsSdkConnectionReuse: false, // the default of SDK 3
      bundlingOptions: bundling(join(runtime, file)),
    });
  }
}

// The loader is bundled beside its Dockerfile: the two make the container image's build context.
const LOADER = 'src/fargate-redshift-step/runtime/loader';
const bundler = javascript.Bundler.of(project)!;
if (existsSync(LOADER)) {
  const loader = bundler.addBundle(`${LOADER}/main.ts`, {
    ...bundling(`${LOADER}/main.ts`),
    platform: 'node',
    target: 'node22',
  } as javascript.AddBundleOptions);
  loader.bundleTask.execArgs(['cp', `${LOADER}/Dockerfile`, loader.outdir]);
}
bundler.bundleTask.prependExec('rm -rf assets'); // what is no longer bundled is no longer packaged
bundler.bundleTask.exec('tsx projenrc/check-bundles.ts');
bundler.bundleTask.exec('tsx projenrc/third-party-licenses.ts');
project.addGitIgnore('/THIRD-PARTY-LICENSES');
project.addPackageIgnore('!/THIRD-PARTY-LICENSES');
project.addPackageIgnore('/assets/metafiles/');

// assets/ is not committed: a fresh clone's tests need it before anything can be synthesized
project.testTask.prependSpawn(bundler.bundleTask);

// ---- the packages, installed and used in each language: after `npx projen package-all`
project.addTask('test:packages', {
  description: 'Install the built packages in clean folders, and compare the templates that each language makes',
  env: { JEST_JUNIT_OUTPUT_NAME: 'packages.xml' },
  exec: 'jest --ci --coverage=false --runInBand --testPathIgnorePatterns=/node_modules/ -- test/packages',
  receiveArgs: true,
});

// ---- README.md travels with every package
project.compileTask.exec('tsx projenrc/absolute-links.ts');

// ---- snippets of README.md and of doc comments compile
project.postCompileTask.spawn(
  project.addTask('snippets', {
    description: 'Compile every snippet of the documentation',
    exec: 'jsii-rosetta extract --strict .',
  }),
);
project.addGitIgnore('.jsii.tabl.json');
project.addPackageIgnore('!.jsii.tabl.json'); // pacmak translates the snippets from it

// ---- the picture of README.md
project.postCompileTask.exec('tsx projenrc/draw-pipeline.ts');

// ---- the ledger under every fault
project.setScript(
  'faults',
  'projen bundle && tsx --tsconfig tsconfig.dev.json test/file-ledger/simulation/try-every-fault.ts',
);
project.setScript('mutate:ledger', 'tsx --tsconfig tsconfig.dev.json test/file-ledger/simulation/mutate-ledger.ts');

// ---- apps on one machine
// They set themselves up, from nothing. They are no tasks: projen would take arguments apart at their spaces.
project.setScript('demo', 'node local/install.js && tsx --tsconfig tsconfig.dev.json local/demo.ts');
project.setScript('local', 'node local/install.js && tsx --tsconfig tsconfig.dev.json local/run.ts');

// ---- benchmarks
project.setScript('bench:hive', 'tsx --tsconfig tsconfig.dev.json test/bench/hive.ts');
project.setScript('bench:arrivals', 'tsx --tsconfig tsconfig.dev.json test/bench/arrivals.ts');

// ---- how fast the loader is beside the bare statements
project.setScript('bench:load', 'tsx --tsconfig tsconfig.dev.json test/local/bench/load.ts');

for (const pattern of [
  '/examples/',
  '/local/',
  '/test/',
  '/.ci/',
  '/.local/',
  '/projenrc/',
  '/rosetta/',
  '/docs/',
  '/API.md',
  '/CODE_OF_CONDUCT.md',
  '/CONTRIBUTING.md',
  '/SECURITY.md',
  '/.git-blame-ignore-revs',
  '/tsconfig.dev.json',
  'cdk.out/',
]) {
  project.addPackageIgnore(pattern);
}
for (const pattern of ['cdk.out/', '/.local/', '__pycache__/', '.venv/', '/examples/orders-java/target/']) {
  project.gitignore.exclude(pattern);
}

// ---- the API
// The stability is experimental, of which jsii-diff by itself reports changes without failing.
project.tasks
  .tryFind('compat')!
  .reset(`jsii-diff npm:${project.name} --keys --error-on all --ignore-file .compatignore`);
project.buildWorkflow?.addPostBuildSteps({
  name: 'Compare the API with that of the last release',
  run: 'npx projen compat',
});
const releaseTask = project.tasks.tryFind('release')!;
releaseTask.spawn(project.tasks.tryFind('compat')!);
// the subjects of the commits say why: no categories are made of them
releaseTask.exec('tsx projenrc/release-notes.ts dist/changelog.md');

project.synth();
