import { writeFileSync } from 'fs';
import { join } from 'path';
import {
  type CleanFolder,
  FLOOR,
  installedFromNpm,
  NEWEST,
  ROOT,
  synthesizeTypeScript,
  type Template,
} from './clean-folder';

jest.setTimeout(20 * 60_000); // a registry is asked, and a compiler runs

let floor: CleanFolder;
let newest: CleanFolder;
beforeAll(() => {
  floor = installedFromNpm(FLOOR);
  newest = installedFromNpm(NEWEST);
});
afterAll(() => {
  floor.remove();
  newest.remove();
});

test('the oldest CDK of the peer dependencies is the one that is installed', () => {
  const installed = floor.run(process.execPath, ['-p', 'require("aws-cdk-lib/package.json").version']);
  expect(installed.trim()).toBe(FLOOR.cdk);
});

test('the library uses no type and no member that the oldest CDK does not have', () => {
  const modules = join(floor.path, 'node_modules');
  const config = {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: {
      noEmit: true,
      types: ['node'],
      typeRoots: [join(ROOT, 'node_modules/@types')],
      paths: {
        'aws-cdk-lib': [join(modules, 'aws-cdk-lib')],
        'aws-cdk-lib/*': [join(modules, 'aws-cdk-lib/*')],
        constructs: [join(modules, 'constructs')],
      },
    },
    include: [join(ROOT, 'src/**/*.ts')],
    exclude: [join(ROOT, 'src/**/runtime/**')],
  };
  writeFileSync(join(floor.path, 'tsconfig.json'), JSON.stringify(config));
  floor.run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '--project', 'tsconfig.json']);
});

test('the example has the same resources with the oldest CDK, and as much of it stays when it is deleted', () => {
  expect(deletionPolicies(synthesizeTypeScript(floor))).toEqual(deletionPolicies(synthesizeTypeScript(newest)));
});

/** What the CDK makes by itself for the notifications of a bucket, and has changed since. */
const OF_THE_CDK = /^(BucketNotificationsHandler|LandingNotifications)/;

/** Type and deletion policy of every resource of the pipeline's stack, by logical id without what code changes. */
function deletionPolicies({ pipeline }: { readonly [stack: string]: Template }): string[] {
  return Object.entries(pipeline.Resources)
    .filter(([id]) => !OF_THE_CDK.test(id))
    .map(
      ([id, { Type, DeletionPolicy }]) =>
        `${id.replace(/(CurrentVersion[0-9A-F]{8})\w+/, '$1')} ${Type} ${DeletionPolicy}`,
    )
    .sort();
}
