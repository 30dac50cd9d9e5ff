import { foreignFormat } from './foreign-format';
import { gunzipStart, isGzip } from './gzip';
import { headerProblem } from './header';
import type { DatasetDefinition } from '../../dataset/contract';

/** How much of a file is looked at, before and after decompression. */
export const FIRST_BLOCK_BYTES = 64 * 1024;

export interface Inspection {
  readonly gzip: boolean;
  /** Why the file cannot be loaded, for a person to read. */
  readonly problem?: string;
}

/** Tells from a file's first bytes whether it can be loaded. `whole`: they are all it has. */
export async function inspectFirstBlock(
  block: Buffer,
  whole: boolean,
  dataset: DatasetDefinition,
): Promise<Inspection> {
  if (!isGzip(block)) return { gzip: false, problem: textProblem(block, whole, dataset) };
  const start = await gunzipStart(block, whole, FIRST_BLOCK_BYTES);
  if (start.problem) return { gzip: true, problem: `is not a readable gzip file: ${start.problem}` };
  return {
    gzip: true,
    problem: isGzip(start.bytes) ? 'is compressed with gzip twice' : textProblem(start.bytes, start.whole, dataset),
  };
}

function textProblem(text: Buffer, whole: boolean, dataset: DatasetDefinition): string | undefined {
  const foreign = foreignFormat(text);
  if (foreign) {
    return (
      `is ${foreign}, but the files of dataset '${dataset.name}' must be CSV in UTF-8, plain or compressed with ` +
      'gzip'
    );
  }
  return dataset.format.header ? headerProblem(text, whole, dataset) : undefined;
}
