import { execFileSync } from 'child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';

export const ROOT = join(__dirname, '../..');
const DIST = join(ROOT, 'dist');

/** What `npx projen package-all` has built. */
export const ARTEFACTS = {
  npm: join(DIST, 'js'),
  python: join(DIST, 'python'),
  java: join(DIST, 'java'),
  go: join(DIST, 'go/cdketlsteps'),
};

const MANIFEST = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
export const VERSION: string = MANIFEST.version;

/** What the library is developed with: every language gets these. */
export const NEWEST = versions(MANIFEST.devDependencies);
/** The oldest that a consumer may have. */
export const FLOOR = versions(MANIFEST.peerDependencies);

function versions(dependencies: { [name: string]: string }): { readonly cdk: string; readonly constructs: string } {
  const least = (name: string) => dependencies[name].replace(/^\^/, '');
  return { cdk: least('aws-cdk-lib'), constructs: least('constructs') };
}

/** The one file of that kind among the artefacts. */
export function artefact(folder: string, ending: string): string {
  const found = readdirSync(folder).filter(file => file.endsWith(ending));
  if (found.length !== 1) {
    throw new Error(`${folder} must hold one file *${ending}, got ${found.length}. Run "npx projen package-all".`);
  }
  return join(folder, found[0]);
}

/** A folder outside of the repository, with a copy of an example in it. */
export class CleanFolder {
  public readonly path = mkdtempSync(join(tmpdir(), 'consumer-'));

  constructor(example: string) {
    cpSync(join(ROOT, 'examples', example), this.path, { recursive: true });
  }

  /** Runs a program here; what it writes is shown when it fails. */
  public run(command: string, args: string[], environment: { [name: string]: string } = {}): string {
    try {
      const env = { ...process.env, JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION: '1', ...environment };
      return execFileSync(command, args, { cwd: this.path, encoding: 'utf8', stdio: 'pipe', env, maxBuffer: 2 ** 26 });
    } catch (error) {
      const { stdout, stderr } = error as { stdout?: string; stderr?: string };
      throw new Error(`${command} ${args.join(' ')} failed:\n${stdout ?? ''}\n${stderr ?? String(error)}`);
    }
  }

  /** The templates that an app writes here, as the CLI calls it: with the context of its cdk.json, and the own step. */
  public synthesize(command: string, args: string[]): { readonly [stack: string]: Template } {
    const { context } = JSON.parse(readFileSync(join(this.path, 'cdk.json'), 'utf8'));
    this.run(command, args, {
      CDK_OUTDIR: join(this.path, 'cdk.out'),
      CDK_CONTEXT_JSON: JSON.stringify({ ...context, announceRuns: 'true' }),
    });
    const template = (stack: string) =>
      JSON.parse(readFileSync(join(this.path, 'cdk.out', `${stack}.template.json`), 'utf8')) as Template;
    return { foundation: template('OrdersFoundation'), pipeline: template('OrdersPipeline') };
  }

  public remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export interface Template {
  readonly Resources: { readonly [id: string]: { readonly Type: string; readonly DeletionPolicy?: string } };
}

/** The example in TypeScript, with the library as npm installs it. */
export function installedFromNpm({ cdk, constructs }: typeof NEWEST): CleanFolder {
  const folder = new CleanFolder('orders');
  const library = artefact(ARTEFACTS.npm, '.tgz');
  const packages = [library, `aws-cdk-lib@${cdk}`, `constructs@${constructs}`];
  folder.run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--prefer-offline', ...packages]);
  return folder;
}

/** Runs the example's app.ts with the packages that are installed beside it. */
export function synthesizeTypeScript(folder: CleanFolder): ReturnType<CleanFolder['synthesize']> {
  return folder.synthesize(process.execPath, [join(ROOT, 'node_modules/tsx/dist/cli.mjs'), 'app.ts']);
}
