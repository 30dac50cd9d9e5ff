import { existsSync, readdirSync, readFileSync } from 'fs';
import { join } from 'path';

/** What esbuild says of a bundle. */
export interface Bundle {
  /** Where it says so. */
  readonly metafile: string;
  /** The source files that the bundle is made of; those of which nothing is left are not among them. */
  readonly inputs: string[];
}

interface Metafile {
  readonly outputs: { [file: string]: { readonly inputs: { [file: string]: { readonly bytesInOutput: number } } } };
}

/**
 * The bundles as they were built.
 *
 * @throws Error if there are none: a check of nothing must not pass
 */
export function readBundles(folder = 'assets/metafiles'): Bundle[] {
  const metafiles = existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter(file => file.endsWith('.json'))
        .sort()
    : [];
  if (metafiles.length === 0) {
    throw new Error(`No account of a bundle below ${folder}/: nothing was checked. Run "npx projen bundle".`);
  }
  return metafiles.map(file => {
    const metafile = join(folder, file);
    const { outputs } = JSON.parse(readFileSync(metafile, 'utf8')) as Metafile;
    const inputs = Object.values(outputs).flatMap(output =>
      Object.entries(output.inputs)
        .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
        .map(([input]) => input),
    );
    return { metafile, inputs };
  });
}
